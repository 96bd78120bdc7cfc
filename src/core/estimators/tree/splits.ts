/**
 * Splits that the kernel's search does not know: sets of categories, splits under an exact limit on the rows of
 * a side, under an L1 penalty, and under monotone constraints (Chen & Guestrin 2016; XGBoost's tutorial on them). Both read a node's histogram; scores are those of BoostingKernels.search.
 *
 * Source: categories sorted by gradient over hessian (Fisher 1958; LightGBM's "Advanced Topics",
 * scikit-learn's HistGradientBoosting): smoothing and support of 10 rows as there; missing is a
 * category like any other.
 */
import { binsPerFeature, missingBin } from '../../../kernels/boosting.ts'

/** Sums of a node in the histogram's whole numbers. */
export interface NodeSums {
  readonly g: number
  readonly h: number
  readonly rows: number
  /** Where its value must lie, as gradient over hessian; infinite where nothing binds it. */
  readonly low: number
  readonly high: number
}
export interface BinSplit {
  readonly feature: number
  readonly score: number
  readonly g: number
  readonly h: number
  /** Numbers: the last bin on the left. Categories: -1. */
  readonly bin: number
  readonly missingLeft: boolean
  /** Categories: shape (256), 1 for bins that go left. */
  readonly leftBins?: Uint8Array
}
export interface SplitRules {
  readonly lambda: number
  /** L1 penalty, in the histogram's gradients. */
  readonly alpha: number
  /** Least hessian of a side. */
  readonly minH: number
  readonly minRows: number
}
/** One histogram: hessians at 2 * cell, gradients at 2 * cell + 1, and row counts where they were needed. */
export interface HistogramView {
  readonly hessians: Uint32Array
  readonly gradients: Int32Array
  /** Where the histogram begins, in 32-bit words. */
  readonly base: number
  /** Shape (features, 256). */
  readonly counts?: Uint32Array
}

const support = 10

/** The best value of some rows, -g / (h + lambda) with g drawn towards zero by alpha, within the node's bounds. */
export function valueOf(g: number, h: number, node: NodeSums, rules: SplitRules): number {
  const drawn = g > rules.alpha ? g - rules.alpha : g < -rules.alpha ? g + rules.alpha : 0
  return Math.min(node.high, Math.max(node.low, -drawn / (h + rules.lambda)))
}

/** How much a value lowers the loss of some rows, doubled: g^2 / (h + lambda) for the best value without L1 and bounds. */
export function loweringOf(g: number, h: number, value: number, rules: SplitRules): number {
  return -(2 * g * value + (h + rules.lambda) * value * value + 2 * rules.alpha * Math.abs(value))
}

/** @param sign +1 where values must not fall from left to right, -1 where they must not rise, else 0 */
export function scoreOf(g: number, h: number, node: NodeSums, rules: SplitRules, sign = 0): number {
  const gr = node.g - g
  const hr = node.h - h
  if (sign === 0 && rules.alpha === 0 && node.low === Number.NEGATIVE_INFINITY && node.high === Number.POSITIVE_INFINITY) {
    const a = h + rules.lambda
    const b = hr + rules.lambda
    return (g * g * b + gr * gr * a) / (a * b)
  }
  const left = valueOf(g, h, node, rules)
  const right = valueOf(gr, hr, node, rules)
  if ((sign > 0 && left > right) || (sign < 0 && left < right)) return Number.NEGATIVE_INFINITY
  return loweringOf(g, h, left, rules) + loweringOf(gr, hr, right, rules)
}

/** Whether both sides are large enough; rows are only checked where they were counted. */
function allowed(h: number, rows: number, node: NodeSums, rules: SplitRules, counted: boolean): boolean {
  if (h < rules.minH || node.h - h < rules.minH) return false
  return !counted || (rows >= rules.minRows && node.rows - rows >= rules.minRows)
}

export function bestCategorySplit(feature: number, bins: number, view: HistogramView, node: NodeSums, rules: SplitRules, minScore: number): BinSplit | undefined {
  const cellOf = (bin: number): number => view.base + (feature * binsPerFeature + bin) * 2
  const hessianOf = (bin: number): number => view.hessians[cellOf(bin)] as number
  const gradientOf = (bin: number): number => view.gradients[cellOf(bin) + 1] as number
  const rowsPerHessian = node.rows / node.h
  const smoothing = support / rowsPerHessian
  const order: number[] = []
  for (let bin = 0; bin <= bins; bin++) {
    const actual = bin === bins ? missingBin : bin
    if (hessianOf(actual) * rowsPerHessian >= support) order.push(actual)
  }
  const rank = (bin: number): number => gradientOf(bin) / (hessianOf(bin) + smoothing)
  order.sort((a, b) => rank(a) - rank(b) || a - b)
  let best: BinSplit | undefined
  for (const fromEnd of [false, true]) {
    let [g, h, rows] = [0, 0, 0]
    const upTo = Math.ceil(order.length / 2)
    for (let i = 0; i < upTo; i++) {
      const bin = order[fromEnd ? order.length - 1 - i : i] as number
      g += gradientOf(bin)
      h += hessianOf(bin)
      rows += view.counts ? (view.counts[feature * binsPerFeature + bin] as number) : 0
      if (!allowed(h, rows, node, rules, view.counts !== undefined)) continue
      const score = scoreOf(g, h, node, rules)
      if (score <= (best?.score ?? minScore)) continue
      const leftBins = new Uint8Array(binsPerFeature)
      for (let j = 0; j <= i; j++) leftBins[order[fromEnd ? order.length - 1 - j : j] as number] = 1
      best = { feature, score, g, h, bin: -1, missingLeft: leftBins[missingBin] === 1, leftBins }
    }
  }
  return best
}

/** The kernel's search for one feature, with rows counted where the view has counts, L1, bounds, and a direction. */
export function bestNumberSplit(feature: number, lastBin: number, view: HistogramView, node: NodeSums, rules: SplitRules, minScore: number, sign: number): BinSplit | undefined {
  const { counts } = view
  const cell = view.base + feature * binsPerFeature * 2
  const rowsIn = (bin: number): number => (counts ? (counts[feature * binsPerFeature + bin] as number) : 0)
  const isEmpty = (bin: number): boolean => (counts ? rowsIn(bin) === 0 : view.hessians[cell + 2 * bin] === 0 && view.gradients[cell + 2 * bin + 1] === 0)
  const missingRows = rowsIn(missingBin)
  const sawMissing = !isEmpty(missingBin)
  let best: BinSplit | undefined
  for (const missingLeft of sawMissing ? [false, true] : [false]) {
    let g = missingLeft ? (view.gradients[cell + 2 * missingBin + 1] as number) : 0
    let h = missingLeft ? (view.hessians[cell + 2 * missingBin] as number) : 0
    let rows = missingLeft ? missingRows : 0
    const stop = sawMissing && !missingLeft ? lastBin + 1 : lastBin
    for (let bin = 0; bin < stop; bin++) {
      if (isEmpty(bin)) continue
      g += view.gradients[cell + 2 * bin + 1] as number
      h += view.hessians[cell + 2 * bin] as number
      rows += rowsIn(bin)
      if (!allowed(h, rows, node, rules, counts !== undefined)) continue
      const score = scoreOf(g, h, node, rules, sign)
      if (score > (best?.score ?? minScore)) best = { feature, score, g, h, bin, missingLeft }
    }
  }
  return best
}
