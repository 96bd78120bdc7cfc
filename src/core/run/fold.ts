/** One fold of a cross-validation, as plain data that another worker can take: it has the same dataset, and answers the same bits. */
import type { Context } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { encodeTarget } from '../data/encode-target.ts'
import type { TrainRows } from '../data/split.ts'
import type { Prediction, TargetSpec } from '../data/target.ts'
import { cancelled, StudioError } from '../errors.ts'
import type { Model } from '../estimators/estimator.ts'
import { estimators } from '../estimators/registry.ts'
import type { Metric } from '../metrics/metric.ts'
import { metrics } from '../metrics/registry.ts'
import { Sample, wholeDraw } from '../metrics/sample.ts'
import { checkParams } from '../params.ts'
import { fromSavepoint, type Savepoint } from '../savepoint.ts'
import { fitRecipe } from '../recipe/recipe.ts'
import { pipelineOf } from './open-pipeline.ts'
import type { RunSpec } from './run-spec.ts'
import { sampleWeights } from './sample-weight.ts'

/** What training needs besides rows. */
export type FoldRecipe = Pick<RunSpec, 'target' | 'recipe' | 'estimator' | 'seed' | 'sampleWeight'>

export interface FoldTask {
  readonly spec: FoldRecipe
  /** Of all folds together. */
  readonly classes: readonly string[]
  readonly train: TrainRows
  readonly held: Uint32Array
  /** Also scores the model on the rows that it learnt from. */
  readonly judgesTraining?: boolean
}
export interface FoldAnswer {
  /** Of the held-out rows: values (n), or probabilities (n x classes, row-major). */
  readonly numbers: Float64Array
  /** One for each of `judging`, null where undefined. */
  readonly scores: readonly (number | null)[]
  /** The same on the rows that it learnt from, where that was asked for. */
  readonly trainScores?: readonly (number | null)[]
  /** Milliseconds of work. */
  readonly spent: number
}
/** Workers that do folds side by side. They make it faster, and never other. */
export interface FoldPool {
  /** Folds at a time; at least 1. */
  readonly lanes: number
  /** Goes on from the context's savepoint, where it has one. @throws StudioError as the fold does, and whatever the context's checkpoint throws meanwhile; worker-lost where two workers died of it */
  fold(task: FoldTask, context: Context): Promise<FoldAnswer>
}

/** What every fold is scored by, in order. */
export const judging = (task: TargetSpec['task']): readonly Metric[] => metrics.all.filter((metric) => metric.tasks.includes(task))

/** The context of a part of the work: it is not heard, keeps nothing, and ends no earlier than it should. */
export function aside(context: Context): Context {
  return {
    ...(context.crew && { crew: context.crew }),
    signal: context.signal,
    report: () => {},
    stopping: () => false,
    held: () => context.held?.() ?? false,
    now: () => context.now(),
    checkpoint: () => context.checkpoint(),
    asset: (name) => context.asset(name),
    assetUrl: (name) => context.assetUrl(name),
  }
}

/**
 * Works on items in order, so many at a time. Where one fails, those under way end at their next checkpoint and no other begins.
 * @param goesOn asked before each; after a no, none begins
 * @returns one an item, undefined for those that were not begun
 * @throws the error that says more than that the others were given up
 */
export async function sideBySide<T, R>(items: readonly T[], lanes: number, context: Context, work: (item: T, at: number, context: Context) => Promise<R>, goesOn: (item: T) => boolean = () => true): Promise<(R | undefined)[]> {
  const results = new Array<R | undefined>(items.length).fill(undefined)
  const errors: unknown[] = []
  const within: Context = { ...context, checkpoint: () => (errors.length > 0 ? Promise.reject(cancelled()) : context.checkpoint()) }
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length && errors.length === 0 && goesOn(items[next] as T)) {
      const at = next++
      try {
        results[at] = await work(items[at] as T, at, within)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
  if (errors.length > 0) throw errors.find((error) => !(error instanceof StudioError && error.code === 'cancelled')) ?? errors[0]
  return results
}

/** @throws StudioError bad-data, bad-param, unsupported, diverged, cancelled */
export async function doFold({ spec, classes, train, held, judgesTraining }: FoldTask, dataset: Dataset, context: Context): Promise<FoldAnswer> {
  await context.checkpoint()
  const begun = context.now()
  const { target, recipe, seed, sampleWeight } = spec
  const estimator = estimators.get(spec.estimator.id)
  const params = checkParams(estimator.id, estimator.params, spec.estimator.params)
  const column = columnNamed(dataset, target.column)
  const y = encodeTarget(column, target, train, classes)
  if (y.task !== 'regression' && new Set(y.codes).size < 2) throw new StudioError({ code: 'bad-data', message: 'invalid training rows; they hold one class only', hint: 'Use stratified folds, or fewer of them.' })
  const weights = sampleWeights(spec, dataset, train)
  const { state, train: X } = fitRecipe(dataset.columns, train, recipe, { target: target.column, sampleWeight })
  const fit = (within: Context): Promise<Model> => estimator.fit(X, y, { params, seed, ...(weights && { weights }) }, within)
  const model = context.savepoint ? await fromSavepoint(context.savepoint, (savepoint: Savepoint) => fit({ ...context, savepoint })) : await fit(context)
  const pipeline = pipelineOf({ target, classes, recipe: state, model })
  const scored = (rows: Uint32Array, prediction: Prediction): readonly (number | null)[] => {
    const draw = wholeDraw(new Sample({ target: encodeTarget(column, target, rows, classes), prediction }))
    return judging(target.task).map((metric) => {
      const score = metric.scoreDraw(draw)
      return 'undefined' in score ? null : score.value
    })
  }
  const prediction = await pipeline.predict(dataset.columns, held, context)
  const numbers = numbersOf(prediction)
  if (!numbers.every(Number.isFinite)) throw new StudioError({ code: 'diverged', message: `invalid prediction; ${estimator.label} answered numbers that are not finite`, hint: 'Clip values far beyond the rest, or lower the learning rate.' })
  const scores = scored(held, prediction)
  if (!judgesTraining) return { numbers, scores, spent: context.now() - begun }
  const learnt = await pipeline.predict(dataset.columns, train, context)
  return { numbers, scores, trainScores: numbersOf(learnt).every(Number.isFinite) ? scored(train, learnt) : scores.map(() => null), spent: context.now() - begun }
}
const numbersOf = (prediction: Prediction): Float64Array => (prediction.task === 'regression' ? prediction.values : prediction.probabilities)

/** The pool of a host that has no other workers: one fold after another, here. */
export const aloneOn = (dataset: Dataset): FoldPool => ({ lanes: 1, fold: (task, context) => doFold(task, dataset, context) })
