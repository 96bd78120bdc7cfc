/**
 * Cyclic boosting of shape functions: the terms take turns, each adds one small step a round, with a rate
 * so low that their order hardly matters (Lou, Caruana & Gehrke 2012; Nori et al. 2019).
 */
import type { Target } from '../../data/target.ts'
import { exp, log } from '../../math/elementary.ts'
import type { Pacer } from '../tree/pacer.ts'
import { growCross, growLine, type CellSums, type StepRules } from './grow.ts'

export interface Term {
  /** Shape (rows): row of the grid times its columns, plus column. */
  readonly cells: Uint16Array
  readonly rows: number
  /** 1 for a single feature. */
  readonly columns: number
  /** Cells as they lie beside one another; empty: by their mean gradient, as categories have no order. */
  readonly order: Uint16Array
}
export interface BoostOptions extends StepRules {
  readonly learningRate: number
  readonly maxIter: number
  /** Rounds without a better held-out loss before the end. */
  readonly patience: number
}
/** Where boosting stands after a round: all that the next one depends on. */
export interface BoostPlace {
  readonly round: number
  readonly bestRound: number
  readonly bestLoss: number
  readonly tables: readonly Float64Array[]
  readonly best: readonly Float64Array[]
  /** Scores, as they were summed: adding up the tables would round otherwise. */
  readonly raw: Float64Array
}
export interface BoostEnd {
  /** A table a term, row-major, shape (cells, outputs), of the best round. */
  readonly tables: readonly Float64Array[]
  readonly rounds: number
}

/** Raw scores, gradients and hessians of all rows, a plane an output. */
export class Scores {
  readonly outputs: number
  readonly rows: number
  readonly raw: Float64Array
  readonly gradients: Float64Array
  readonly hessians: Float64Array
  readonly #y: Target
  readonly #weights: Float64Array

  constructor(y: Target, weights: Float64Array, base: readonly number[]) {
    this.#y = y
    this.#weights = weights
    this.rows = weights.length
    this.outputs = base.length
    this.raw = new Float64Array(this.rows * this.outputs)
    base.forEach((value, o) => this.raw.fill(value, o * this.rows, (o + 1) * this.rows))
    this.gradients = new Float64Array(this.raw.length)
    this.hessians = new Float64Array(this.raw.length)
  }

  /** Recomputes gradients of `part`; returns the mean loss of it. */
  refresh(part: Uint32Array, wantLoss: boolean): number {
    const { raw, gradients, hessians, outputs, rows } = this
    const y = this.#y
    let loss = 0
    let total = 0
    for (let i = 0; i < part.length; i++) {
      const row = part[i] as number
      const weight = this.#weights[row] as number
      total += weight
      if (y.task === 'regression') {
        const error = (raw[row] as number) - (y.values[row] as number)
        gradients[row] = weight * error
        hessians[row] = weight
        loss += weight * error * error
        continue
      }
      const code = y.codes[row] as number
      if (outputs === 1) {
        const z = raw[row] as number
        const e = exp(-Math.abs(z))
        const p = z >= 0 ? 1 / (1 + e) : e / (1 + e)
        gradients[row] = weight * (p - code)
        hessians[row] = weight * p * (1 - p)
        if (wantLoss) loss += weight * (log(1 + e) + ((code === 1) === z < 0 ? Math.abs(z) : 0))
        continue
      }
      let largest = Number.NEGATIVE_INFINITY
      for (let o = 0; o < outputs; o++) largest = Math.max(largest, raw[o * rows + row] as number)
      let sum = 0
      for (let o = 0; o < outputs; o++) sum += gradients[o * rows + row] = exp((raw[o * rows + row] as number) - largest)
      for (let o = 0; o < outputs; o++) {
        const p = (gradients[o * rows + row] as number) / sum
        gradients[o * rows + row] = weight * (p - (o === code ? 1 : 0))
        hessians[o * rows + row] = weight * p * (1 - p)
      }
      if (wantLoss) loss += weight * (log(sum) + largest - (raw[code * rows + row] as number))
    }
    return total > 0 ? loss / total : 0
  }

  sums(term: Term, output: number, part: Uint32Array, into: CellSums): void {
    const { gradients, hessians, rows } = this
    into.gradients.fill(0)
    into.hessians.fill(0)
    into.counts.fill(0)
    const at = output * rows
    for (let i = 0; i < part.length; i++) {
      const row = part[i] as number
      const cell = term.cells[row] as number
      into.gradients[cell] = (into.gradients[cell] as number) + (gradients[at + row] as number)
      into.hessians[cell] = (into.hessians[cell] as number) + (hessians[at + row] as number)
      into.counts[cell] = (into.counts[cell] as number) + 1
    }
  }
}

export const emptySums = (cells: number): CellSums => ({ gradients: new Float64Array(cells), hessians: new Float64Array(cells), counts: new Float64Array(cells) })

/**
 * @param learn rows that steps are fitted on; @param judge rows that end it, none: all rounds are taken
 * @param onRound after each round; true ends it
 * @param keep after each round that is not the last; @param from where an earlier call stood
 */
export async function boostTerms(scores: Scores, terms: readonly Term[], learn: Uint32Array, judge: Uint32Array, options: BoostOptions, pace: Pacer, onRound: (round: number, trainLoss: number, judgeLoss: number | undefined) => boolean, keep: (place: BoostPlace) => Promise<unknown> | undefined, from?: BoostPlace): Promise<BoostEnd> {
  const { outputs, rows, raw } = scores
  const tables = from?.tables ?? terms.map((term) => new Float64Array(term.rows * term.columns * outputs))
  const sums = terms.map((term) => emptySums(term.rows * term.columns))
  const updates = terms.map((term) => Array.from({ length: outputs }, () => new Float64Array(term.rows * term.columns)))
  let best = from?.best ?? tables.map((table) => table.slice())
  if (from) raw.set(from.raw)
  scores.refresh(learn, false)
  let bestLoss = from?.bestLoss ?? (judge.length > 0 ? scores.refresh(judge, true) : Number.POSITIVE_INFINITY)
  let bestRound = from?.bestRound ?? 0
  for (let round = (from?.round ?? 0) + 1; round <= options.maxIter; round++) {
    for (let t = 0; t < terms.length; t++) {
      const term = terms[t] as Term
      const table = tables[t] as Float64Array
      const cellSums = sums[t] as CellSums
      const steps = updates[t] as Float64Array[]
      for (let o = 0; o < outputs; o++) {
        scores.sums(term, o, learn, cellSums)
        const update = steps[o] as Float64Array
        if (term.columns > 1) growCross(cellSums, term.rows, term.columns, options.minSamplesLeaf, update)
        else growLine(cellSums, term.order.length > 0 ? term.order : byGradient(cellSums), options, update)
        for (let cell = 0; cell < update.length; cell++) {
          const step = (update[cell] as number) * options.learningRate
          update[cell] = step
          table[cell * outputs + o] = (table[cell * outputs + o] as number) + step
        }
      }
      for (let o = 0; o < outputs; o++) {
        const update = steps[o] as Float64Array
        for (let row = 0; row < rows; row++) raw[o * rows + row] = (raw[o * rows + row] as number) + (update[term.cells[row] as number] as number)
      }
      if (t + 1 < terms.length) scores.refresh(learn, false)
      await pace()
    }
    const trainLoss = scores.refresh(learn, true)
    const judgeLoss = judge.length > 0 ? scores.refresh(judge, true) : undefined
    const loss = judgeLoss ?? trainLoss
    if (loss < bestLoss) {
      bestLoss = loss
      bestRound = round
      best = tables.map((table) => table.slice())
    }
    const stop = onRound(round, trainLoss, judgeLoss)
    if (stop || round - bestRound >= options.patience) break
    await keep({ round, bestRound, bestLoss, tables, best, raw })
  }
  return { tables: best, rounds: bestRound }
}

function byGradient({ gradients, hessians, counts }: CellSums): Uint16Array {
  const mean = Float64Array.from(gradients, (g, cell) => ((counts[cell] as number) > 0 ? g / Math.max(hessians[cell] as number, 1e-12) : 0))
  return Uint16Array.from(Array.from(mean.keys()).sort((a, b) => (mean[a] as number) - (mean[b] as number) || a - b))
}
