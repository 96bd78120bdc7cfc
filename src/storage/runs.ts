/** Runs, recorded whole: begun before training starts, ended in one strict transaction with all they yielded. */
import { StudioError } from '../core/errors.ts'
import { freshId } from '../core/ids.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import type { Run } from '../core/run/run.ts'
import { byteSize } from './bytes.ts'
import { checkpointStores, dropCheckpointIn, withoutReached } from './checkpoints.ts'
import { fencedWrite } from './fenced.ts'
import { eraseEach } from './erase-each.ts'
import { binLife, eraseRunIn } from './projects.ts'
import type { Store, WriteTransaction } from './port.ts'
import type { ExplanationRecord, ModelRecord, PredictionRecord, RunRecord, SplitRecord } from './records.ts'

export interface RunStart {
  readonly spec: RunSpec
  readonly token: number
  /** Content hash of the dataset. */
  readonly dataHash: string
  /** Default: the estimator's id and the sequence number. */
  readonly name?: string
  readonly environment: Run['environment']
  readonly id?: string
}

/** Records a run as running and gives it the project's next sequence number. */
export function createRun(store: Store, start: RunStart): Promise<Run> {
  const { spec } = start
  return fencedWrite(
    store,
    spec.projectId,
    start.token,
    ['projects', 'runs'],
    async (tx, project) => {
      const id = start.id ?? freshId('run')
      if (await tx.get('runs', id)) throw new StudioError({ code: 'bad-data', message: `invalid run; its id is taken: ${id.slice(0, 80)}` })
      const run: Run = {
        version: 1,
        id,
        sequence: project.nextRun,
        name: start.name ?? `${spec.estimator.id} ${project.nextRun}`,
        spec,
        dataHash: start.dataHash,
        status: 'running',
        createdAt: Date.now(),
        history: [],
        facts: {},
        features: [],
        leftOut: [],
        environment: start.environment,
        warnings: [],
        threshold: 0.5,
        testOpenings: 0,
        notes: '',
      }
      await tx.put('projects', { ...project, nextRun: project.nextRun + 1, changedAt: Date.now() })
      await tx.put('runs', { id, projectId: spec.projectId, run, deletedAt: null })
      return run
    },
    'strict',
  )
}

/** Records a run that was broken off as running again. @throws StudioError bad-data where it had ended by itself */
export function resumeRun(store: Store, id: string, token: number, environment: Run['environment']): Promise<Run> {
  return changeRecord(store, id, token, (record) => {
    const { error, reached, status, ...run } = record.run
    if (status !== 'interrupted' && status !== 'failed') throw new StudioError({ code: 'bad-data', message: `invalid run; only one that was broken off goes on: ${status}`, hint: 'Train it again.' })
    return { ...record, run: { ...run, status: 'running', environment, ...(reached && { reached, resumed: [...(run.resumed ?? []), reached] }) } }
  })
}

/** @throws StudioError bad-data where there is none */
export async function runRecord(store: Store, id: string): Promise<RunRecord> {
  const record = await store.read(['runs'], (tx) => tx.get('runs', id))
  if (!record) throw missingRun(id)
  return record
}
export const readRun = async (store: Store, id: string): Promise<Run> => (await runRecord(store, id)).run

/** Not deleted, in order of creation. */
export async function listRuns(store: Store, projectId: string): Promise<Run[]> {
  const records = await store.read(['runs'], (tx) => tx.getAllOfProject('runs', projectId))
  return records
    .filter((record) => record.deletedAt === null)
    .map((record) => record.run)
    .sort((a, b) => a.sequence - b.sequence)
}

function missingRun(id: string): StudioError {
  return new StudioError({ code: 'bad-data', message: `missing run; it was deleted or never was on this device: ${id.slice(0, 80)}`, hint: 'Go back to the list of runs.' })
}

/** One fenced, strict change of a run's record; `more` may write to other stores in the same transaction. */
async function changeRecord(
  store: Store,
  id: string,
  token: number,
  edit: (record: RunRecord) => RunRecord,
  more: (tx: WriteTransaction) => Promise<void> = async () => {},
): Promise<Run> {
  const { projectId } = await runRecord(store, id)
  return fencedWrite(
    store,
    projectId,
    token,
    ['runs', 'models', 'splits', 'predictions', ...checkpointStores],
    async (tx) => {
      const record = await tx.get('runs', id)
      if (!record) throw missingRun(id)
      const next = edit(record)
      await tx.put('runs', next)
      await more(tx)
      return next.run
    },
    'strict',
  )
}

export const updateRun = (store: Store, id: string, token: number, change: Partial<Run>): Promise<Run> =>
  changeRecord(store, id, token, (record) => ({ ...record, run: { ...record.run, ...change, id, spec: record.run.spec } }))

/** What a training yielded besides its record. */
export interface RunYield {
  readonly model: Omit<ModelRecord, 'runId' | 'projectId' | 'version'>
  readonly split: Omit<SplitRecord, 'runId' | 'projectId'>
  readonly predictions: readonly Omit<PredictionRecord, 'runId' | 'projectId'>[]
}

/** Ends a run as succeeded, with model, split and predictions: all of it or, on failure, nothing. */
export async function finishRun(store: Store, id: string, token: number, change: Partial<Run>, result: RunYield): Promise<Run> {
  const { projectId } = await runRecord(store, id)
  const model: ModelRecord = { ...result.model, runId: id, projectId, version: 1 }
  const split: SplitRecord = { runId: id, projectId, train: Uint32Array.from(result.split.train), valid: result.split.valid, test: result.split.test }
  const bytes = byteSize([model, split, result.predictions])
  return changeRecord(
    store,
    id,
    token,
    (record) => ({ ...record, bytes, run: { ...withoutReached(record.run), ...change, id, spec: record.run.spec, status: 'succeeded' } }),
    async (tx) => {
      await tx.put('models', model)
      await tx.put('splits', split)
      for (const prediction of result.predictions) await tx.put('predictions', { ...prediction, runId: id, projectId })
      await dropCheckpointIn(tx, id)
    },
  )
}

/** Not the run's own fault: the same may well end another time, so what it had come to is kept. */
const fateful: readonly string[] = ['worker-lost', 'device-lost', 'out-of-memory', 'storage-full', 'storage-lost', 'read-only']

/** Ends a run without a model. */
export function failRun(store: Store, id: string, token: number, error: StudioError, change: Partial<Run> = {}): Promise<Run> {
  const told = { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }
  const end = error.code === 'cancelled' ? ({ ...change, status: 'cancelled' } as const) : ({ ...change, status: 'failed', error: told } as const)
  if (fateful.includes(error.code)) return updateRun(store, id, token, end)
  return changeRecord(store, id, token, (record) => ({ ...record, run: { ...withoutReached(record.run), ...end } }), (tx) => dropCheckpointIn(tx, id))
}

/** Predictions of another part, when the test part is opened, together with the run's new evaluation. */
export function addPredictions(store: Store, id: string, token: number, change: Partial<Run>, prediction: Omit<PredictionRecord, 'runId' | 'projectId'>): Promise<Run> {
  return changeRecord(
    store,
    id,
    token,
    (record) => ({ ...record, bytes: (record.bytes ?? 0) + byteSize(prediction), run: { ...record.run, ...change, id, spec: record.run.spec } }),
    async (tx) => tx.put('predictions', { ...prediction, runId: id, projectId: (await tx.get('runs', id))?.projectId as string }),
  )
}

/** Into the bin. */
export const deleteRun = (store: Store, id: string, token: number): Promise<Run> => changeRecord(store, id, token, (record) => ({ ...record, deletedAt: Date.now() }))
export const restoreRun = (store: Store, id: string, token: number): Promise<Run> => changeRecord(store, id, token, (record) => ({ ...record, deletedAt: null }))

/** For good, with its model and predictions. */
export async function eraseRun(store: Store, id: string, token: number): Promise<void> {
  const { projectId } = await runRecord(store, id)
  await fencedWrite(store, projectId, token, ['runs', 'models', 'splits', 'predictions', 'explanations', ...checkpointStores], (tx) => eraseRunIn(tx, id), 'strict')
}

/** Called by a project's new writer: erases the runs that have been in the bin for longer than `binLife`. */
export async function eraseOldRuns(store: Store, projectId: string, token: number): Promise<void> {
  const records = await store.read(['runs'], (tx) => tx.getAllOfProject('runs', projectId))
  const old = records.filter(({ deletedAt }) => deletedAt !== null && Date.now() - deletedAt > binLife)
  await eraseEach(old.map(({ id }) => id), (id) => eraseRun(store, id, token))
}

/**
 * Called by a project's new writer before it starts anything: whatever is still recorded as running has
 * lost its worker, and says so. @returns the runs it marked
 */
export function markInterrupted(store: Store, projectId: string, token: number): Promise<Run[]> {
  return fencedWrite(
    store,
    projectId,
    token,
    ['runs', 'datasets'],
    async (tx) => {
      const marked: Run[] = []
      for (const record of await tx.getAllOfProject('runs', projectId)) {
        if (record.run.status !== 'running' && record.run.status !== 'queued') continue
        const run: Run = {
          ...record.run,
          status: 'interrupted',
          error: {
            code: 'worker-lost',
            message: 'missing result; the tab was closed or crashed while this run was training',
            hint: record.run.reached ? 'Go on from where it stopped, or train it again.' : 'Train it again: its settings are kept.',
          },
        }
        await tx.put('runs', { ...record, run })
        marked.push(run)
      }
      for (const dataset of await tx.getAllOfProject('datasets', projectId)) {
        if (dataset.state === 'writing') await tx.put('datasets', { ...dataset, state: 'paused', pausedBecause: 'The tab was closed or crashed during the import.' })
      }
      return marked
    },
    'strict',
  )
}

/** Kept so that the same question need not be computed twice; losing one loses nothing. */
export async function saveExplanation(store: Store, token: number, record: ExplanationRecord): Promise<void> {
  await fencedWrite(store, record.projectId, token, ['explanations'], (tx) => tx.put('explanations', record))
}
