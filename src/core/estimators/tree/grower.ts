/**
 * Grows one regression tree at a time on binned rows: best gain first up to a number of leaves, or
 * depth first where only depth limits it. A child's histogram is its parent's minus its sibling's.
 *
 * Source: Ke et al. 2017 (LightGBM), Chen & Guestrin 2016 (XGBoost) for gain and leaf value. Ours
 * checks minSamplesLeaf exactly but counts rows only where the hessians cannot prove it.
 */
import { binsPerFeature, cellBytes, missingBin, rowPadding, runEach } from '../../../kernels/boosting.ts'
import type { BoostingKernels, Layout } from '../../../kernels/boosting.ts'
import type { Feature } from '../../data/matrix.ts'
import type { Rng } from '../../math/rng.ts'
import type { Bins } from './bins.ts'
import type { Constraints } from './constraints.ts'
import type { Pacer } from './pacer.ts'
import { bestCategorySplit, bestNumberSplit, loweringOf, valueOf } from './splits.ts'
import type { BinSplit, HistogramView, NodeSums, SplitRules } from './splits.ts'
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

/** Where everything lies in the kernels' buffer. */
export interface GrowerLayout {
  readonly stride: number
  readonly rowMajor: number
  readonly columns: number
  readonly rows: number
  readonly scratch: number
  readonly gradient: number
  readonly hessian: number
  readonly packed: number
  readonly sums: number
  /** Sums of some leaves, 64 bytes each. */
  readonly leafSums: number
  readonly result: number
  readonly lastBins: number
  readonly modes: number
  readonly goesLeft: number
  readonly thresholds: number
  readonly histograms: number
  readonly slots: number
}

const leavesAtOnce = 64
const histogramBudget = 256 * 2 ** 20
/** Rows whose cells a kernel call may touch before cancel gets a chance: some tens of milliseconds. */
const cellsPerCall = 2 ** 24
/** Hessian below which a side teaches nothing (scikit-learn's min_hessian_to_split). */
const minHessian = 1e-3
/** A split must beat its node by more than rounding. */
const minRelativeGain = 1e-10

export function layOutGrower(layout: Layout, rows: number, features: number, maxLeafNodes: number): GrowerLayout {
  const stride = Math.ceil(features / 4) * 4
  const padded = Math.ceil(rows / rowPadding) * rowPadding
  const histogramBytes = stride * binsPerFeature * cellBytes
  const wanted = maxLeafNodes === 0 ? 32 : maxLeafNodes + 2
  const slots = Math.max(4, Math.min(wanted, Math.floor(histogramBudget / histogramBytes)))
  return {
    stride,
    rowMajor: layout.take(padded * stride),
    columns: layout.take(rows * features),
    rows: layout.take(padded * 4),
    scratch: layout.take(padded * 4),
    gradient: layout.take(padded * 4),
    hessian: layout.take(padded * 4),
    packed: layout.take(padded * 8),
    sums: layout.take(64),
    leafSums: layout.take(leavesAtOnce * 64),
    result: layout.take(64),
    lastBins: layout.take(features),
    modes: layout.take(features),
    goesLeft: layout.take(binsPerFeature),
    thresholds: layout.take(binsPerFeature * 4),
    histograms: layout.take(slots * histogramBytes),
    slots,
  }
}

interface Node {
  readonly id: number
  readonly start: number
  readonly depth: number
  readonly sums: NodeSums
  /** What its own best value lowers. */
  readonly own: number
  /** Groups of features that may still meet in it; undefined where all may. */
  readonly groups: readonly Uint8Array[] | undefined
  /** Histogram slot, -1 where it was given up. */
  slot: number
  split: BinSplit | undefined
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
  readonly #free: number[] = []
  /** Rows as every tree begins with them. */
  readonly #order: Uint32Array
  readonly #categorical: readonly number[]
  readonly #baseModes: Uint8Array
  /** Shape (features): 1 for those that the tree may use. */
  readonly #treeFeatures: Uint8Array

  /** @param rows number of training rows, whose bins are written by `bin` */
  constructor(kernels: BoostingKernels, at: GrowerLayout, rows: number, bins: readonly Bins[], options: GrowOptions) {
    this.#kernels = kernels
    this.#at = at
    this.#count = rows
    this.#bins = bins
    this.#order = new Uint32Array(rows)
    for (let i = 0; i < rows; i++) this.#order[i] = i
    this.#options = options
    this.#u8 = new Uint8Array(kernels.buffer)
    this.#u32 = new Uint32Array(kernels.buffer)
    this.#i32 = new Int32Array(kernels.buffer)
    this.#f64 = new Float64Array(kernels.buffer)
    this.#categorical = bins.flatMap((entry, feature) => (entry.kind === 'categorical' ? [feature] : []))
    this.#treeFeatures = new Uint8Array(bins.length).fill(1)
    this.#baseModes = Uint8Array.from(bins, (entry) => (entry.kind === 'categorical' ? 0 : entry.missing ? 2 : 1))
    bins.forEach((entry, feature) => (this.#u8[at.lastBins + feature] = entry.kind === 'numeric' ? entry.thresholds.length : Math.max(0, entry.bins - 1)))
  }

  /** Writes the bins of one feature at the given rows of the data. */
  bin(feature: Feature, index: number, rows: Uint32Array): void {
    const { scratch, thresholds, rowMajor, stride, columns } = this.#at
    const bins = this.#bins[index] as Bins
    const column = columns + index * this.#count
    if (bins.kind === 'categorical') {
      for (let i = 0; i < rows.length; i++) {
        const bin = bins.binOfCode[feature.values[rows[i] as number] as number] ?? missingBin
        this.#u8[rowMajor + i * stride + index] = bin
        this.#u8[column + i] = bin
      }
      return
    }
    const f32 = new Float32Array(this.#kernels.buffer)
    f32.fill(Number.POSITIVE_INFINITY, thresholds >>> 2, (thresholds >>> 2) + binsPerFeature)
    f32.set(bins.thresholds, thresholds >>> 2)
    for (let i = 0; i < rows.length; i++) f32[(scratch >>> 2) + i] = feature.values[rows[i] as number] as number
    this.#kernels.binColumn(scratch, rows.length, thresholds, rowMajor + index, stride, column)
  }

  /**
   * Grows a tree on the gradients and hessians that lie in the buffer and ends it in the builder.
   * @param sums of |gradient| and hessian over all rows; @param maxRowHessian largest hessian of one row
   * @param leafValue of the exact sums of a leaf
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
    const rowHessian = maxRowHessian * hessianScale + 1
    const gainUnit = gradientScale > 0 ? hessianScale / gradientScale ** 2 : 0

    this.#u32.set(this.#order, at.rows >>> 2)
    this.#free.length = 0
    for (let slot = at.slots - 1; slot >= 0; slot--) this.#free.push(slot)

    this.#drawTreeFeatures(rng)
    // Values of the histogram's whole numbers times this are values of the gradients.
    const bound = (value: number): number => (Number.isFinite(value) ? (value * hessianScale) / gradientScale : value)
    const nodeOf = (sums: NodeSums, start: number, depth: number, groups: Node['groups']): Node => {
      const own = loweringOf(sums.g, sums.h, valueOf(sums.g, sums.h, sums, rules), rules)
      return { id: builder.addNode(sums.rows, [0]), start, depth, sums, own, groups, slot: -1, split: undefined }
    }
    const filled = this.#mayGrow({ depth: 0, sums: { rows: n } })
    const rootSlot = filled ? (this.#free.pop() as number) : -1
    if (filled) await this.#fill(0, n, rootSlot, pacer)
    const totals = filled ? this.#totalsOf(rootSlot) : this.#totals(n)
    const root = nodeOf({ ...totals, rows: n, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }, 0, 0, this.#options.constraints?.groups)
    const leaves: GrownLeaf[] = []
    const leafOf = (node: Node): GrownLeaf => ({ node: node.id, start: node.start, count: node.sums.rows, low: bound(node.sums.low), high: bound(node.sums.high) })
    const open: Node[] = []
    let leafCount = 1
    const consider = (node: Node): void => {
      if (node.split) open.push(node)
      else {
        this.#release(node)
        leaves.push(leafOf(node))
      }
    }
    if (filled) {
      root.slot = rootSlot
      root.split = this.#findSplit(root, rules, rowHessian, rng)
    }
    consider(root)
    while (open.length > 0) {
      if (this.#options.maxLeafNodes > 0 && leafCount >= this.#options.maxLeafNodes) break
      const node = this.#takeNext(open)
      const split = node.split as BinSplit
      const leftRows = this.#partition(node, split)
      leafCount++
      const lastSplit = this.#options.maxLeafNodes > 0 && leafCount >= this.#options.maxLeafNodes
      const groups = node.groups?.filter((group) => group[split.feature] === 1)
      const [leftSums, rightSums] = this.#sides(node, split, leftRows, rules)
      const left = nodeOf(leftSums, node.start, node.depth + 1, groups)
      const right = nodeOf(rightSums, node.start + leftRows, node.depth + 1, groups)
      this.#record(builder, node, left, right, gainUnit)
      if (!lastSplit) await this.#histograms(node, left, right, pacer)
      this.#release(node)
      for (const child of [left, right]) {
        if (child.slot >= 0) child.split = this.#findSplit(child, rules, rowHessian, rng)
        // Two slots must stay free for the next pair of children.
        if (this.#free.length < 2) this.#release(child)
      }
      consider(right)
      consider(left)
      await pacer()
    }
    for (const node of open) leaves.push(leafOf(node))
    for (let from = 0; from < leaves.length; from += leavesAtOnce) {
      const some = leaves.slice(from, from + leavesAtOnce)
      runEach(this.#kernels, some.map((leaf, i) => ['sumRows', at.gradient, at.hessian, at.rows + leaf.start * 4, leaf.count, at.leafSums + i * 64]))
      some.forEach((leaf, i) => builder.setValue(leaf.node, leafValue(this.#f64[(at.leafSums >>> 3) + i * 8] as number, this.#f64[(at.leafSums >>> 3) + i * 8 + 1] as number, leaf)))
    }
    builder.endTree(target)
    return leaves
  }

  /** Sums of both children; where the split's feature is monotone, the middle of their values parts what may lie below. */
  #sides(node: Node, split: BinSplit, leftRows: number, rules: SplitRules): [NodeSums, NodeSums] {
    const { low, high } = node.sums
    const left = { g: split.g, h: split.h, rows: leftRows, low, high }
    const right = { g: node.sums.g - split.g, h: node.sums.h - split.h, rows: node.sums.rows - leftRows, low, high }
    const sign = this.#signOf(split.feature)
    if (sign === 0) return [left, right]
    const middle = (valueOf(left.g, left.h, node.sums, rules) + valueOf(right.g, right.h, node.sums, rules)) / 2
    return sign > 0 ? [{ ...left, high: middle }, { ...right, low: middle }] : [{ ...left, low: middle }, { ...right, high: middle }]
  }

  #signOf(feature: number): number {
    return this.#options.constraints?.signs?.[feature] ?? 0
  }

  #drawTreeFeatures(rng: Rng): void {
    const features = this.#bins.length
    const wanted = Math.max(1, Math.round((this.#options.featuresPerTree ?? 1) * features))
    if (wanted >= features) return
    const order = Uint32Array.from({ length: features }, (_, i) => i)
    this.#treeFeatures.fill(0)
    for (let i = 0; i < wanted; i++) {
      const j = i + rng.int(features - i)
      this.#treeFeatures[order[j] as number] = 1
      order[j] = order[i] as number
    }
  }

  /** Every row is in some bin of the first feature. */
  #totalsOf(slot: number): { g: number; h: number } {
    const cells = this.#slotAt(slot) >>> 2
    let [g, h] = [0, 0]
    for (let bin = 0; bin < binsPerFeature; bin++) {
      h += this.#u32[cells + 2 * bin] as number
      g += this.#i32[cells + 2 * bin + 1] as number
    }
    return { g, h }
  }

  #totals(rows: number): { g: number; h: number } {
    const packed = this.#at.packed >>> 2
    let [g, h] = [0, 0]
    for (let i = 0; i < rows; i++) {
      h += this.#u32[packed + 2 * i] as number
      g += this.#i32[packed + 2 * i + 1] as number
    }
    return { g, h }
  }

  #mayGrow(node: { readonly depth: number; readonly sums: { readonly rows: number } }): boolean {
    const { maxDepth, minSamplesLeaf } = this.#options
    return (maxDepth === 0 || node.depth < maxDepth) && node.sums.rows >= 2 * minSamplesLeaf && node.sums.rows >= 2
  }

  #slotAt(slot: number): number {
    return this.#at.histograms + slot * this.#at.stride * binsPerFeature * cellBytes
  }

  #release(node: Node): void {
    if (node.slot >= 0) this.#free.push(node.slot)
    node.slot = -1
  }

  /** Adds up rows of the row list into a slot. */
  async #fill(start: number, count: number, slot: number, pacer: Pacer): Promise<void> {
    const { stride, rows, rowMajor, packed } = this.#at
    const hist = this.#slotAt(slot)
    this.#u8.fill(0, hist, hist + stride * binsPerFeature * cellBytes)
    const step = Math.max(1024, Math.floor(cellsPerCall / stride))
    for (let from = 0; from < count; from += step) {
      this.#kernels.histogram(rowMajor, stride, rows + (start + from) * 4, Math.min(step, count - from), packed, hist)
      await pacer()
    }
  }

  /** Gives slots to children that may grow: the smaller is summed, the larger is the parent minus it. */
  async #histograms(parent: Node, left: Node, right: Node, pacer: Pacer): Promise<void> {
    const [small, large] = left.sums.rows <= right.sums.rows ? [left, right] : [right, left]
    const bytes = this.#at.stride * binsPerFeature * cellBytes
    if (!this.#mayGrow(large)) return
    if (parent.slot < 0) {
      for (const child of [small, large]) {
        if (!this.#mayGrow(child)) continue
        child.slot = this.#free.pop() as number
        await this.#fill(child.start, child.sums.rows, child.slot, pacer)
      }
      return
    }
    small.slot = this.#free.pop() as number
    await this.#fill(small.start, small.sums.rows, small.slot, pacer)
    large.slot = parent.slot
    parent.slot = -1
    this.#kernels.subtract(this.#slotAt(large.slot), this.#slotAt(small.slot), this.#slotAt(large.slot), bytes)
    if (!this.#mayGrow(small)) this.#release(small)
  }

  #takeNext(open: Node[]): Node {
    if (this.#options.maxLeafNodes === 0) return open.pop() as Node
    const byDepth = this.#options.growPolicy === 'depth-wise'
    let best = 0
    let bestGain = Number.NEGATIVE_INFINITY
    open.forEach((node, i) => {
      const gain = byDepth ? -node.depth : (node.split as BinSplit).score - node.own
      if (gain > bestGain || (gain === bestGain && node.id < (open[best] as Node).id)) [best, bestGain] = [i, gain]
    })
    return open.splice(best, 1)[0] as Node
  }

  #findSplit(node: Node, rules: SplitRules, rowHessian: number, rng: Rng): BinSplit | undefined {
    const { h, rows } = node.sums
    const minScore = node.own + minRelativeGain * Math.abs(node.own)
    if (!(h + rules.lambda > 0)) return undefined
    const looked = this.#featuresOf(rng, node.groups)
    const hist = this.#slotAt(node.slot)
    const view: HistogramView = { hessians: this.#u32, gradients: this.#i32, base: hist >>> 2 }
    const numeric = rules.alpha > 0 || this.#options.constraints?.signs ? this.#searchUnderRules(node, view, rules, minScore, looked) : this.#searchPlainly(hist, node.sums, rules, minScore)
    const best = this.#withCategories(numeric, view, node.sums, rules, minScore, looked)
    if (!best || Math.min(best.h, h - best.h) >= rules.minRows * rowHessian) return best
    const left = this.#countLeft(node, best)
    if (left >= rules.minRows && rows - left >= rules.minRows) return best
    return this.#countedSplit(node, view, rules, minScore, looked)
  }

  #searchUnderRules(node: Node, view: HistogramView, rules: SplitRules, minScore: number, looked: (feature: number) => boolean): BinSplit | undefined {
    let best: BinSplit | undefined
    this.#bins.forEach((bins, feature) => {
      if (bins.kind !== 'numeric' || !looked(feature)) return
      best = bestNumberSplit(feature, bins.thresholds.length, view, node.sums, rules, best?.score ?? minScore, this.#signOf(feature)) ?? best
    })
    return best
  }

  #searchPlainly(hist: number, { g, h }: NodeSums, rules: SplitRules, minScore: number): BinSplit | undefined {
    const at = this.#at
    this.#kernels.search(hist, this.#bins.length, at.lastBins, at.modes, g, h, rules.lambda, rules.minH, minScore, at.result)
    const words = at.result >>> 2
    const found = this.#i32[words + 6] as number
    const doubles = at.result >>> 3
    if (found < 0) return undefined
    return {
      feature: found,
      score: this.#f64[doubles] as number,
      g: this.#f64[doubles + 1] as number,
      h: this.#f64[doubles + 2] as number,
      bin: this.#i32[words + 7] as number,
      missingLeft: this.#i32[words + 8] === 1,
    }
  }

  /** Marks in the buffer which numeric features the search may use, and says so for all. */
  #featuresOf(rng: Rng, groups: Node['groups']): (feature: number) => boolean {
    const features = this.#bins.length
    const order = Uint32Array.from({ length: features }, (_, i) => i).filter((f) => this.#treeFeatures[f] === 1 && (!groups || groups.some((group) => group[f] === 1)))
    const wanted = Math.min(order.length, Math.max(1, Math.round(this.#options.maxFeatures * order.length)))
    if (wanted === features) {
      this.#u8.set(this.#baseModes, this.#at.modes)
      return () => true
    }
    const chosen = new Uint8Array(features)
    for (let i = 0; i < wanted; i++) {
      const j = i + (wanted < order.length ? rng.int(order.length - i) : 0)
      const pick = order[j] as number
      order[j] = order[i] as number
      chosen[pick] = 1
    }
    for (let f = 0; f < features; f++) this.#u8[this.#at.modes + f] = chosen[f] === 1 ? (this.#baseModes[f] as number) : 0
    return (feature) => chosen[feature] === 1
  }

  #withCategories(numeric: BinSplit | undefined, view: HistogramView, sums: NodeSums, rules: SplitRules, minScore: number, looked: (feature: number) => boolean): BinSplit | undefined {
    let best = numeric
    for (const feature of this.#categorical) {
      if (!looked(feature)) continue
      const bins = this.#bins[feature] as Bins & { kind: 'categorical' }
      const split = bestCategorySplit(feature, bins.bins, view, sums, rules, minScore)
      if (split && (!best || split.score > best.score || (split.score === best.score && feature < best.feature))) best = split
    }
    return best
  }

  #countLeft(node: Node, split: BinSplit): number {
    this.#markLeft(split)
    const column = this.#at.columns + split.feature * this.#count
    const rows = (this.#at.rows >>> 2) + node.start
    let left = 0
    for (let i = 0; i < node.sums.rows; i++) left += this.#u8[this.#at.goesLeft + (this.#u8[column + (this.#u32[rows + i] as number)] as number)] as number
    return left
  }

  /** The search again, with rows counted a bin, because the best split would leave a side with too few. */
  #countedSplit(node: Node, view: HistogramView, rules: SplitRules, minScore: number, looked: (feature: number) => boolean): BinSplit | undefined {
    const features = this.#bins.length
    const counts = new Uint32Array(features * binsPerFeature)
    const rows = (this.#at.rows >>> 2) + node.start
    for (let feature = 0; feature < features; feature++) {
      const column = this.#at.columns + feature * this.#count
      for (let i = 0; i < node.sums.rows; i++) {
        const cell = feature * binsPerFeature + (this.#u8[column + (this.#u32[rows + i] as number)] as number)
        counts[cell] = (counts[cell] as number) + 1
      }
    }
    const counted = { ...view, counts }
    let best: BinSplit | undefined
    for (let feature = 0; feature < features; feature++) {
      const bins = this.#bins[feature] as Bins
      if (!looked(feature)) continue
      const floor = best?.score ?? minScore
      const split =
        bins.kind === 'categorical'
          ? bestCategorySplit(feature, bins.bins, counted, node.sums, rules, floor)
          : bestNumberSplit(feature, bins.thresholds.length, counted, node.sums, rules, floor, this.#signOf(feature))
      if (split) best = split
    }
    return best
  }

  #markLeft(split: BinSplit): void {
    const table = this.#at.goesLeft
    if (split.leftBins) {
      this.#u8.set(split.leftBins, table)
      return
    }
    this.#u8.fill(1, table, table + split.bin + 1)
    this.#u8.fill(0, table + split.bin + 1, table + binsPerFeature)
    this.#u8[table + missingBin] = split.missingLeft ? 1 : 0
  }

  #partition(node: Node, split: BinSplit): number {
    const at = this.#at
    this.#markLeft(split)
    return this.#kernels.partition(at.columns + split.feature * this.#count, at.rows + node.start * 4, node.sums.rows, at.goesLeft, at.scratch)
  }

  /** Writes the split in terms of values; where no missing value was seen, missing follows the larger side. */
  #record(builder: TreesBuilder, node: Node, left: Node, right: Node, gainUnit: number): void {
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
