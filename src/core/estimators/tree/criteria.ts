/**
 * Impurity of a node and of both sides while rows move from right to left: Gini and entropy for
 * classes, squared error for numbers (absolute error: absolute-error.ts). The proxy grows as the split gets better and leaves out what is
 * the same for all splits of a node.
 *
 * Source: Breiman et al. 1984; scikit-learn's tree/_criterion.pyx for the proxies.
 */
import type { Target } from '../../data/target.ts'
import { absoluteError } from './absolute-error.ts'
import { log2 } from '../../math/elementary.ts'

export interface Criterion {
  /** Values of a leaf: class shares, or one mean. */
  readonly width: number
  /** Takes a node's rows, all of them on the right. */
  enter(rows: Uint32Array, from: number, to: number): void
  /** All rows back to the right. */
  reset(): void
  /** Moves one row to the left. */
  move(row: number): void
  proxy(): number
  /** Of the node that was entered. */
  readonly weight: number
  impurity(): number
  /** Weighted impurity of both sides, as they are now. */
  sidesImpurity(): number
  isPure(): boolean
  values(): number[]
  /** What categories are put in order by; one entry an ordering. @returns mean target or share of class */
  orderings(): number
  levelOf(rows: Uint32Array, from: number, to: number, ordering: number): number
}

/** What a split lowers: of classes, and of numbers. */
export interface CriterionChoice {
  readonly classes: 'gini' | 'entropy'
  readonly numbers: 'squared' | 'absolute'
}

export function criterionFor(y: Target, choice: CriterionChoice, weights: Float64Array | undefined): Criterion {
  if (y.task !== 'regression') return classImpurity(y.codes, y.classes.length, choice.classes, weights)
  return choice.numbers === 'absolute' ? absoluteError(y.values, weights) : squaredError(y.values, weights)
}

function squaredError(values: Float64Array, weights: Float64Array | undefined): Criterion {
  // Sums around a value of the data's own size lose fewer digits than sums around zero.
  let centre = 0
  for (let i = 0; i < values.length; i++) centre += ((values[i] as number) - centre) / (i + 1)
  let [weight, sum, squares, leftWeight, leftSum, pure] = [0, 0, 0, 0, 0, true]
  const weightOf = (row: number): number => (weights ? (weights[row] as number) : 1)
  const part = (w: number, s: number): number => (w > 0 ? (s * s) / w : 0)
  return {
    width: 1,
    enter(rows, from, to) {
      weight = sum = squares = 0
      pure = true
      const first = values[rows[from] as number]
      for (let i = from; i < to; i++) {
        const row = rows[i] as number
        const w = weightOf(row)
        const v = (values[row] as number) - centre
        weight += w
        sum += w * v
        squares += w * v * v
        if (values[row] !== first) pure = false
      }
      leftWeight = leftSum = 0
    },
    reset() {
      leftWeight = leftSum = 0
    },
    move(row) {
      const w = weightOf(row)
      leftWeight += w
      leftSum += w * ((values[row] as number) - centre)
    },
    proxy: () => part(leftWeight, leftSum) + part(weight - leftWeight, sum - leftSum),
    get weight() {
      return weight
    },
    impurity: () => Math.max(0, squares / weight - (sum / weight) ** 2),
    sidesImpurity: () => squares - part(leftWeight, leftSum) - part(weight - leftWeight, sum - leftSum),
    isPure: () => pure,
    values: () => [weight > 0 ? centre + sum / weight : centre],
    orderings: () => 1,
    levelOf(rows, from, to) {
      let [w, s] = [0, 0]
      for (let i = from; i < to; i++) {
        w += weightOf(rows[i] as number)
        s += weightOf(rows[i] as number) * ((values[rows[i] as number] as number) - centre)
      }
      return w > 0 ? s / w : 0
    },
  }
}

function classImpurity(codes: Int32Array, classes: number, kind: 'gini' | 'entropy', weights: Float64Array | undefined): Criterion {
  const total = new Float64Array(classes)
  const left = new Float64Array(classes)
  let [weight, leftWeight, present] = [0, 0, 0]
  const weightOf = (row: number): number => (weights ? (weights[row] as number) : 1)
  /** Gini: sum of squares over the weight. Entropy: weight times the negative entropy. */
  const part = (w: number, side: (k: number) => number): number => {
    if (!(w > 0)) return 0
    let sum = 0
    for (let k = 0; k < classes; k++) {
      const c = side(k)
      if (c > 0) sum += kind === 'gini' ? (c * c) / w : c * log2(c / w)
    }
    return sum
  }
  const fromLeft = (k: number): number => left[k] as number
  const fromRight = (k: number): number => (total[k] as number) - (left[k] as number)
  const proxy = (): number => part(leftWeight, fromLeft) + part(weight - leftWeight, fromRight)
  return {
    width: classes,
    enter(rows, from, to) {
      total.fill(0)
      left.fill(0)
      weight = leftWeight = 0
      const seen = new Uint8Array(classes)
      for (let i = from; i < to; i++) {
        const row = rows[i] as number
        const code = codes[row] as number
        total[code] = (total[code] as number) + weightOf(row)
        weight += weightOf(row)
        seen[code] = 1
      }
      present = seen.reduce((a, b) => a + b, 0)
    },
    reset() {
      left.fill(0)
      leftWeight = 0
    },
    move(row) {
      const code = codes[row] as number
      left[code] = (left[code] as number) + weightOf(row)
      leftWeight += weightOf(row)
    },
    proxy,
    get weight() {
      return weight
    },
    impurity: () => (kind === 'gini' ? 1 - part(weight, (k) => total[k] as number) / weight : -part(weight, (k) => total[k] as number) / weight),
    sidesImpurity: () => (kind === 'gini' ? weight - proxy() : -proxy()),
    isPure: () => present <= 1,
    values: () => Array.from(total, (c) => (weight > 0 ? c / weight : 1 / classes)),
    orderings: () => (classes <= 2 ? 1 : classes),
    levelOf(rows, from, to, ordering) {
      const wanted = classes <= 2 ? classes - 1 : ordering
      let [w, s] = [0, 0]
      for (let i = from; i < to; i++) {
        const row = rows[i] as number
        w += weightOf(row)
        if (codes[row] === wanted) s += weightOf(row)
      }
      return w > 0 ? s / w : 0
    },
  }
}
