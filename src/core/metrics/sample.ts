/**
 * What metrics read. A `Sample` holds facts about rows that never change (sorted order, confusion cell);
 * a `Draw` says how often each row counts. Scoring a draw costs O(rows) without sorting, which is what
 * makes a thousand bootstrap resamples affordable.
 */
import { labelsOf, predictionRows } from '../data/target.ts'
import type { ClassPrediction, ClassTarget, RegressionPrediction, RegressionTarget } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { ConfusionView } from './confusion-view.ts'
import type { MetricInput } from './metric.ts'

/** Rows by falling probability of one class. */
export interface Ranked {
  /** Shape (rows), row numbers into the sample. */
  readonly order: Int32Array
  /** Shape (rows), in that order: 1 where the row is of the class. */
  readonly positive: Uint8Array
  /** Shape (rows), in that order: 1 where the next probability is lower, or there is none. */
  readonly endsTie: Uint8Array
}

export class Sample {
  readonly input: MetricInput
  readonly rows: number
  /** Class names; empty for regression. */
  readonly classes: readonly string[]
  /** False where a prediction is NaN or infinite: then nothing can be scored. */
  readonly finite: boolean
  readonly #ranked = new Map<number, Ranked>()
  readonly #perRow = new Map<string, Float64Array>()
  #cells: Int32Array | undefined
  #byError: { readonly order: Int32Array; readonly errors: Float64Array } | undefined

  /** @throws StudioError bug where truth and prediction do not belong together */
  constructor(input: MetricInput) {
    const { target, prediction } = input
    if (target.task !== prediction.task) throw mismatch('task', prediction.task, target.task)
    this.input = input
    this.rows = target.task === 'regression' ? target.values.length : target.codes.length
    this.classes = target.task === 'regression' ? [] : target.classes
    if (predictionRows(prediction) !== this.rows) throw mismatch('rows', predictionRows(prediction), this.rows)
    if (prediction.task !== 'regression' && prediction.classes.length !== this.classes.length) {
      throw mismatch('classes', prediction.classes.length, this.classes.length)
    }
    this.finite = (prediction.task === 'regression' ? prediction.values : prediction.probabilities).every(Number.isFinite)
  }

  get truth(): ClassTarget {
    return this.input.target as ClassTarget
  }
  get prediction(): ClassPrediction {
    return this.input.prediction as ClassPrediction
  }
  get values(): { readonly actual: Float64Array; readonly predicted: Float64Array } {
    return { actual: (this.input.target as RegressionTarget).values, predicted: (this.input.prediction as RegressionPrediction).values }
  }

  /** Shape (rows): a loss of each row, computed once and kept under the metric's id. */
  perRow(id: string, lossOf: (row: number) => number): Float64Array {
    const known = this.#perRow.get(id)
    if (known) return known
    const losses = new Float64Array(this.rows)
    for (let row = 0; row < losses.length; row++) losses[row] = lossOf(row)
    this.#perRow.set(id, losses)
    return losses
  }

  /** Shape (rows): actual x classes + predicted. */
  cells(): Int32Array {
    if (this.#cells) return this.#cells
    const k = this.classes.length
    const { codes } = this.truth
    const cells = labelsOf(this.prediction, this.input.threshold ?? 0.5)
    for (let row = 0; row < cells.length; row++) cells[row] = (codes[row] as number) * k + (cells[row] as number)
    this.#cells = cells
    return cells
  }

  ranked(classIndex: number): Ranked {
    const known = this.#ranked.get(classIndex)
    if (known) return known
    const { rows, classes } = this
    const { probabilities } = this.prediction
    const { codes } = this.truth
    const scores = new Float64Array(rows)
    for (let row = 0; row < rows; row++) scores[row] = probabilities[row * classes.length + classIndex] as number
    const order = sortedOrder(scores, -1)
    const positive = new Uint8Array(rows)
    const endsTie = new Uint8Array(rows)
    for (let i = 0; i < rows; i++) {
      const row = order[i] as number
      positive[i] = codes[row] === classIndex ? 1 : 0
      endsTie[i] = i === rows - 1 || scores[order[i + 1] as number] !== scores[row] ? 1 : 0
    }
    const ranked = { order, positive, endsTie }
    this.#ranked.set(classIndex, ranked)
    return ranked
  }

  /** Regression: rows by rising absolute error, and those errors in that order. */
  byError(): { readonly order: Int32Array; readonly errors: Float64Array } {
    if (this.#byError) return this.#byError
    const { actual, predicted } = this.values
    const errors = new Float64Array(this.rows)
    for (let row = 0; row < this.rows; row++) errors[row] = Math.abs((actual[row] as number) - (predicted[row] as number))
    const order = sortedOrder(errors, 1)
    this.#byError = { order, errors: errors.sort() }
    return this.#byError
  }
}

function mismatch(what: string, received: string | number, wanted: string | number): StudioError {
  return new StudioError({ code: 'bug', message: `invalid prediction; ${what} must be those of the target (${wanted}): ${received}` })
}

/** Row numbers by value, rising (1) or falling (-1); equal values in row order. */
export function sortedOrder(values: Float64Array, direction: 1 | -1): Int32Array {
  const order = new Int32Array(values.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  return order.sort((a, b) => direction * ((values[a] as number) - (values[b] as number)) || a - b)
}

/** Areas under the curves of one class against the rest. */
export interface Ranking {
  readonly positives: number
  readonly negatives: number
  /** Meaningful where both are above 0. */
  readonly rocAuc: number
  /** Meaningful where positives is above 0. */
  readonly averagePrecision: number
}

/** How often each row of a sample counts; figures that several metrics share are computed once. */
export class Draw {
  readonly sample: Sample
  /** Shape (rows). */
  readonly counts: Uint32Array
  readonly #rankings = new Map<number, Ranking>()
  #total: number | undefined
  #confusion: Float64Array | undefined
  #view: ConfusionView | undefined

  constructor(sample: Sample, counts: Uint32Array) {
    this.sample = sample
    this.counts = counts
  }

  /** Number of rows, repeats included. */
  get total(): number {
    if (this.#total === undefined) {
      let total = 0
      for (let row = 0; row < this.counts.length; row++) total += this.counts[row] as number
      this.#total = total
    }
    return this.#total
  }

  /** Mean of a figure of each row. @param values shape (rows) */
  mean(values: Float64Array): number {
    const { counts } = this
    let sum = 0
    for (let row = 0; row < values.length; row++) sum += (counts[row] as number) * (values[row] as number)
    return sum / this.total
  }

  /** Shape (classes x classes), actual by predicted, row-major. */
  confusion(): Float64Array {
    if (this.#confusion) return this.#confusion
    const cells = this.sample.cells()
    const table = new Float64Array(this.sample.classes.length ** 2)
    for (let row = 0; row < cells.length; row++) {
      const cell = cells[row] as number
      table[cell] = (table[cell] as number) + (this.counts[row] as number)
    }
    this.#confusion = table
    return table
  }

  confusionView(): ConfusionView {
    return (this.#view ??= new ConfusionView(this.confusion(), this.sample.classes))
  }

  ranking(classIndex: number): Ranking {
    const known = this.#rankings.get(classIndex)
    if (known) return known
    const { order, positive, endsTie } = this.sample.ranked(classIndex)
    const { counts } = this
    let hits = 0
    let misses = 0
    let tieHits = 0
    let tieMisses = 0
    let pairs = 0
    let precisionSum = 0
    for (let i = 0; i < order.length; i++) {
      const count = counts[order[i] as number] as number
      if (positive[i] === 1) tieHits += count
      else tieMisses += count
      if (endsTie[i] === 0) continue
      // Every miss of this tie is beaten by all hits above it and by half of those beside it.
      pairs += tieMisses * (hits + tieHits / 2)
      hits += tieHits
      misses += tieMisses
      if (tieHits > 0) precisionSum += tieHits * (hits / (hits + misses))
      tieHits = 0
      tieMisses = 0
    }
    const ranking = { positives: hits, negatives: misses, rocAuc: pairs / (hits * misses), averagePrecision: precisionSum / hits }
    this.#rankings.set(classIndex, ranking)
    return ranking
  }
}

/** Every row once. */
export const wholeDraw = (sample: Sample): Draw => new Draw(sample, new Uint32Array(sample.rows).fill(1))
