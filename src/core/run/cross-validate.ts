/**
 * Cross-validation: for each fold the recipe is fitted and the model trained on the other rows, and the
 * held-out rows are predicted. Nothing is learnt from a row that judges.
 */
import type { Context } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { classesOf, encodeTarget } from '../data/encode-target.ts'
import { makeFolds, type FoldSpec } from '../data/folds.ts'
import type { Split, SplitSpec } from '../data/split.ts'
import type { Prediction, TargetSpec } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import { metrics } from '../metrics/registry.ts'
import { Sample, wholeDraw } from '../metrics/sample.ts'
import { checkParams } from '../params.ts'
import { fitRecipe } from '../recipe/recipe.ts'
import { pipelineOf } from './open-pipeline.ts'
import type { RunSpec } from './run-spec.ts'
import { sampleWeights } from './sample-weight.ts'

/** What training needs besides rows. */
export type FoldRecipe = Pick<RunSpec, 'target' | 'recipe' | 'estimator' | 'seed' | 'sampleWeight'>

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

/** Folds that treat rows as the split does; a split by a column leaves the dealing to chance. */
export function foldsLike(split: SplitSpec, target: TargetSpec, folds: number): FoldSpec {
  const { strategy, seed } = split
  if (strategy.kind === 'grouped' || strategy.kind === 'time') return { strategy, folds, seed }
  return { strategy: target.task === 'regression' ? { kind: 'random' } : { kind: 'stratified', column: target.column }, folds, seed }
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
 * @throws StudioError bad-data, bad-param, unsupported, diverged, cancelled; names the fold that failed
 */
export async function crossValidate(spec: FoldRecipe, dataset: Dataset, rows: Uint32Array, folding: FoldSpec, context: Context): Promise<{ readonly result: CrossValidation; readonly outOfFold: OutOfFold }> {
  const estimator = estimators.get(spec.estimator.id)
  const params = checkParams(estimator.id, estimator.params, spec.estimator.params)
  const column = columnNamed(dataset, spec.target.column)
  const classes = spec.target.task === 'regression' ? [] : classesOf(column, spec.target, rows)
  const folds = makeFolds(dataset.columns, rows, folding)
  const judging = metrics.all.filter((metric) => metric.tasks.includes(spec.target.task))
  const width = Math.max(1, classes.length)
  const values = judging.map((): (number | null)[] => [])
  const held: { rows: Uint32Array; numbers: Float64Array }[] = []
  const quiet: Context = { ...context, signal: context.signal, report: () => {}, stopping: () => false, now: () => context.now(), checkpoint: () => context.checkpoint(), asset: (name) => context.asset(name), assetUrl: (name) => context.assetUrl(name) }
  for (const [done, fold] of folds.entries()) {
    context.report({ kind: 'step', phase: 'cross-validate', done, total: folds.length })
    await context.checkpoint()
    try {
      const y = encodeTarget(column, spec.target, fold.train, classes)
      if (y.task !== 'regression' && new Set(y.codes).size < 2) throw new StudioError({ code: 'bad-data', message: 'invalid training rows; they hold one class only', hint: 'Use stratified folds, or fewer of them.' })
      const weights = sampleWeights(spec, dataset, fold.train)
      const { state, train: X } = fitRecipe(dataset.columns, fold.train, spec.recipe, { target: spec.target.column, sampleWeight: spec.sampleWeight })
      const model = await estimator.fit(X, y, { params, seed: spec.seed, ...(weights && { weights }) }, quiet)
      const prediction = await pipelineOf({ target: spec.target, classes, recipe: state, model }).predict(dataset.columns, fold.held, quiet)
      const numbers = prediction.task === 'regression' ? prediction.values : prediction.probabilities
      if (!numbers.every(Number.isFinite)) throw new StudioError({ code: 'diverged', message: `invalid prediction; ${estimator.label} answered numbers that are not finite`, hint: 'Clip values far beyond the rest, or lower the learning rate.' })
      if (fold.repeat === 0) held.push({ rows: fold.held, numbers })
      const draw = wholeDraw(new Sample({ target: encodeTarget(column, spec.target, fold.held, classes), prediction }))
      judging.forEach((metric, m) => {
        const score = metric.scoreDraw(draw)
        values[m]?.push('undefined' in score ? null : score.value)
      })
    } catch (error) {
      if (!(error instanceof StudioError) || error.code === 'cancelled') throw error
      const { code, message, hint, details } = error
      throw new StudioError({ code, message: `${message} (fold ${fold.fold + 1} of ${folding.folds})`, ...(hint === undefined ? {} : { hint }), ...(details === undefined ? {} : { details }), cause: error })
    }
  }
  context.report({ kind: 'step', phase: 'cross-validate', done: folds.length, total: folds.length })
  return {
    result: { folds: folding.folds, repeats: folding.repeats ?? 1, rows: rows.length, scores: judging.map((metric, m) => ({ metric: metric.id, ...spread(values[m] ?? []) })) },
    outOfFold: inRowOrder(held, width, spec.target, classes),
  }
}

function spread(values: readonly (number | null)[]): Omit<FoldScore, 'metric'> {
  const defined = values.filter((value) => value !== null)
  const n = defined.length
  if (n === 0) return { values, mean: null, sd: null }
  const mean = defined.reduce((sum, value) => sum + value, 0) / n
  const sd = n < 2 ? null : Math.sqrt(defined.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
  return { values, mean, sd }
}

function inRowOrder(held: readonly { rows: Uint32Array; numbers: Float64Array }[], width: number, { task }: TargetSpec, classes: readonly string[]): OutOfFold {
  const places = held.flatMap(({ rows, numbers }) => Array.from(rows, (row, i) => ({ row, numbers, at: i * width }))).sort((a, b) => a.row - b.row)
  const numbers = new Float64Array(places.length * width)
  places.forEach((place, i) => numbers.set(place.numbers.subarray(place.at, place.at + width), i * width))
  const prediction: Prediction = task === 'regression' ? { task, values: numbers } : { task, classes, probabilities: numbers }
  return { rows: Uint32Array.from(places, ({ row }) => row), prediction }
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
