/** Makes a metric out of the one function that is its own, and guards what all metrics promise. */
import type { Metric, Score } from './metric.ts'
import { Sample, wholeDraw } from './sample.ts'
import type { Draw } from './sample.ts'

type Described = Omit<Metric, 'compute' | 'scoreDraw' | 'scoreConfusion'>

const noRows: Score = { undefined: 'there are no rows' }
const notFinite: Score = { undefined: 'a prediction is not a finite number, or too large to be squared' }

/** A metric of rows with their probabilities or values. */
export function defineMetric(about: Described, score: (draw: Draw) => Score): Metric {
  const scoreDraw = (draw: Draw): Score => (draw.total === 0 ? noRows : draw.sample.finite ? finite(score(draw)) : notFinite)
  return { ...about, scoreDraw, compute: (input) => scoreDraw(wholeDraw(new Sample(input))) }
}

/** A metric that the confusion table alone decides. */
export function defineLabelMetric(about: Omit<Described, 'needs'>, score: (table: ConfusionView) => Score): Metric {
  const scoreConfusion = (confusion: ArrayLike<number>, classes: readonly string[]): Score => {
    const table = new ConfusionView(confusion, classes)
    return table.total === 0 ? noRows : finite(score(table))
  }
  const metric = defineMetric({ ...about, needs: 'label' }, (draw) => scoreConfusion(draw.confusion(), draw.sample.classes))
  return { ...metric, scoreConfusion }
}

function finite(score: Score): Score {
  if ('undefined' in score || Number.isFinite(score.value)) return score
  return notFinite
}

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

export const scoreOr = (value: number | null, reason: string): Score => (value === null ? { undefined: reason } : { value })
