/** The answer of a training elsewhere as a run of the same experiment: its trees, our recipe, our evaluation. */
import type { Context } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { encodeTarget } from '../data/encode-target.ts'
import { makeSplit } from '../data/make-split.ts'
import { fromXgboost } from '../elsewhere/xgboost.ts'
import type { ElsewhereJob } from '../elsewhere/job.ts'
import { StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import { check, parseJson, v } from '../schema.ts'
import { pipelineOf } from './open-pipeline.ts'
import type { TrainResult } from './train.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const schema = v.looseObject({
  version: v.literal(1),
  kind: v.literal('glasshouse-elsewhere'),
  job: v.looseObject({
    name: v.string(),
    dataHash: v.string(),
    classes: v.array(v.string()),
    spec: v.looseObject({ version: v.literal(1), target: v.looseObject({ column: v.string(), task: v.picklist(['binary', 'multiclass', 'regression']) }), split: v.looseObject({ seed: v.number() }), estimator: v.looseObject({ id: v.string() }), seed: v.number() }),
    recipe: v.looseObject({ version: v.literal(1), inputs: v.array(v.looseObject({ name: v.string(), kind: v.string() })), learnt: v.array(v.looseObject({ step: v.string(), series: v.array(v.unknown()) })), features: v.array(v.looseObject({ name: v.string(), source: v.string(), categories: v.optional(v.array(v.string())) })) }),
  }),
  rows: v.looseObject({ train: count, valid: count }),
  split: v.string(),
  workers: count,
  seconds: v.number(),
  versions: v.looseObject({ xgboost: v.string() }),
  booster: v.unknown(),
})
export interface ElsewhereResult {
  readonly job: Omit<ElsewhereJob, 'parts'>
  readonly rows: { readonly train: number; readonly valid: number }
  readonly split: string
  readonly workers: number
  readonly seconds: number
  readonly versions: { readonly xgboost: string }
  readonly booster: unknown
}

/** @throws StudioError bad-data where it is no such answer */
export const readResult = (text: string): ElsewhereResult => check(schema, parseJson(text, 'result.json'), 'result.json') as unknown as ElsewhereResult

/** @throws StudioError bad-data where the data has not the columns, or not the classes, of the job */
export async function adoptResult(result: ElsewhereResult, dataset: Dataset, context: Context): Promise<TrainResult> {
  const begun = context.now()
  const { job } = result
  const { target, split: rule, seed } = job.spec
  const column = columnNamed(dataset, target.column)
  const split = makeSplit(dataset.columns, target.column, rule)
  const truth = encodeTarget(column, target, split.valid, job.classes)
  const head = { task: target.task, classes: job.classes, categoryCounts: job.recipe.features.map(({ categories }) => categories?.length ?? 0) }
  const lineage = { trainedElsewhere: `XGBoost ${result.versions.xgboost}`, trainedOnRows: result.rows.train, workers: result.workers, secondsElsewhere: result.seconds, ofRun: job.name }
  const model = estimators.get('hist-gradient-boosting').revive(fromXgboost(result.booster, head, lineage))
  const pipeline = pipelineOf({ target, classes: job.classes, recipe: job.recipe, model })
  const prepared = context.now()
  const prediction = await pipeline.predict(dataset.columns, split.valid, context)
  const numbers = prediction.task === 'regression' ? prediction.values : prediction.probabilities
  if (!numbers.every(Number.isFinite)) throw new StudioError({ code: 'bad-data', message: 'invalid booster; an answer is not finite' })
  const predicted = context.now()
  const evaluation = await evaluate({ part: 'valid', rows: split.valid, target: truth, prediction, threshold: 0.5, seed }, context)
  const same = dataset.id === job.dataHash && result.split === 'as in the studio'
  return {
    split,
    pipeline,
    evaluation,
    prediction,
    threshold: 0.5,
    history: [],
    timings: { load: 0, prepare: prepared - begun, fit: result.seconds * 1000, evaluate: context.now() - predicted },
    warnings: same ? [] : [`Trained elsewhere on ${result.rows.train.toLocaleString('en')} rows, ${dataset.id === job.dataHash ? result.split : 'and this is not the data that the job was made of'}: rows of this validation part may have been among them, and then its figures flatter it.`],
  }
}
