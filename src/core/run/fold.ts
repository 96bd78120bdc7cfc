/** One fold of a cross-validation, as plain data that another worker can take: it has the same dataset, and answers the same bits. */
import type { Context } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { encodeTarget } from '../data/encode-target.ts'
import type { TrainRows } from '../data/split.ts'
import type { TargetSpec } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import type { Metric } from '../metrics/metric.ts'
import { metrics } from '../metrics/registry.ts'
import { Sample, wholeDraw } from '../metrics/sample.ts'
import { checkParams } from '../params.ts'
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
}
export interface FoldAnswer {
  /** Of the held-out rows: values (n), or probabilities (n x classes, row-major). */
  readonly numbers: Float64Array
  /** One for each of `judging`, null where undefined. */
  readonly scores: readonly (number | null)[]
  /** Milliseconds of work. */
  readonly spent: number
}
/** Workers that do folds side by side. They make it faster, and never other. */
export interface FoldPool {
  /** Folds at a time; at least 1. */
  readonly lanes: number
  /** @throws StudioError as the fold does, and whatever the context's checkpoint throws meanwhile; worker-lost where two workers died of it */
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
    now: () => context.now(),
    checkpoint: () => context.checkpoint(),
    asset: (name) => context.asset(name),
    assetUrl: (name) => context.assetUrl(name),
  }
}

/** @throws StudioError bad-data, bad-param, unsupported, diverged, cancelled */
export async function doFold({ spec, classes, train, held }: FoldTask, dataset: Dataset, context: Context): Promise<FoldAnswer> {
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
  const model = await estimator.fit(X, y, { params, seed, ...(weights && { weights }) }, context)
  const prediction = await pipelineOf({ target, classes, recipe: state, model }).predict(dataset.columns, held, context)
  const numbers = prediction.task === 'regression' ? prediction.values : prediction.probabilities
  if (!numbers.every(Number.isFinite)) throw new StudioError({ code: 'diverged', message: `invalid prediction; ${estimator.label} answered numbers that are not finite`, hint: 'Clip values far beyond the rest, or lower the learning rate.' })
  const draw = wholeDraw(new Sample({ target: encodeTarget(column, target, held, classes), prediction }))
  const scores = judging(target.task).map((metric) => {
    const score = metric.scoreDraw(draw)
    return 'undefined' in score ? null : score.value
  })
  return { numbers, scores, spent: context.now() - begun }
}

/** The pool of a host that has no other workers: one fold after another, here. */
export const aloneOn = (dataset: Dataset): FoldPool => ({ lanes: 1, fold: (task, context) => doFold(task, dataset, context) })
