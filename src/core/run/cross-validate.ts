/**
 * Cross-validation: for each fold the recipe is fitted and the model trained on the other rows, and the
 * held-out rows are predicted. Nothing is learnt from a row that judges.
 */
import type { Context } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { classesOf } from '../data/encode-target.ts'
import { makeFolds, type Fold, type FoldSpec } from '../data/folds.ts'
import type { Split, SplitSpec } from '../data/split.ts'
import type { Prediction, TargetSpec } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import type { FitState, Savepoint } from '../savepoint.ts'
import type { Stages } from './keeper.ts'
import type { RunSpec } from './run-spec.ts'
import { aloneOn, aside, judging, sideBySide, type FoldAnswer, type FoldRecipe } from './fold.ts'

export interface FoldScore {
  readonly metric: string
  /** One a fold, in order; null where undefined. */
  readonly values: readonly (number | null)[]
  /** Over the folds where it is defined; null where there is none. */
  readonly mean: number | null
  /** Sample standard deviation over those folds (n - 1); null under two. */
  readonly sd: number | null
}
export interface CrossValidation {
  readonly folds: number
  readonly repeats: number
  /** Rows that took part. */
  readonly rows: number
  readonly scores: readonly FoldScore[]
}
export interface OutOfFold {
  /** Dataset row numbers, rising: every row that was held out in the first repeat. */
  readonly rows: Uint32Array
  /** Each row's prediction by the model that had not seen it. */
  readonly prediction: Prediction
}

/** Under this many rows a single validation part says little, so runs are cross-validated by default. */
export const fewRows = 1000
export const defaultFolds = 5

/** Folds that treat rows as the split does; a split by a column leaves the dealing to chance, unless it says how its rows were dealt. */
export function foldsLike(split: SplitSpec, target: TargetSpec, folds: number, repeats?: number): FoldSpec {
  const { seed } = split
  const strategy = (split.strategy.kind === 'column' ? split.strategy.like : undefined) ?? split.strategy
  // The order of time is given: it cannot be dealt anew.
  const again = repeats === undefined || strategy.kind === 'time' ? {} : { repeats }
  if (strategy.kind === 'grouped' || strategy.kind === 'time') return { strategy, folds, seed, ...again }
  return { strategy: target.task === 'regression' ? { kind: 'random' } : { kind: 'stratified', column: target.column }, folds, seed, ...again }
}

/**
 * The folds that a run is judged by. One that learnt from more than a sampled run would need more memory, and judge another model.
 * @param rows how many take part
 */
export function foldsOfRun({ split, target, sampleRows }: Pick<RunSpec, 'split' | 'target' | 'sampleRows'>, rows: number, folds: number, repeats?: number): FoldSpec {
  const each = Math.round((rows * (folds - 1)) / folds)
  return { ...foldsLike(split, target, folds, repeats), ...(sampleRows !== undefined && sampleRows < each ? { trainShare: sampleRows / each } : {}) }
}

/** The rows of a split that folds may use: all but the sealed test part. */
export function unsealedRows({ train, valid }: Pick<Split, 'train' | 'valid'>): Uint32Array {
  const rows = new Uint32Array(train.length + valid.length)
  rows.set(train)
  rows.set(valid, train.length)
  return rows.sort()
}

/**
 * @param rows rows that take part, each with a target
 * @param keeper keeps each fold that is done and how far those under way came, and has those of an interrupted run
 * @throws StudioError bad-data, bad-param, unsupported, diverged, cancelled; names the fold that failed
 */
export async function crossValidate(spec: FoldRecipe, dataset: Dataset, rows: Uint32Array, folding: FoldSpec, context: Context, keeper?: Stages): Promise<{ readonly result: CrossValidation; readonly outOfFold: OutOfFold; /** Milliseconds of work. */ readonly spent: number }> {
  const column = columnNamed(dataset, spec.target.column)
  const classes = spec.target.task === 'regression' ? [] : classesOf(column, spec.target, rows)
  const folds = makeFolds(dataset.columns, rows, folding)
  const pool = context.pool ?? aloneOn(dataset)
  let done = 0
  const tell = (): void => context.report({ kind: 'step', phase: 'cross-validate', done, total: folds.length })
  /** What a person hears of a fold under way is how many are done. */
  const amongFolds = (savepoint: Savepoint): Savepoint => ({ ...savepoint, save: (_, state, how) => savepoint.save({ unit: 'fold', done, total: folds.length }, state, how), anew: () => amongFolds(savepoint.anew()) })
  const judged = async ({ fold, train, held }: Fold, at: number, within: Context): Promise<FoldAnswer> => {
    try {
      const known = keeper && answerFrom(keeper.finished(`fold ${at}`))
      const answer = known ?? (await pool.fold({ spec, classes, train, held }, { ...within, ...(keeper && { savepoint: amongFolds(keeper.savepoint(`fold ${at}`)) }) }))
      done++
      if (!known) await keeper?.finish(`fold ${at}`, { unit: 'fold', done, total: folds.length }, { json: { scores: answer.scores, spent: answer.spent }, arrays: { numbers: answer.numbers } })
      tell()
      return answer
    } catch (error) {
      if (!(error instanceof StudioError) || error.code === 'cancelled') throw error
      const { code, message, hint, details } = error
      throw new StudioError({ code, message: `${message} (fold ${fold + 1} of ${folding.folds})`, ...(hint === undefined ? {} : { hint }), ...(details === undefined ? {} : { details }), cause: error })
    }
  }
  tell()
  const answers = (await sideBySide(folds, pool.lanes, aside(context), judged)) as FoldAnswer[]
  return {
    result: { folds: folding.folds, repeats: folding.repeats ?? 1, rows: rows.length, scores: judging(spec.target.task).map((metric, m) => ({ metric: metric.id, ...spread(answers.map(({ scores }) => scores[m] ?? null)) })) },
    // A trial of a search never asks for it.
    get outOfFold() {
      return inRowOrder(folds.flatMap(({ repeat, held }, i) => (repeat === 0 ? [{ rows: held, numbers: (answers[i] as FoldAnswer).numbers }] : [])), Math.max(1, classes.length), spec.target, classes)
    },
    spent: answers.reduce((sum, { spent }) => sum + spent, 0),
  }
}

const answerFrom = (state: FitState | undefined): FoldAnswer | undefined => state && ({ ...state.json, numbers: state.arrays['numbers'] } as unknown as FoldAnswer)

function spread(values: readonly (number | null)[]): Omit<FoldScore, 'metric'> {
  const defined = values.filter((value) => value !== null)
  const n = defined.length
  if (n === 0) return { values, mean: null, sd: null }
  const mean = defined.reduce((sum, value) => sum + value, 0) / n
  const sd = n < 2 ? null : Math.sqrt(defined.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
  return { values, mean, sd }
}

function inRowOrder(held: readonly { rows: Uint32Array; numbers: Float64Array }[], width: number, { task }: TargetSpec, classes: readonly string[]): OutOfFold {
  const rows = new Uint32Array(held.reduce((sum, fold) => sum + fold.rows.length, 0))
  let filled = 0
  for (const fold of held) {
    rows.set(fold.rows, filled)
    filled += fold.rows.length
  }
  rows.sort()
  const placeOf = new Uint32Array((rows.at(-1) ?? -1) + 1)
  rows.forEach((row, place) => (placeOf[row] = place))
  const numbers = new Float64Array(rows.length * width)
  for (const fold of held) {
    for (const [i, row] of fold.rows.entries()) for (let k = 0; k < width; k++) numbers[(placeOf[row] as number) * width + k] = fold.numbers[i * width + k] as number
  }
  const prediction: Prediction = task === 'regression' ? { task, values: numbers } : { task, classes, probabilities: numbers }
  return { rows, prediction }
}

/** The same probabilities under the classes of the model: folds do not know a class that only sealed rows have. */
export function inClasses(prediction: Prediction, classes: readonly string[]): Prediction {
  if (prediction.task === 'regression') return prediction
  const { task, classes: known, probabilities } = prediction
  const places = known.map((name) => classes.indexOf(name))
  const out = new Float64Array((probabilities.length / known.length) * classes.length)
  probabilities.forEach((value, i) => (out[Math.floor(i / known.length) * classes.length + (places[i % known.length] as number)] = value))
  return { task, classes, probabilities: out }
}
