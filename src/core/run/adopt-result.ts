/** The answer of a training elsewhere as a run of the same experiment: its trees or weights, our recipe, our evaluation. */
import type { Context } from '../context.ts'
import type { Dataset } from '../data/dataset.ts'
import { makeSplit } from '../data/make-split.ts'
import { fromCnn } from '../elsewhere/cnn.ts'
import { fromLinear, linearElsewhere } from '../elsewhere/linear.ts'
import { fromTorch } from '../elsewhere/torch.ts'
import { fromXgboost } from '../elsewhere/xgboost.ts'
import type { ElsewhereJob } from '../elsewhere/job.ts'
import { StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import { check, parseJson, v } from '../schema.ts'
import { estimatorSchema, splitSchema, targetSchema } from './spec-schema.ts'
import { judge } from './judge.ts'
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
    spec: v.looseObject({ version: v.literal(1), target: targetSchema, split: splitSchema, estimator: estimatorSchema, seed: count }),
    recipe: v.looseObject({ version: v.literal(1), inputs: v.array(v.looseObject({ name: v.string(), kind: v.string() })), learnt: v.array(v.looseObject({ step: v.string(), series: v.array(v.unknown()) })), features: v.array(v.looseObject({ name: v.string(), source: v.string(), categories: v.optional(v.array(v.string())) })) }),
  }),
  rows: v.looseObject({ train: count, valid: count }),
  split: v.string(),
  workers: count,
  seconds: v.number(),
  versions: v.looseObject({ xgboost: v.optional(v.string()), torch: v.optional(v.string()) }),
  booster: v.optional(v.unknown()),
  network: v.optional(v.unknown()),
  linear: v.optional(v.unknown()),
  cnn: v.optional(v.unknown()),
})
export interface ElsewhereResult {
  readonly job: Omit<ElsewhereJob, 'parts'>
  readonly rows: { readonly train: number; readonly valid: number }
  readonly split: string
  readonly workers: number
  readonly seconds: number
  readonly versions: { readonly xgboost?: string; readonly torch?: string }
  /** XGBoost's trees. */
  readonly booster?: unknown
  /** PyTorch's weights. */
  readonly network?: unknown
  /** PyTorch's coefficients. */
  readonly linear?: unknown
  /** PyTorch's weights of a convolutional network; an answer has one of the four. */
  readonly cnn?: unknown
}

/** @throws StudioError bad-data where it is no such answer */
export const readResult = (text: string): ElsewhereResult => check(schema, parseJson(text, 'result.json'), 'result.json') as unknown as ElsewhereResult

/** @throws StudioError bad-data where the data has not the columns, or not the classes, of the job */
export async function adoptResult(result: ElsewhereResult, dataset: Dataset, context: Context): Promise<TrainResult> {
  const begun = context.now()
  const { job } = result
  const { target, split: rule, seed } = job.spec
  const split = makeSplit(dataset.columns, target.column, rule)
  const head = { task: target.task, classes: job.classes, categoryCounts: job.recipe.features.map(({ categories }) => categories?.length ?? 0) }
  const { booster, network, linear, cnn, versions } = result
  const same = dataset.id === job.dataHash && result.split === 'as in the studio'
  const lineage = { trainedElsewhere: (network ?? linear ?? cnn) === undefined ? `XGBoost ${versions.xgboost ?? ''}` : `PyTorch ${versions.torch ?? ''}`, trainedOnRows: result.rows.train, sameRows: same, workers: result.workers, secondsElsewhere: result.seconds, ofRun: job.name }
  const { id } = job.spec.estimator
  if (linear !== undefined && !linearElsewhere.has(id)) throw new StudioError({ code: 'bad-data', message: `invalid result.json; its job was of ${id.slice(0, 60)}, and it holds a linear model` })
  const { state, facts = {} } = linear !== undefined ? fromLinear(linear, id, head) : { state: cnn !== undefined ? fromCnn(cnn, job.spec, head, lineage) : network !== undefined ? fromTorch(network, head, lineage) : fromXgboost(booster, head, lineage) }
  if (state.estimator !== job.spec.estimator.id) throw new StudioError({ code: 'bad-data', message: `invalid result.json; its job was of ${job.spec.estimator.id.slice(0, 60)}, and it holds a model of ${state.estimator}` })
  const revived = estimators.get(state.estimator).revive(state)
  // States of linear models keep no facts.
  const model = linear === undefined ? revived : { ...revived, facts: { ...revived.facts, ...facts, ...lineage } }
  const warnings = same ? [] : [`Trained elsewhere on ${result.rows.train.toLocaleString('en')} rows, ${dataset.id === job.dataHash ? result.split : 'and this is not the data that the job was made of'}: rows of this validation part may have been among them, and then its figures flatter it.`]
  return judge({ pipeline: pipelineOf({ target, classes: job.classes, recipe: job.recipe, model }), dataset, split, threshold: 0.5, seed, warnings, fit: result.seconds * 1000, begun }, context)
}
