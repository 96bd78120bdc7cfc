/** A run's spec on a file: what the code twin in TypeScript and `glasshouse retrain` share. */
import { StudioError } from '../core/errors.ts'
import { freshId } from '../core/ids.ts'
import type { IngestChoices } from '../core/ingest/options.ts'
import type { ByteSource } from '../core/ingest/source.ts'
import type { ForeignMapping } from '../core/run/adopt-model.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { createProject, takeOver } from '../storage/projects.ts'
import type { DatasetRecord } from '../storage/records.ts'
import { readRun } from '../storage/runs.ts'
import { evaluateThreshold } from '../tasks/evaluate-threshold.ts'
import { commitSource } from '../tasks/ingest-commit.ts'
import type { Host } from '../tasks/task.ts'
import { modelBring, modelBringOwn } from '../tasks/model-bring.ts'
import { train } from '../tasks/train.ts'
import type { Trained } from './train-file.ts'

export interface AgainRequest {
  readonly bytes: ByteSource
  readonly name: string
  readonly options?: IngestChoices['options']
  readonly kinds?: IngestChoices['kinds']
  readonly spec: Omit<RunSpec, 'projectId' | 'datasetId'>
  /** Of two classes. */
  readonly threshold: number
  /** Of the bytes; another file is refused. */
  readonly sha256?: string
}

/** @throws StudioError all that reading and training throw */
export async function trainAgain({ spec, threshold, ...file }: AgainRequest, host: Host): Promise<Trained> {
  const { dataset, ...place } = await fileHere(file, file, host)
  return trainOn(dataset, { ...place, spec, threshold }, host)
}

/** Where a dataset lies in a host's records. */
export interface Here {
  readonly dataset: DatasetRecord
  readonly projectId: string
  readonly token: number
}

/** A file as the only dataset of a project of its own. @throws StudioError bad-data for another file than the SHA-256 is of */
export async function fileHere({ bytes, name }: Pick<AgainRequest, 'bytes' | 'name'>, { options, kinds, sha256 }: Pick<AgainRequest, 'options' | 'kinds' | 'sha256'>, host: Host): Promise<Here> {
  const { id: projectId } = await createProject(host.store, name)
  const token = await takeOver(host.store, projectId)
  const dataset = await commitSource({ bytes, kind: 'file', fileName: name }, { projectId, token, name, choices: { ...(options && { options }), ...(kinds && { kinds }) } }, host)
  if (sha256 !== undefined && dataset.source.sha256 !== sha256) throw new StudioError({ code: 'bad-data', message: `invalid file; its SHA-256 must be ${sha256}: ${dataset.source.sha256}` })
  return { dataset, projectId, token }
}

/** Trains a run's spec on a dataset that lies in this host's records. */
export async function trainOn(dataset: DatasetRecord, { projectId, token, spec: given, threshold }: Pick<AgainRequest, 'spec' | 'threshold'> & { readonly projectId: string; readonly token: number }, host: Host): Promise<Trained> {
  const spec = { ...given, projectId, datasetId: dataset.id }
  const runId = freshId('run')
  await train({ runId, token, spec }, host)
  if (spec.target.task === 'binary' && threshold !== 0.5) await evaluateThreshold({ runId, token, threshold }, host)
  return { spec, run: await readRun(host.store, runId), dataset, token }
}

/** A model as the file has it, judged by a run's spec on a dataset that lies in this host's records. */
export async function judgeOn({ dataset, projectId, token }: Here, { spec: given, threshold, file, mapping }: Pick<AgainRequest, 'spec' | 'threshold'> & { readonly file: File; readonly mapping?: ForeignMapping }, host: Host): Promise<Trained> {
  const spec = { ...given, projectId, datasetId: dataset.id }
  const runId = freshId('run')
  await (mapping ? modelBring({ runId, token, spec, file, mapping }, host) : modelBringOwn({ runId, token, question: spec, file }, host))
  const run = await readRun(host.store, runId)
  if (spec.target.task === 'binary' && threshold !== run.threshold) await evaluateThreshold({ runId, token, threshold }, host)
  return { spec, run: await readRun(host.store, runId), dataset, token }
}
