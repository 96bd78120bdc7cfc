/**
 * Grows the trees of a forest, one after the other, depth first: each node draws features until `maxFeatures`
 * were looked at and at least one of them varies. Random forests search the best of up to 255 quantile bins,
 * extra trees draw one threshold a feature between the node's smallest and largest value.
 *
 * Source: Breiman 2001; Geurts, Ernst & Wehenkel 2006; scikit-learn's ensemble/_forest.py and tree/_splitter.pyx
 * for the order of draws, bootstrap counts as weights, and minSamplesLeaf in distinct rows.
 */
import { compiledForestKernels, plainForestKernels } from '../../../kernels/forest.ts'
import type { ForestKernels } from '../../../kernels/forest.ts'
import { Layout } from '../../../kernels/layout.ts'
import type { Context } from '../../context.ts'
import type { Matrix } from '../../data/matrix.ts'
import type { Target } from '../../data/target.ts'
import { StudioError } from '../../errors.ts'
import { log } from '../../math/elementary.ts'
import type { Rng } from '../../math/rng.ts'
import { findBins } from './bins.ts'
import type { NumericBins } from './bins.ts'
import { sharesOnGrid } from './grid.ts'
import { createPacer } from './pacer.ts'
import type { Pacer } from './pacer.ts'
import { TreesBuilder } from './tree.ts'

export interface ForestOptions {
  /** 0 = no limit. */
  readonly maxDepth: number
  readonly minSamplesSplit: number
  readonly minSamplesLeaf: number
  readonly minImpurityDecrease: number
  /** Features a node looks at. */
  readonly maxFeatures: number
  readonly entropy: boolean
  /** One drawn threshold a feature instead of the best one. */
  readonly randomThresholds: boolean
}

interface Places {
  readonly columns: number
  readonly columnBytes: number
  readonly rows: number
  readonly scratch: number
  readonly weights: number
  readonly truth: number
  readonly nodeWeight: number
  readonly nodeTruth: number
  readonly totals: number
  readonly hist: number
  readonly counts: number
  readonly best: number
}
interface Pending {
  readonly from: number
  readonly to: number
  readonly depth: number
  /** -1 for the root, and for left children, whose parent knows their number. */
  readonly rightOf: number
}
interface Found {
  readonly feature: number
  readonly threshold: number
  /** The last bin on the left; -1 for drawn thresholds. */
  readonly bin: number
}

/** Rows x features looked at between two chances to cancel. */
const cellsPerPause = 200_000
const binSampleRows = 400_000

export class ForestGrower {
  readonly builder: TreesBuilder
  readonly #kernels: ForestKernels
  readonly #at: Places
  readonly #classes: number
  readonly #centre: number
  readonly #bins: readonly NumericBins[]
  readonly #options: ForestOptions
  readonly #order: Uint32Array
  readonly #shares: Float64Array
  readonly #u32: Uint32Array
  readonly #f32: Float32Array
  readonly #f64: Float64Array
  readonly #pacer: Pacer
  #looked = 0

  private constructor(kernels: ForestKernels, at: Places, X: Matrix, classes: number, centre: number, bins: readonly NumericBins[], options: ForestOptions, pacer: Pacer) {
    this.#kernels = kernels
    this.#at = at
    this.#classes = classes
    this.#centre = centre
    this.#bins = bins
    this.#options = options
    this.#pacer = pacer
    this.#order = Uint32Array.from(X.features.keys())
    this.#shares = new Float64Array(Math.max(1, classes))
    this.#u32 = new Uint32Array(kernels.buffer)
    this.#f32 = new Float32Array(kernels.buffer)
    this.#f64 = new Float64Array(kernels.buffer)
    this.builder = new TreesBuilder(Math.max(1, classes), Math.max(1, classes))
  }

  /** Features in the order that the draws so far left them in: the next tree draws from it. */
  get order(): Uint32Array {
    return this.#order
  }
  get compiled(): boolean {
    return this.#kernels.compiled
  }

  /** Lays out features and target. @throws StudioError out-of-memory */
  static async create(X: Matrix, y: Target, options: ForestOptions, rng: Rng, context: Context): Promise<ForestGrower> {
    const pacer = createPacer(context)
    const classes = y.task === 'regression' ? 0 : y.classes.length
    const outputs = Math.max(2, classes)
    const layout = new Layout()
    const columnBytes = Math.ceil((X.rows * (options.randomThresholds ? 4 : 1)) / 64) * 64
    const at: Places = {
      columns: layout.take(columnBytes * X.features.length),
      columnBytes,
      rows: layout.take(X.rows * 4 + 4),
      scratch: layout.take(X.rows * 4 + 4),
      weights: layout.take(X.rows * 8),
      truth: layout.take(X.rows * 8),
      nodeWeight: layout.take(X.rows * 8),
      nodeTruth: layout.take(X.rows * 8),
      totals: layout.take(8 * (outputs + 2)),
      hist: layout.take(258 * outputs * 8),
      counts: layout.take(264 * 4),
      best: layout.take(64),
    }
    const kernels = await openKernels(layout.bytes, context)
    let centre = 0
    if (y.task === 'regression') {
      for (let i = 0; i < y.values.length; i++) centre += ((y.values[i] as number) - centre) / (i + 1)
      new Float64Array(kernels.buffer, at.truth, X.rows).set(y.values.map((value) => value - centre))
    } else new Uint32Array(kernels.buffer, at.truth, X.rows).set(y.codes)
    const bins: NumericBins[] = []
    const draw = rng.fork('bin sample')
    const sample = Uint32Array.from({ length: Math.min(X.rows, binSampleRows) }, (_, i) => (X.rows <= binSampleRows ? i : draw.int(X.rows)))
    for (const [f, { values }] of X.features.entries()) {
      const column = at.columns + f * columnBytes
      if (options.randomThresholds) new Float32Array(kernels.buffer, column, X.rows).set(values)
      else {
        // Categories that came along unencoded are numbers here.
        const found = findBins({ name: '', source: '', values }, sample, 255) as NumericBins
        bins.push(found)
        fillBins(values, found.thresholds, new Uint8Array(kernels.buffer, column, X.rows))
      }
      await pacer()
    }
    return new ForestGrower(kernels, at, X, classes, centre, bins, options, pacer)
  }

  /** Grows one tree on the rows whose weight is above 0 and ends it in the builder. @param weights shape (rows) */
  async grow(weights: Float64Array, rng: Rng): Promise<void> {
    const at = this.#at
    const { minSamplesSplit, minSamplesLeaf, maxDepth, minImpurityDecrease } = this.#options
    this.#f64.set(weights, at.weights >>> 3)
    let n = 0
    for (let row = 0; row < weights.length; row++) if ((weights[row] as number) > 0) this.#u32[(at.rows >>> 2) + n++] = row
    let totalWeight = 0
    const stack: Pending[] = [{ from: 0, to: n, depth: 0, rightOf: -1 }]
    while (stack.length > 0) {
      const { from, to, depth, rightOf } = stack.pop() as Pending
      const count = to - from
      const rows = at.rows + from * 4
      const mixed = this.#enter(rows, count)
      const weight = this.#f64[(at.totals >>> 3) + this.#classes] as number
      if (depth === 0) totalWeight = weight
      const node = this.builder.addNode(count, this.#values())
      if (rightOf >= 0) this.builder.setRight(rightOf, node)
      const mayGrow = mixed && (maxDepth === 0 || depth < maxDepth) && count >= minSamplesSplit && count >= 2 * minSamplesLeaf
      const found = mayGrow ? this.#findSplit(rows, count, rng) : undefined
      this.#looked += count * (mayGrow ? this.#options.maxFeatures : 1)
      if (this.#looked > cellsPerPause) {
        this.#looked = 0
        await this.#pacer()
      }
      if (!found) continue
      const gain = Math.max(0, this.#gain() / totalWeight)
      if (gain < minImpurityDecrease) continue
      const column = at.columns + found.feature * at.columnBytes
      const left = found.bin >= 0 ? this.#kernels.partitionBins(column, found.bin, rows, count, at.scratch) : this.#kernels.partitionValues(column, found.threshold, rows, count, at.scratch)
      // Missing values do not occur; they would follow the larger side.
      this.builder.split(node, { feature: found.feature, threshold: found.threshold, missingLeft: left >= count - left, gain }, node + 1, 0)
      stack.push({ from: from + left, to, depth: depth + 1, rightOf: node })
      stack.push({ from, to: from + left, depth: depth + 1, rightOf: -1 })
    }
    this.builder.endTree()
  }

  #enter(rows: number, count: number): boolean {
    const { weights, truth, nodeWeight, nodeTruth, totals } = this.#at
    if (this.#classes === 0) return this.#kernels.enterValues(rows, count, weights, truth, nodeWeight, nodeTruth, totals) === 1
    return this.#kernels.enterClasses(rows, count, weights, truth, this.#classes, nodeWeight, nodeTruth, totals) > 1
  }

  /** Mean, or class shares, of the node that was entered: a buffer that the next call overwrites. */
  #values(): Float64Array {
    const at = this.#at.totals >>> 3
    if (this.#classes === 0) this.#shares[0] = this.#centre + (this.#f64[at + 1] as number) / (this.#f64[at] as number)
    for (let k = 0; k < this.#classes; k++) this.#shares[k] = (this.#f64[at + k] as number) / (this.#f64[at + this.#classes] as number)
    if (this.#classes > 0) sharesOnGrid(this.#shares)
    return this.#shares
  }

  /** The best proxy less that of the undivided node: how much impurity, times weight, the split takes away. */
  #gain(): number {
    const totals = this.#f64.subarray(this.#at.totals >>> 3, (this.#at.totals >>> 3) + this.#classes + 2)
    const proxy = this.#f64[this.#at.best >>> 3] as number
    if (this.#classes === 0) return proxy - (totals[1] as number) ** 2 / (totals[0] as number)
    const weight = totals[this.#classes] as number
    let own = 0
    for (let k = 0; k < this.#classes; k++) {
      const c = totals[k] as number
      if (c > 0) own += this.#options.entropy ? c * log(c / weight) : (c * c) / weight
    }
    return (proxy - own) / (this.#options.entropy ? Math.LN2 : 1)
  }

  #findSplit(rows: number, count: number, rng: Rng): Found | undefined {
    const { best } = this.#at
    const { maxFeatures, randomThresholds } = this.#options
    const order = this.#order
    this.#f64[best >>> 3] = Number.NEGATIVE_INFINITY
    let found: Found | undefined
    let varied = false
    for (let visited = 0; visited < order.length && (visited < maxFeatures || !varied); visited++) {
      const drawn = visited + rng.int(order.length - visited)
      const feature = order[drawn] as number
      order[drawn] = order[visited] as number
      order[visited] = feature
      const column = this.#at.columns + feature * this.#at.columnBytes
      if (randomThresholds) {
        this.#kernels.range(column, rows, count, best + 16)
        const low = this.#f32[(best >>> 2) + 4] as number
        const high = this.#f32[(best >>> 2) + 5] as number
        if (!(high > low)) continue
        varied = true
        const inside = Math.fround(low + rng.next() * (high - low))
        const threshold = inside < high ? inside : low
        const proxy = this.#scoreAt(column, threshold, rows, count)
        if (!(proxy > (this.#f64[best >>> 3] as number))) continue
        this.#f64[best >>> 3] = proxy
        found = { feature, threshold, bin: -1 }
        continue
      }
      const flags = this.#search(column, rows, count)
      if (flags & 1) varied = true
      if ((flags & 2) === 0) continue
      const last = this.#u32[(best >>> 2) + 2] as number
      const next = this.#u32[(best >>> 2) + 3] as number
      // Between two bins that the node has lie thresholds of others: the middle one, as halfway is for values.
      found = { feature, threshold: (this.#bins[feature] as NumericBins).thresholds[(last + next - 1) >> 1] as number, bin: last }
    }
    return found
  }

  #search(column: number, rows: number, count: number): number {
    const { nodeWeight, nodeTruth, totals, hist, counts, best } = this.#at
    const { minSamplesLeaf, entropy } = this.#options
    if (this.#classes === 0) return this.#kernels.searchValues(column, rows, count, nodeWeight, nodeTruth, totals, minSamplesLeaf, hist, counts, best)
    return this.#kernels.searchClasses(column, rows, count, nodeWeight, nodeTruth, this.#classes, totals, entropy ? 1 : 0, minSamplesLeaf, hist, counts, best)
  }

  #scoreAt(column: number, threshold: number, rows: number, count: number): number {
    const { nodeWeight, nodeTruth, totals, hist } = this.#at
    const { minSamplesLeaf, entropy } = this.#options
    if (this.#classes === 0) return this.#kernels.thresholdValues(column, threshold, rows, count, nodeWeight, nodeTruth, totals, minSamplesLeaf)
    return this.#kernels.thresholdClasses(column, threshold, rows, count, nodeWeight, nodeTruth, this.#classes, totals, entropy ? 1 : 0, minSamplesLeaf, hist)
  }
}

/** Bin = number of thresholds below the value. */
function fillBins(values: Float32Array, thresholds: Float32Array, out: Uint8Array): void {
  for (let row = 0; row < values.length; row++) {
    const x = values[row] as number
    let low = 0
    let high = thresholds.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((thresholds[middle] as number) < x) low = middle + 1
      else high = middle
    }
    out[row] = low
  }
}

async function openKernels(bytes: number, context: Context): Promise<ForestKernels> {
  let wasm: ArrayBuffer | undefined
  try {
    wasm = await context.asset('forest.wasm')
  } catch {
    // A host without the compiled kernels gets the same forest from the plain ones, later.
  }
  try {
    return wasm ? await compiledForestKernels(wasm, bytes) : plainForestKernels(bytes)
  } catch (cause) {
    throw new StudioError({
      code: 'out-of-memory',
      message: `missing memory; a forest on these rows and features needs ${Math.ceil(bytes / 2 ** 20)} MiB`,
      hint: 'Use fewer rows or columns, or close other tabs.',
      cause,
    })
  }
}
