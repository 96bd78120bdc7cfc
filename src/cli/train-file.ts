/**
 * From a file to a judged model, by the tasks of the page over records in memory: the same reading, split,
 * recipe, fit and evaluation, so the same spec and seed give the same numbers.
 */
import type { Dataset } from '../core/data/dataset.ts'
import type { Profile } from '../core/data/profile.ts'
import { makeFolds, type FoldSpec } from '../core/data/folds.ts'
import { makeSplit } from '../core/data/make-split.ts'
import { usedRows } from '../core/data/split.ts'
import type { TargetSpec, Task } from '../core/data/target.ts'
import { defaultSplit } from '../core/data/default-split.ts'
import { inferTask, unreadValues } from '../core/data/infer-task.ts'
import { StudioError } from '../core/errors.ts'
import type { Estimator } from '../core/estimators/estimator.ts'
import { tableEstimators } from '../core/estimators/registry.ts'
import { freshId } from '../core/ids.ts'
import type { ByteSource } from '../core/ingest/source.ts'
import { checkParams, type ParamValues } from '../core/params.ts'
import { defaultRecipe } from '../core/recipe/default-recipe.ts'
import { foldsLike } from '../core/run/cross-validate.ts'
import type { Run } from '../core/run/run.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { weightProblem } from '../core/run/sample-weight.ts'
import { loadDataset } from '../storage/datasets.ts'
import { createProject, takeOver } from '../storage/projects.ts'
import type { DatasetRecord } from '../storage/records.ts'
import { readRun } from '../storage/runs.ts'
import { commitSource } from '../tasks/ingest-commit.ts'
import type { Host } from '../tasks/task.ts'
import { train } from '../tasks/train.ts'
import { continueWith, type EarlierModel } from './earlier.ts'
import { type TaskName, UsageError } from './usage.ts'

export interface TrainRequest {
  readonly file: { readonly bytes: ByteSource; readonly name: string }
  readonly target: string
  readonly task: TaskName
  readonly estimator: Estimator
  /** Checked, with every default filled in. */
  readonly params: ParamValues
  /** Column that weighs training rows. */
  readonly weight?: string | undefined
  /** Columns that only count or name the rows, and are features all the same. */
  readonly use?: readonly string[]
  readonly seed: number
  /** What training goes on from. */
  readonly earlier?: EarlierModel | undefined
  /** That will be asked for afterwards. */
  readonly folds?: number | undefined
}
export interface Trained {
  readonly spec: RunSpec
  readonly run: Run
  readonly dataset: DatasetRecord
  readonly token: number
}

/** More names than this on one line help nobody. */
const listedNames = 30
const listed = (names: readonly string[]): string => `${names.slice(0, listedNames).join(', ')}${names.length > listedNames ? ` and ${names.length - listedNames} more` : ''}`

/**
 * @throws UsageError for a target or an estimator that does not fit the file
 * @throws StudioError bad-data for a file or a target that nothing can be learnt from
 */
export async function trainFile(request: TrainRequest, host: Host): Promise<Trained> {
  const { store } = host
  const { id: projectId } = await createProject(store, request.file.name)
  const token = await takeOver(store, projectId)
  const { weight, folds } = request
  const read = (kinds: readonly { column: string; kind: 'numeric' }[] = []): Promise<DatasetRecord> =>
    commitSource({ bytes: request.file.bytes, kind: 'file', fileName: request.file.name }, { projectId, token, name: request.file.name, choices: { kinds } }, host)
  let dataset = await read()
  const info = dataset.columns.find((column) => column.name === request.target)
  if (!info) throw new UsageError(`unknown column; the file has ${listed(dataset.columns.map((column) => column.name))}: ${request.target}`)
  const weighing = dataset.columns.find((column) => column.name === weight)
  if (weight !== undefined && !weighing) throw new UsageError(`unknown --weight; the file has ${listed(dataset.columns.map((column) => column.name))}: ${weight}`)
  if (weight === info.name) throw new UsageError(`invalid --weight; the target cannot weigh its own rows: ${weight}`)
  const problem = weight === undefined ? undefined : weightProblem(request.estimator.id)
  if (problem) throw new UsageError(`unsupported --weight; ${problem}: ${weight}`)
  // Whole numbers under the name of an id, or 0 and 1: asked for as numbers, they are read as numbers.
  const misread = [...(request.task === 'regression' ? [info] : []), ...(weighing ? [weighing] : [])].filter(({ kind }) => kind === 'id' || kind === 'boolean')
  if (misread.length > 0) dataset = await read(misread.map(({ name }) => ({ column: name, kind: 'numeric' })))

  const { profile } = (await store.read(['profiles'], (tx) => tx.get('profiles', dataset.id))) ?? {}
  if (!profile) throw new StudioError({ code: 'bug', message: `missing profile of the data: ${dataset.name}` })
  const target = targetOf(request, dataset, profile)
  if (!request.estimator.tasks.includes(target.task)) {
    const fitting = tableEstimators.filter((entry) => entry.tasks.includes(target.task)).map((entry) => entry.id)
    throw new UsageError(`unsupported estimator for ${wordOf(target.task)}; that can be done by ${fitting.join(', ')}: ${request.estimator.id}`)
  }
  const { use = [] } = request
  const unknown = use.find((name) => !dataset.columns.some((column) => column.name === name))
  if (unknown !== undefined) throw new UsageError(`unknown --use; the file has ${listed(dataset.columns.map((column) => column.name))}: ${unknown}`)
  const judged = profile.columns.filter(({ name }) => name !== weight).map((column) => (use.includes(column.name) ? { ...column, warnings: [] } : column))
  const plain = specFor(request.estimator, request.params, request.seed, { dataset, projectId, target, profile: { columns: judged } })
  const weighed: RunSpec = weight === undefined ? plain : { ...plain, sampleWeight: weight }
  const spec = request.earlier ? await continueWith(request.earlier, weighed, token, host) : weighed
  // Told before the training, not after it.
  if (folds !== undefined) {
    const { columns } = await loadDataset(store, dataset.id, [target.column])
    const { rows, folding } = foldedRows(spec, columns, folds)
    makeFolds(columns, rows, folding)
  }
  const runId = freshId('run')
  await train({ runId, token, spec }, host)
  return { spec, run: await readRun(store, runId), dataset, token }
}

/** What --cv deals to folds: every row with a target, by the seed of the command. */
export const foldedRows = ({ target, split, seed }: RunSpec, columns: Dataset['columns'], folds: number): { readonly rows: Uint32Array; readonly folding: FoldSpec } => ({
  rows: usedRows(makeSplit(columns, target.column, split)).sort(),
  folding: foldsLike({ ...split, seed }, target, folds),
})

/** The spec that the page proposes for a plan that nobody changed. */
export function specFor(estimator: Estimator, params: ParamValues, seed: number, plan: { readonly dataset: DatasetRecord; readonly projectId: string; readonly target: TargetSpec; readonly profile?: Pick<Profile, 'columns'> }): RunSpec {
  const { dataset, projectId, target, profile } = plan
  return {
    version: 1,
    projectId,
    datasetId: dataset.id,
    target,
    split: defaultSplit(target),
    recipe: defaultRecipe(estimator.tags, dataset.columns, target.column, profile),
    // Defaults are written down, so that a later version trains the same again.
    estimator: { id: estimator.id, params: checkParams(estimator.id, estimator.params, params) },
    seed,
  }
}

export const wordOf = (task: Task): 'classification' | 'regression' => (task === 'regression' ? 'regression' : 'classification')

function targetOf({ target, task }: TrainRequest, dataset: DatasetRecord, { columns }: Profile): TargetSpec {
  const profile = columns.find((column) => column.name === target)
  const info = dataset.columns.find((column) => column.name === target)
  if (!profile || !info) throw new StudioError({ code: 'bug', message: `missing profile of the target: ${target}` })
  const guess = inferTask(info, profile)
  if ('refused' in guess) {
    const unread = unreadValues(target, dataset)
    throw new StudioError({ code: 'bad-data', message: `invalid target; ${guess.refused}: ${target}`, ...(unread && { hint: `${unread.said}; ${unread.first}` }) })
  }
  const wanted = task === 'auto' ? guess.task : guess.allowed.find((allowed) => wordOf(allowed) === task)
  if (wanted) return { column: target, task: wanted }
  const rule = task === 'regression' ? `regression needs a numeric column, and this one is ${info.kind}` : `classification needs few different values, and this column has ${profile.distinct}`
  throw new StudioError({ code: 'bad-data', message: `invalid target; ${rule}: ${target}` })
}
