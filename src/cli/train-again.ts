/** A run's spec on a file: what the code twin in TypeScript and `glasshouse retrain` share. */
import { StudioError } from '../core/errors.ts'
import { freshId } from '../core/ids.ts'
import type { IngestChoices } from '../core/ingest/options.ts'
import type { ByteSource } from '../core/ingest/source.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { createProject, takeOver } from '../storage/projects.ts'
import type { DatasetRecord } from '../storage/records.ts'
import { readRun } from '../storage/runs.ts'
import { evaluateThreshold } from '../tasks/evaluate-threshold.ts'
import { commitSource } from '../tasks/ingest-commit.ts'
import type { Host } from '../tasks/task.ts'
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
export async function trainAgain({ bytes, name, options, kinds, spec, threshold, sha256 }: AgainRequest, host: Host): Promise<Trained> {
  const { id: projectId } = await createProject(host.store, name)
  const token = await takeOver(host.store, projectId)
  const dataset = await commitSource({ bytes, kind: 'file', fileName: name }, { projectId, token, name, choices: { ...(options && { options }), ...(kinds && { kinds }) } }, host)
  if (sha256 !== undefined && dataset.source.sha256 !== sha256) throw new StudioError({ code: 'bad-data', message: `invalid file; its SHA-256 must be ${sha256}: ${dataset.source.sha256}` })
  return trainOn(dataset, { projectId, token, spec, threshold }, host)
}

/** Trains a run's spec on a dataset that lies in this host's records. */
export async function trainOn(dataset: DatasetRecord, { projectId, token, spec: given, threshold }: Pick<AgainRequest, 'spec' | 'threshold'> & { readonly projectId: string; readonly token: number }, host: Host): Promise<Trained> {
  const spec = { ...given, projectId, datasetId: dataset.id }
  const runId = freshId('run')
  await train({ runId, token, spec }, host)
  if (spec.target.task === 'binary' && threshold !== 0.5) await evaluateThreshold({ runId, token, threshold }, host)
  return { spec, run: await readRun(host.store, runId), dataset, token }
}
