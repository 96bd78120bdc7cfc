/** A pipeline of the studio's own that was trained in another project, as a run of this one: its recipe and model, our rows. */
import type { Context } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { classesOf } from '../data/encode-target.ts'
import { makeSplit } from '../data/make-split.ts'
import { usedRows } from '../data/split.ts'
import { StudioError } from '../errors.ts'
import { canonicalJson } from '../ids.ts'
import { judge } from './judge.ts'
import { pipelineOf } from './open-pipeline.ts'
import type { PipelineFile } from './pipeline-file.ts'
import type { RunSpec } from './run-spec.ts'
import type { TrainResult } from './train.ts'

type Question = Pick<RunSpec, 'version' | 'projectId' | 'datasetId' | 'target' | 'split' | 'seed'>

/** What the run is recorded as. @param question what the project asks */
export function adoptedSpec({ pipeline, run }: PipelineFile, { version, projectId, datasetId, target, split, seed }: Question): RunSpec {
  return {
    version,
    projectId,
    datasetId,
    target,
    split,
    recipe: pipeline.recipe.spec,
    estimator: run?.estimator ?? { id: pipeline.model.estimator, params: {} },
    seed: run?.seed ?? seed,
    ...(run?.sampleWeight === undefined ? {} : { sampleWeight: run.sampleWeight }),
  }
}

/**
 * @param spec from `adoptedSpec`
 * @throws StudioError bad-data where the data has not the model's columns, kinds, target or classes
 */
export async function adoptPipeline({ pipeline: given, signature, run }: PipelineFile, spec: RunSpec, dataset: Dataset, context: Context): Promise<TrainResult> {
  const begun = context.now()
  checkTarget(given.target, spec.target)
  checkColumns(given.recipe.inputs, dataset)
  const split = makeSplit(dataset.columns, spec.target.column, spec.split)
  const { classes, recipe } = given
  if (spec.target.task !== 'regression') {
    const here = classesOf(columnNamed(dataset, spec.target.column), spec.target, usedRows(split))
    const strange = here.find((name) => !classes.includes(name))
    if (strange !== undefined) throw new StudioError({ code: 'bad-data', message: `invalid classes; the model knows ${classes.slice(0, 20).join(', ').slice(0, 200)}: ${strange.slice(0, 100)}` })
    if (spec.target.task === 'binary' && here[1] !== classes[1]) throw new StudioError({ code: 'bad-data', message: `invalid positive class; the model looks for ${classes[1]?.slice(0, 100)} and this project for ${here[1]?.slice(0, 100)}`, hint: 'Choose the same positive class on the Prepare page.' })
  }
  // On the same data, dealt alike, the validation rows here are those it was judged on there.
  const same = run?.dataHash === dataset.id && canonicalJson(run.split) === canonicalJson(spec.split)
  const warnings = [
    ...(same ? [] : [`${run?.name.slice(0, 80) ?? signature.name.slice(0, 80)} was trained elsewhere${run && run.dataHash !== dataset.id ? ', on other data' : ''}: where these rows were among its training rows, every figure here flatters it.`]),
    ...(run ? [] : ['The file does not say how the model was trained: the settings of this record are the defaults, and may not be its own.']),
  ]
  const lineage = { trainedElsewhere: 'Glasshouse', ...(run ? { ofRun: run.name.slice(0, 100), ofData: run.dataHash.slice(0, 100) } : {}) }
  const model = same ? given.model : { ...given.model, facts: { ...given.model.facts, ...lineage } }
  return judge({ pipeline: pipelineOf({ target: spec.target, classes, recipe, model }), dataset, split, threshold: signature.threshold ?? 0.5, seed: spec.seed, warnings, begun }, context)
}

function checkTarget(own: RunSpec['target'], wanted: RunSpec['target']): void {
  if (own.column === wanted.column && own.task === wanted.task) return
  throw new StudioError({
    code: 'bad-data',
    message: `invalid model for this project; it answers ${own.column.slice(0, 100)} (${own.task}), and the project asks for ${wanted.column.slice(0, 100)} (${wanted.task})`,
    hint: 'Choose the same target on the Prepare page.',
  })
}

function checkColumns(inputs: readonly { readonly name: string; readonly kind: string }[], { columns }: Dataset): void {
  const kinds = new Map(columns.map(({ name, kind }) => [name, kind]))
  const missing = inputs.filter(({ name }) => !kinds.has(name)).map(({ name }) => name)
  if (missing.length > 0) throw new StudioError({ code: 'bad-data', message: `missing columns; the model reads them, and this data has none of that name: ${missing.slice(0, 12).join(', ').slice(0, 300)}` })
  const other = inputs.find(({ name, kind }) => kinds.get(name) !== kind)
  if (other) throw new StudioError({ code: 'bad-data', message: `invalid column ${other.name.slice(0, 100)}; the model reads it as ${other.kind}, and here it is ${kinds.get(other.name)}`, hint: 'Change its kind on the Data page.' })
}
