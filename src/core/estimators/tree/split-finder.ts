/**
 * The best split of a node, from its histogram: the kernel's for numbers under no special rules; sets of categories,
 * L1, directions, and an exact limit on the rows of a side where the hessians cannot prove it (splits.ts).
 */
import { binsPerFeature, missingBin } from '../../../kernels/boosting.ts'
import type { BoostingKernels } from '../../../kernels/boosting.ts'
import { runHere } from '../../../kernels/crew.ts'
import type { Call } from '../../../kernels/crew.ts'
import type { Rng } from '../../math/rng.ts'
import type { Bins, CategoryBins } from './bins.ts'
import { fewRows, nodesAtOnce } from './grower-layout.ts'
import type { GrowerLayout } from './grower-layout.ts'
import type { GrowOptions } from './grower.ts'
import { bestCategorySplit, bestNumberSplit } from './splits.ts'
import type { BinSplit, HistogramView, NodeSums, SplitRules } from './splits.ts'

/** A node that is looked at. */
export interface Searched {
  readonly start: number
  readonly sums: NodeSums
  /** What its own best value lowers. */
  readonly own: number
  /** Groups of features that may still meet in it; undefined where all may. */
  readonly groups: readonly Uint8Array[] | undefined
}
/** A search that has its features. */
export interface Search {
  readonly node: Searched
  /** Where its histogram begins, in bytes. */
  readonly histogram: number
  /** Its place among those of the same time. */
  readonly place: number
  readonly minScore: number
  readonly looked: (feature: number) => boolean
}

/** A split must beat its node by more than rounding. */
const minRelativeGain = 1e-10
const featureBytes = binsPerFeature * 8
const foundBytes = 64

export class SplitFinder {
  readonly #kernels: BoostingKernels
  readonly #at: GrowerLayout
  readonly #rows: number
  readonly #bins: readonly Bins[]
  readonly #options: GrowOptions
  readonly #u8: Uint8Array
  readonly #u32: Uint32Array
  readonly #i32: Int32Array
  readonly #f64: Float64Array
  readonly #categorical: readonly number[]
  readonly #baseModes: Uint8Array
  /** Features that the tree may use. */
  #treeFeatures: readonly number[]

  /** @param rows of the layout's columns */
  constructor(kernels: BoostingKernels, at: GrowerLayout, rows: number, bins: readonly Bins[], options: GrowOptions) {
    this.#kernels = kernels
    this.#at = at
    this.#rows = rows
    this.#bins = bins
    this.#options = options
    this.#u8 = new Uint8Array(kernels.buffer)
    this.#u32 = new Uint32Array(kernels.buffer)
    this.#i32 = new Int32Array(kernels.buffer)
    this.#f64 = new Float64Array(kernels.buffer)
    this.#categorical = bins.flatMap((entry, feature) => (entry.kind === 'categorical' ? [feature] : []))
    this.#treeFeatures = Array.from(bins.keys())
    this.#baseModes = Uint8Array.from(bins, (entry) => (entry.kind === 'categorical' ? 0 : entry.missing ? 2 : 1))
    bins.forEach((entry, feature) => (this.#u8[at.lastBins + feature] = entry.kind === 'numeric' ? entry.thresholds.length : Math.max(0, entry.bins - 1)))
  }

  /** Draws the features of a tree. */
  beginTree(rng: Rng): void {
    const features = this.#bins.length
    const wanted = Math.max(1, Math.round((this.#options.featuresPerTree ?? 1) * features))
    if (wanted < features) this.#treeFeatures = drawOf(Array.from(this.#bins.keys()), wanted, rng).sort((a, b) => a - b)
  }

  /** Draws the features of a node. @param place below twice the nodes of a time. @returns undefined where no split can help */
  prepare(node: Searched, histogram: number, place: number, rules: SplitRules, rng: Rng): Search | undefined {
    if (!(node.sums.h + rules.lambda > 0)) return undefined
    const minScore = node.own + minRelativeGain * Math.abs(node.own)
    return { node, histogram, place, minScore, looked: this.#features(rng, node.groups, this.#modesAt(place)) }
  }

  /** The kernel's call for features [from, to), where it knows the rules. */
  calls({ node, histogram, place, minScore }: Search, rules: SplitRules, from: number, to: number, range: number, ranges: number): readonly Call[] {
    if (this.#hasRules(rules)) return []
    const { lastBins, found } = this.#at
    return [['search', histogram + from * featureBytes, to - from, lastBins + from, this.#modesAt(place) + from, node.sums.g, node.sums.h, rules.lambda, rules.minH, minScore, found + (place * ranges + range) * foundBytes]]
  }

  /** The best splits, after the calls have run. @param rowHessian the largest that a row can have */
  settle(searches: readonly Search[], rules: SplitRules, rowHessian: number, ranges: number): (BinSplit | undefined)[] {
    const best = searches.map((search) => {
      const view = this.#viewOf(search)
      const numeric = this.#hasRules(rules) ? this.#searchUnderRules(search, view, rules) : this.#foundAt(search.place, ranges)
      return this.#withCategories(numeric, search, view, rules)
    })
    // Where the hessians cannot prove that both sides have rows enough, they are counted.
    const doubtful = searches.flatMap((search, i) => {
      const split = best[i]
      return split && Math.min(split.h, search.node.sums.h - split.h) < rules.minRows * rowHessian ? [{ search, split, i }] : []
    })
    for (let from = 0; from < doubtful.length; from += nodesAtOnce) {
      const some = doubtful.slice(from, from + nodesAtOnce)
      const lefts = this.#run(some.map(({ search, split }, k) => [this.#countLeft(search.node, split, k)]), some)
      const tooSmall = some.filter(({ search }, k) => Math.min(lefts[k] as number, search.node.sums.rows - (lefts[k] as number)) < rules.minRows)
      this.#run(tooSmall.map(({ search }, k) => this.#countedCalls(search, rules, k)), tooSmall)
      tooSmall.forEach(({ search, i }, k) => {
        const view: HistogramView = { ...this.#viewOf(search), counts: this.#u32.subarray(this.#countsAt(k) >>> 2, this.#countsAt(k + 1) >>> 2) }
        const numeric = this.#hasRules(rules) ? this.#searchUnderRules(search, view, rules) : this.#foundAt(k, 1)
        best[i] = this.#withCategories(numeric, search, view, rules)
      })
    }
    return best
  }

  /** +1 where values must not fall with the feature, -1 where they must not rise, else 0. */
  signOf(feature: number): number {
    return this.#options.constraints?.signs?.[feature] ?? 0
  }

  /** @param table u8[256] at this place gets 1 for bins that go left */
  markLeft(split: BinSplit, table: number): void {
    if (split.leftBins) {
      this.#u8.set(split.leftBins, table)
      return
    }
    this.#u8.fill(1, table, table + split.bin + 1)
    this.#u8.fill(0, table + split.bin + 1, table + binsPerFeature)
    this.#u8[table + missingBin] = split.missingLeft ? 1 : 0
  }

  #hasRules(rules: SplitRules): boolean {
    return rules.alpha > 0 || this.#options.constraints?.signs !== undefined
  }

  #modesAt(place: number): number {
    return this.#at.modes + place * this.#at.stride
  }

  /** Marks in the buffer which numeric features the search may use, and says so for all. */
  #features(rng: Rng, groups: Searched['groups'], modes: number): (feature: number) => boolean {
    const features = this.#bins.length
    const open = groups ? this.#treeFeatures.filter((f) => groups.some((group) => group[f] === 1)) : this.#treeFeatures
    const wanted = Math.min(open.length, Math.max(1, Math.round(this.#options.maxFeatures * open.length)))
    if (wanted === features) {
      this.#u8.set(this.#baseModes, modes)
      return () => true
    }
    const chosen = new Uint8Array(features)
    for (const feature of wanted < open.length ? drawOf([...open], wanted, rng) : open) chosen[feature] = 1
    for (let f = 0; f < features; f++) this.#u8[modes + f] = chosen[f] === 1 ? (this.#baseModes[f] as number) : 0
    return (feature) => chosen[feature] === 1
  }

  /** Of equal splits in several ranges the first: the lowest feature. */
  #foundAt(place: number, ranges: number): BinSplit | undefined {
    const { found } = this.#at
    let best = -1
    let feature = -1
    for (let range = 0; range < ranges; range++) {
      const at = found + (place * ranges + range) * foundBytes
      const own = this.#i32[(at >>> 2) + 6] as number
      if (own < 0 || (best >= 0 && (this.#f64[at >>> 3] as number) <= (this.#f64[best >>> 3] as number))) continue
      best = at
      feature = own + Math.floor((this.#bins.length * range) / ranges)
    }
    if (best < 0) return undefined
    const [doubles, words] = [best >>> 3, best >>> 2]
    return {
      feature,
      score: this.#f64[doubles] as number,
      g: this.#f64[doubles + 1] as number,
      h: this.#f64[doubles + 2] as number,
      bin: this.#i32[words + 7] as number,
      missingLeft: this.#i32[words + 8] === 1,
    }
  }

  #viewOf({ histogram }: Search): HistogramView {
    return { hessians: this.#u32, gradients: this.#i32, base: histogram >>> 2 }
  }

  #searchUnderRules({ node, minScore, looked }: Search, view: HistogramView, rules: SplitRules): BinSplit | undefined {
    let best: BinSplit | undefined
    this.#bins.forEach((bins, feature) => {
      if (bins.kind !== 'numeric' || !looked(feature)) return
      best = bestNumberSplit(feature, bins.thresholds.length, view, node.sums, rules, best?.score ?? minScore, this.signOf(feature)) ?? best
    })
    return best
  }

  #withCategories(numeric: BinSplit | undefined, { node, minScore, looked }: Search, view: HistogramView, rules: SplitRules): BinSplit | undefined {
    let best = numeric
    for (const feature of this.#categorical) {
      if (!looked(feature)) continue
      const bins = this.#bins[feature] as CategoryBins
      const split = bestCategorySplit(feature, bins.bins, view, node.sums, rules, minScore)
      if (split && (!best || split.score > best.score || (split.score === best.score && feature < best.feature))) best = split
    }
    return best
  }

  /** On all threads where the nodes have rows enough. */
  #run(lists: readonly (readonly Call[])[], nodes: readonly { readonly search: Search }[]): readonly number[] {
    if (lists.length === 0) return []
    const rows = nodes.reduce((sum, { search }) => sum + search.node.sums.rows, 0)
    return rows < fewRows ? runHere(this.#kernels, lists) : this.#kernels.run(lists)
  }

  #countLeft(node: Searched, split: BinSplit, k: number): Call {
    const { goesLeft, columns, rows } = this.#at
    const table = goesLeft + k * binsPerFeature
    this.markLeft(split, table)
    return ['countLeft', columns + split.feature * this.#rows, rows + node.start * 4, node.sums.rows, table]
  }

  #countsAt(k: number): number {
    return this.#at.counts + k * this.#at.stride * binsPerFeature * 4
  }

  /** The search again, with rows counted a bin, because the best split would leave a side with too few. */
  #countedCalls({ node, histogram, place, minScore }: Search, rules: SplitRules, k: number): readonly Call[] {
    const { rowMajor, stride, rows, lastBins, found } = this.#at
    const { g, h, rows: count } = node.sums
    const counting: Call = ['countBins', rowMajor, stride, rows + node.start * 4, count, this.#countsAt(k)]
    if (this.#hasRules(rules)) return [counting]
    return [counting, ['searchCounted', histogram, this.#countsAt(k), this.#bins.length, lastBins, this.#modesAt(place), g, h, count, rules.minRows, rules.lambda, rules.minH, minScore, found + k * foundBytes]]
  }
}

/** Some of the items, drawn without putting back; changes their order. */
function drawOf(items: number[], wanted: number, rng: Rng): number[] {
  for (let i = 0; i < wanted; i++) {
    const j = i + rng.int(items.length - i)
    const pick = items[j] as number
    items[j] = items[i] as number
    items[i] = pick
  }
  return items.slice(0, wanted)
}
