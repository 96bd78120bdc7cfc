/**
 * Grows one regression tree at a time on binned rows: best gain first up to a number of leaves, level by level, or
 * depth first where only depth limits it. Nodes that do not wait for one another are split side by side.
 * A child's histogram is its parent's minus its sibling's.
 *
 * Source: Ke et al. 2017 (LightGBM), Chen & Guestrin 2016 (XGBoost) for gain and leaf value. Ours
 * checks minSamplesLeaf exactly but counts rows only where the hessians cannot prove it.
 */
import { binsPerFeature, missingBin, runEach } from '../../../kernels/boosting.ts'
import type { BoostingKernels } from '../../../kernels/boosting.ts'
import type { Call } from '../../../kernels/crew.ts'
import type { Rng } from '../../math/rng.ts'
import type { Bins } from './bins.ts'
import type { Constraints } from './constraints.ts'
import { fewRows, leavesAtOnce, nodesAtOnce, partsFor } from './grower-layout.ts'
import type { GrowerLayout } from './grower-layout.ts'
import { Histograms } from './histograms.ts'
import type { HistogramTask } from './histograms.ts'
import type { Pacer } from './pacer.ts'
import { SplitFinder } from './split-finder.ts'
import type { Search, Searched } from './split-finder.ts'
import { loweringOf, valueOf } from './splits.ts'
import type { BinSplit, NodeSums, SplitRules } from './splits.ts'
import type { TreesBuilder } from './tree.ts'

export interface GrowOptions {
  /** 0 = no limit. */
  readonly maxLeafNodes: number
  /** 0 = no limit. */
  readonly maxDepth: number
  readonly minSamplesLeaf: number
  readonly l2Regularization: number
  /** Share of features looked at in each node, in (0, 1]. */
  readonly maxFeatures: number
  readonly l1Regularization?: number
  /** Share of features each tree may use, in (0, 1]; default all. */
  readonly featuresPerTree?: number
  /** Under a limit of leaves: the best gain first, or level by level. */
  readonly growPolicy?: 'leaf-wise' | 'depth-wise'
  readonly constraints?: Constraints
}

/** Hessian below which a side teaches nothing (scikit-learn's min_hessian_to_split). */
const minHessian = 1e-3

interface Node extends Searched {
  readonly id: number
  readonly depth: number
  /** Histogram slot, -1 where it was given up. */
  slot: number
  split: BinSplit | undefined
}
interface Pair {
  readonly parent: Node
  readonly left: Node
  readonly right: Node
}

/** Leaves of the last tree: the rows [start, start + count) of the row list, and their node. */
export interface GrownLeaf {
  readonly node: number
  readonly start: number
  readonly count: number
  /** Where its value must lie. */
  readonly low: number
  readonly high: number
}

/** What stays the same while a tree grows. */
interface Season {
  readonly builder: TreesBuilder
  readonly rules: SplitRules
  /** The largest hessian of a row, in the histogram's whole numbers. */
  readonly rowHessian: number
  /** Gains of the histogram's whole numbers times this are gains of the loss. */
  readonly gainUnit: number
  readonly rng: Rng
  readonly pacer: Pacer
}

export class TreeGrower {
  readonly #kernels: BoostingKernels
  readonly #at: GrowerLayout
  readonly #count: number
  readonly #bins: readonly Bins[]
  readonly #options: GrowOptions
  readonly #u8: Uint8Array
  readonly #u32: Uint32Array
  readonly #i32: Int32Array
  readonly #f64: Float64Array
  /** Rows as every tree begins with them. */
  readonly #order: Uint32Array
  readonly #histograms: Histograms
  readonly #finder: SplitFinder

  /** @param rows number of training rows; @param bins of `binRows`, which has written those of the rows */
  constructor(kernels: BoostingKernels, at: GrowerLayout, rows: number, bins: readonly Bins[], options: GrowOptions) {
    this.#kernels = kernels
    this.#at = at
    this.#count = rows
    this.#bins = bins
    this.#options = options
    this.#order = Uint32Array.from({ length: rows }, (_, i) => i)
    this.#u8 = new Uint8Array(kernels.buffer)
    this.#u32 = new Uint32Array(kernels.buffer)
    this.#i32 = new Int32Array(kernels.buffer)
    this.#f64 = new Float64Array(kernels.buffer)
    this.#histograms = new Histograms(kernels, at, bins.length)
    this.#finder = new SplitFinder(kernels, at, rows, bins, options)
  }

  /**
   * Grows a tree on the gradients and hessians that lie in the buffer and ends it in the builder.
   * @param sums of |gradient| and hessian over all rows; @param maxRowHessian largest hessian of one row
   * @param leafValue of the exact sums of a leaf
   * @returns its leaves, those with the fewest rows first
   */
  async grow(
    builder: TreesBuilder,
    target: number,
    sums: { readonly absoluteGradient: number; readonly hessian: number },
    maxRowHessian: number,
    leafValue: (g: number, h: number, leaf: GrownLeaf) => number,
    rng: Rng,
    pacer: Pacer,
  ): Promise<readonly GrownLeaf[]> {
    const at = this.#at
    const n = this.#count
    const gradientScale = sums.absoluteGradient > 0 ? (2 ** 31 - 1 - n) / sums.absoluteGradient : 0
    const hessianScale = sums.hessian > 0 ? (2 ** 32 - 1 - n) / sums.hessian : 0
    this.#kernels.quantise(at.gradient, at.hessian, n, gradientScale, hessianScale, at.packed)
    const rules: SplitRules = {
      lambda: this.#options.l2Regularization * hessianScale,
      alpha: (this.#options.l1Regularization ?? 0) * gradientScale,
      minH: Math.max(1, minHessian * hessianScale),
      minRows: this.#options.minSamplesLeaf,
    }
    const season: Season = { builder, rules, rowHessian: maxRowHessian * hessianScale + 1, gainUnit: gradientScale > 0 ? hessianScale / gradientScale ** 2 : 0, rng, pacer }
    this.#u32.set(this.#order, at.rows >>> 2)
    this.#histograms.reset()
    this.#finder.beginTree(rng)

    // Values of the histogram's whole numbers times this are values of the gradients.
    const bound = (value: number): number => (Number.isFinite(value) ? (value * hessianScale) / gradientScale : value)
    const leaves: GrownLeaf[] = []
    const endAt = (node: Node): void => {
      this.#release(node)
      leaves.push({ node: node.id, start: node.start, count: node.sums.rows, low: bound(node.sums.low), high: bound(node.sums.high) })
    }
    const open: Node[] = []
    const consider = (node: Node): unknown => (node.split ? open.push(node) : endAt(node))
    consider(await this.#root(season))
    let leafCount = 1
    while (open.length > 0 && leafCount !== this.#options.maxLeafNodes) {
      const batch = this.#takeNext(open, this.#options.maxLeafNodes - leafCount)
      leafCount += batch.length
      const pairs = this.#split(batch, season)
      if (leafCount !== this.#options.maxLeafNodes) await this.#look(pairs, season)
      for (const { parent, left, right } of pairs.reverse()) {
        this.#release(parent)
        consider(right)
        consider(left)
      }
      await pacer()
    }
    open.forEach(endAt)
    leaves.sort((a, b) => a.count - b.count)
    for (let from = 0; from < leaves.length; from += leavesAtOnce) {
      const some = leaves.slice(from, from + leavesAtOnce)
      runEach(this.#kernels, some.map((leaf, i) => ['sumRows', at.gradient, at.hessian, at.rows + leaf.start * 4, leaf.count, at.leafSums + i * 64]))
      some.forEach((leaf, i) => builder.setValue(leaf.node, leafValue(this.#f64[(at.leafSums >>> 3) + i * 8] as number, this.#f64[(at.leafSums >>> 3) + i * 8 + 1] as number, leaf)))
    }
    builder.endTree(target)
    return leaves
  }

  async #root(season: Season): Promise<Node> {
    const rows = this.#count
    const slot = this.#mayGrow(0, rows) ? this.#histograms.take() : -1
    const filled = slot >= 0
    if (filled) await this.#histograms.work([{ fills: [{ start: 0, count: rows, slot }], search: () => [] }], season.pacer)
    const sums = { ...(filled ? this.#totalsOf(this.#histograms.place(slot)) : this.#totals(rows)), rows, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
    const root = this.#node(season, sums, 0, 0, this.#options.constraints?.groups)
    root.slot = slot
    const search = filled ? this.#finder.prepare(root, this.#histograms.place(slot), 0, season.rules, season.rng) : undefined
    if (search) root.split = await this.#searchAll([search], [{ fills: [], search: (...range) => this.#finder.calls(search, season.rules, ...range) }], season).then(([split]) => split)
    return root
  }

  #node({ builder, rules }: Season, sums: NodeSums, start: number, depth: number, groups: Node['groups']): Node {
    const own = loweringOf(sums.g, sums.h, valueOf(sums.g, sums.h, sums, rules), rules)
    return { id: builder.addNode(sums.rows, [0]), start, depth, sums, own, groups, slot: -1, split: undefined }
  }

  async #searchAll(searches: readonly Search[], tasks: readonly HistogramTask[], { rules, rowHessian, pacer }: Season): Promise<readonly (BinSplit | undefined)[]> {
    const ranges = await this.#histograms.work(tasks, pacer)
    return this.#finder.settle(searches, rules, rowHessian, ranges)
  }

  /** Parts the rows of nodes that have splits. */
  #split(batch: readonly Node[], season: Season): Pair[] {
    const lefts = this.#partition(batch)
    return batch.map((parent, i) => {
      const split = parent.split as BinSplit
      const groups = parent.groups?.filter((group) => group[split.feature] === 1)
      const [leftSums, rightSums] = this.#sides(parent, split, lefts[i] as number, season.rules)
      const left = this.#node(season, leftSums, parent.start, parent.depth + 1, groups)
      const right = this.#node(season, rightSums, parent.start + leftSums.rows, parent.depth + 1, groups)
      this.#record(season, parent, left, right)
      return { parent, left, right }
    })
  }

  /** Gives histograms and splits to children that may grow, as many side by side as there is room for. */
  async #look(pairs: readonly Pair[], season: Season): Promise<void> {
    const needs = ({ parent, left, right }: Pair): number => (!this.#grows(left) && !this.#grows(right) ? 0 : parent.slot < 0 ? 2 : 1)
    for (let from = 0, to = 0; from < pairs.length; from = to) {
      let free = this.#histograms.free
      while (to < pairs.length && needs(pairs[to] as Pair) <= free) free -= needs(pairs[to++] as Pair)
      const some = pairs.slice(from, to)
      await this.#lookAt(some, season)
      // Two slots must stay free for the next pair.
      for (const { left, right } of some) for (const child of [left, right]) if (!child.split || this.#histograms.free < 2) this.#release(child)
    }
  }

  /** The smaller child is summed, the larger is the parent minus it. */
  async #lookAt(pairs: readonly Pair[], season: Season): Promise<void> {
    const tasks: HistogramTask[] = []
    const searches: Search[] = []
    const searched: Node[] = []
    for (const { parent, left, right } of pairs) {
      const [small, large] = left.sums.rows <= right.sums.rows ? [left, right] : [right, left]
      if (!this.#grows(large)) continue
      const subtracts = parent.slot >= 0
      const filled = subtracts ? [small] : this.#grows(small) ? [small, large] : [large]
      for (const node of filled) node.slot = this.#histograms.take()
      if (subtracts) [large.slot, parent.slot] = [parent.slot, -1]
      const own: Search[] = []
      for (const node of [left, right]) {
        if (!this.#grows(node)) continue
        const search = this.#finder.prepare(node, this.#histograms.place(node.slot), searches.length, season.rules, season.rng)
        if (!search) continue
        own.push(search)
        searches.push(search)
        searched.push(node)
      }
      tasks.push({
        fills: filled.map(({ start, sums, slot }) => ({ start, count: sums.rows, slot })),
        ...(subtracts ? { subtract: { large: large.slot, small: small.slot } } : {}),
        search: (...range) => own.flatMap((search) => this.#finder.calls(search, season.rules, ...range)),
      })
    }
    if (tasks.length === 0) return
    const splits = await this.#searchAll(searches, tasks, season)
    searched.forEach((node, i) => (node.split = splits[i]))
  }

  #grows({ depth, sums }: Node): boolean {
    return this.#mayGrow(depth, sums.rows)
  }

  /** Sums of both children; where the split's feature is monotone, the middle of their values parts what may lie below. */
  #sides(node: Node, split: BinSplit, leftRows: number, rules: SplitRules): [NodeSums, NodeSums] {
    const { low, high } = node.sums
    const left = { g: split.g, h: split.h, rows: leftRows, low, high }
    const right = { g: node.sums.g - split.g, h: node.sums.h - split.h, rows: node.sums.rows - leftRows, low, high }
    const sign = this.#finder.signOf(split.feature)
    if (sign === 0) return [left, right]
    const middle = (valueOf(left.g, left.h, node.sums, rules) + valueOf(right.g, right.h, node.sums, rules)) / 2
    return sign > 0 ? [{ ...left, high: middle }, { ...right, low: middle }] : [{ ...left, low: middle }, { ...right, high: middle }]
  }

  /** Every row is in some bin of the first feature. */
  #totalsOf(histogram: number): { g: number; h: number } {
    return this.#addUp(histogram >>> 2, binsPerFeature)
  }
  #totals(rows: number): { g: number; h: number } {
    return this.#addUp(this.#at.packed >>> 2, rows)
  }
  #addUp(cells: number, count: number): { g: number; h: number } {
    let [g, h] = [0, 0]
    for (let i = 0; i < count; i++) {
      h += this.#u32[cells + 2 * i] as number
      g += this.#i32[cells + 2 * i + 1] as number
    }
    return { g, h }
  }

  #mayGrow(depth: number, rows: number): boolean {
    const { maxDepth, minSamplesLeaf } = this.#options
    return (maxDepth === 0 || depth < maxDepth) && rows >= 2 * minSamplesLeaf && rows >= 2
  }

  #release(node: Node): void {
    this.#histograms.release(node.slot)
    node.slot = -1
  }

  /** The next nodes to split that do not wait for one another: one where the best comes first, else some. @param room leaves that may still come; negative where nothing limits them */
  #takeNext(open: Node[], room: number): Node[] {
    const { maxLeafNodes, growPolicy } = this.#options
    const batch: Node[] = []
    while (open.length > 0 && batch.length < nodesAtOnce && batch.length !== room) {
      const next = maxLeafNodes === 0 ? open.length - 1 : bestOf(open, growPolicy === 'depth-wise')
      const node = open[next] as Node
      if (batch.length > 0 && maxLeafNodes > 0 && (growPolicy !== 'depth-wise' || node.depth !== batch[0]?.depth)) break
      batch.push(node)
      open.splice(next, 1)
    }
    return batch
  }

  /** Rows that go left come first, in their order. @returns how many, for each node */
  #partition(batch: readonly Node[]): number[] {
    const { columns, rows, scratch, goesLeft, pieces: pairs } = this.#at
    const share = Math.max(fewRows, batch.reduce((sum, node) => sum + node.sums.rows, 0) / partsFor(this.#kernels.threads))
    const pieces = batch.flatMap((node, i) => {
      const { feature } = node.split as BinSplit
      this.#finder.markLeft(node.split as BinSplit, goesLeft + i * binsPerFeature)
      const count = Math.max(1, Math.round(node.sums.rows / share))
      const end = (k: number): number => Math.floor((node.sums.rows * k) / count)
      return Array.from({ length: count }, (_, k) => {
        const [from, size] = [(node.start + end(k)) * 4, end(k + 1) - end(k)]
        const call: Call = ['partition', columns + feature * this.#count, rows + from, size, goesLeft + i * binsPerFeature, scratch + from]
        return { i, size, call }
      })
    })
    // The last ones begin first.
    pieces.sort((a, b) => a.size - b.size || a.i - b.i)
    const lefts = runEach(this.#kernels, pieces.map(({ call }) => call))
    return batch.map((node, i) => {
      const own = pieces.flatMap((piece, k) => (piece.i === i ? [{ from: piece.call[2] as number, size: piece.size, left: lefts[k] as number }] : [])).sort((a, b) => a.from - b.from)
      if (own.length === 1) return own[0]?.left as number
      own.forEach(({ size, left }, k) => this.#u32.set([size, left], (pairs >>> 2) + 2 * k))
      return this.#kernels.join(rows + node.start * 4, pairs, own.length, scratch + node.start * 4)
    })
  }

  /** Writes the split in terms of values; where no missing value was seen, missing follows the larger side. */
  #record({ builder, gainUnit }: Season, node: Node, left: Node, right: Node): void {
    const split = node.split as BinSplit
    const bins = this.#bins[split.feature] as Bins
    const gain = (split.score - node.own) * gainUnit
    const sawMissing = bins.missing && this.#missingIn(node, split.feature)
    const missingLeft = sawMissing ? split.missingLeft : left.sums.rows >= right.sums.rows
    if (bins.kind === 'numeric') {
      // The last bin has no upper edge: everything that is present goes left.
      const threshold = bins.thresholds[split.bin] ?? Number.POSITIVE_INFINITY
      builder.split(node.id, { feature: split.feature, threshold, missingLeft, gain }, left.id, right.id)
      return
    }
    const codes: number[] = []
    bins.binOfCode.forEach((bin, code) => {
      if (bin === missingBin ? missingLeft : split.leftBins?.[bin] === 1) codes.push(code)
    })
    builder.split(node.id, { feature: split.feature, codes, missingLeft, gain }, left.id, right.id)
  }

  #missingIn(node: Node, feature: number): boolean {
    const column = this.#at.columns + feature * this.#count
    const rows = (this.#at.rows >>> 2) + node.start
    for (let i = 0; i < node.sums.rows; i++) if (this.#u8[column + (this.#u32[rows + i] as number)] === missingBin) return true
    return false
  }
}

/** The node with the largest gain, or the least depth; of equals the oldest. */
function bestOf(open: readonly Node[], byDepth: boolean): number {
  let best = 0
  let bestGain = Number.NEGATIVE_INFINITY
  open.forEach((node, i) => {
    const gain = byDepth ? -node.depth : (node.split as BinSplit).score - node.own
    if (gain > bestGain || (gain === bestGain && node.id < (open[best] as Node).id)) [best, bestGain] = [i, gain]
  })
  return best
}
