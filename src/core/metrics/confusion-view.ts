/** What label metrics read of a confusion table. */
import type { Score } from './metric.ts'

/** Sums of a confusion table by class. */
export class ConfusionView {
  readonly classes: readonly string[]
  /** Rows of the class. */
  readonly actual: Float64Array
  /** Rows given the class. */
  readonly predicted: Float64Array
  /** Rows of the class that were given it. */
  readonly hits: Float64Array
  readonly total: number

  /** @param confusion shape (classes x classes), actual by predicted, row-major */
  constructor(confusion: ArrayLike<number>, classes: readonly string[]) {
    const k = classes.length
    this.classes = classes
    this.actual = new Float64Array(k)
    this.predicted = new Float64Array(k)
    this.hits = new Float64Array(k)
    let total = 0
    for (let a = 0; a < k; a++) {
      for (let p = 0; p < k; p++) {
        const count = confusion[a * k + p] as number
        this.actual[a] = (this.actual[a] as number) + count
        this.predicted[p] = (this.predicted[p] as number) + count
        if (a === p) this.hits[a] = count
        total += count
      }
    }
    this.total = total
  }
  precision(c: number): number | null {
    return this.predicted[c] === 0 ? null : (this.hits[c] as number) / (this.predicted[c] as number)
  }
  recall(c: number): number | null {
    return this.actual[c] === 0 ? null : (this.hits[c] as number) / (this.actual[c] as number)
  }
  /** null only where the class neither occurs nor is predicted. */
  f1(c: number): number | null {
    const rows = (this.actual[c] as number) + (this.predicted[c] as number)
    return rows === 0 ? null : (2 * (this.hits[c] as number)) / rows
  }
  /** Plain mean over classes that occur or are predicted; a class without a value counts 0. */
  macro(of: (c: number) => number | null): Score {
    let sum = 0
    let seen = 0
    for (let c = 0; c < this.classes.length; c++) {
      if (this.actual[c] === 0 && this.predicted[c] === 0) continue
      sum += of(c) ?? 0
      seen++
    }
    return { value: sum / seen }
  }
  /** Mean weighted by the rows of each class; a class without a value counts 0. */
  weighted(of: (c: number) => number | null): Score {
    let sum = 0
    for (let c = 0; c < this.classes.length; c++) if (this.actual[c] !== 0) sum += (of(c) ?? 0) * (this.actual[c] as number)
    return { value: sum / this.total }
  }
}
