/**
 * Every storage scenario, with every call failing in every way (faults F1, F4, F7, F15 and their kin):
 * what was acknowledged is there, nothing is half there, a failure is seen, and a second try succeeds.
 */
import { describe, expect, it } from 'vitest'
import { columnInfo } from '../../src/core/data/dataset.ts'
import { quietContext } from '../../src/core/context.ts'
import { StudioError } from '../../src/core/errors.ts'
import { sweepOrphans } from '../../src/storage/adopt-project.ts'
import { checkedStore } from '../../src/storage/checked-store.ts'
import { createDatasetWriter, loadDataset, resumeDatasetWriter, unfinishedDatasets } from '../../src/storage/datasets.ts'
import { deadlineStore } from '../../src/storage/deadline-store.ts'
import { fsck } from '../../src/storage/fsck.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import type { Store } from '../../src/storage/port.ts'
import { binProject, createProject, eraseProject, restoreProject, savePlan, takeOver } from '../../src/storage/projects.ts'
import { createRun, deleteRun, finishRun, listRuns, markInterrupted, readRun, restoreRun, updateRun } from '../../src/storage/runs.ts'
import { chunksFrom, saveDataset } from '../../src/storage/save-dataset.ts'
import { projectCopy } from '../../src/tasks/project-copy.ts'
import { projectExport } from '../../src/tasks/project-export.ts'
import { projectImport } from '../../src/tasks/project-import.ts'
import type { Host } from '../../src/tasks/task.ts'
import { faults, faultStore } from '../support/fault-store.ts'
import { sampleDataset, sampleEnvironment, sampleProfile, sampleSpec, sampleYield } from '../unit/storage/sample.ts'

/** Something that was acknowledged, as a check that it still holds. */
type Fact = (store: Store) => Promise<void>
interface Scenario {
  /** Makes what must be there before; never fails. */
  before(store: Store): Promise<void>
  /** Does the work, noting each fact as soon as it was acknowledged. A newer fact of the same name replaces the older. */
  act(store: Store, acknowledge: (name: string, fact: Fact) => void): Promise<void>
  /** Tries again on healthy storage, after a failure. */
  again(store: Store): Promise<void>
}
const host = (store: Store): Host => ({ store, context: quietContext(), environment: { app: '0', userAgent: 'test', threads: 1 } })
const dataset = sampleDataset(24)
const columns = dataset.columns.map(columnInfo)
const parts = [...chunksFrom(dataset.columns, 24, 8)]
const options = { encoding: 'utf-8', delimiter: ',', quote: '"', decimal: '.', header: true, missing: [] } as const
const project = (store: Store) => createProject(store, 'p', 'project-1')

async function filled(store: Store): Promise<void> {
  await project(store)
  const record = await saveDataset(store, dataset, { projectId: 'project-1', token: 0, profile: sampleProfile(dataset), chunkRows: 8 })
  const spec = sampleSpec('project-1', record.id)
  const run = await createRun(store, { spec, token: 0, dataHash: dataset.id, environment: sampleEnvironment, id: 'run-1' })
  await finishRun(store, run.id, 0, {}, sampleYield(spec))
}
const projects = (store: Store) => store.read(['projects'], (tx) => tx.getAll('projects'))

let file: File | undefined
async function exportedFile(): Promise<File> {
  if (!file) {
    const store = createMemoryStore()
    await filled(store)
    file = new File([(await projectExport({ projectId: 'project-1' }, host(store))).zip], 'p.zip')
  }
  return file
}
/** A project is there with all its rows and its model, or not at all. */
async function wholeOrNothing(store: Store, expected: number): Promise<void> {
  const all = await projects(store)
  expect(all.length).toBeLessThanOrEqual(expected)
  for (const { id } of all) {
    const [run] = await listRuns(store, id)
    expect(run?.status).toBe('succeeded')
    expect((await loadDataset(store, run?.spec.datasetId as string)).columns).toEqual(dataset.columns)
  }
}

const scenarios: Readonly<Record<string, Scenario>> = {
  'import of rows': {
    before: async (store) => void (await project(store)),
    async act(store, acknowledge) {
      const token = await takeOver(store, 'project-1')
      const writer = await createDatasetWriter(store, { projectId: 'project-1', token, name: 'd', source: dataset.source, options, columns, id: 'data-1' })
      for (const part of parts) {
        await writer.append({ ...part, bytesRead: part.firstRow + part.rows })
        const { rowsCommitted } = writer.record
        acknowledge('rows', async (after) => {
          const loaded = await loadDataset(after, 'data-1', undefined, { unfinished: true })
          expect(loaded.rows).toBeGreaterThanOrEqual(rowsCommitted)
        })
      }
      await writer.complete({ hash: dataset.id, columns, profile: sampleProfile(dataset) })
      acknowledge('rows', async (after) => expect((await loadDataset(after, 'data-1')).columns).toEqual(dataset.columns))
    },
    async again(store) {
      const token = await takeOver(store, 'project-1')
      await markInterrupted(store, 'project-1', token)
      const [unfinished] = await unfinishedDatasets(store, 'project-1')
      const done = await store.read(['datasets'], (tx) => tx.get('datasets', 'data-1'))
      if (!done) return
      if (done.state !== 'complete') {
        expect(unfinished).toMatchObject({ id: 'data-1', state: 'paused' })
        const writer = await resumeDatasetWriter(store, 'data-1', token)
        for (const part of parts.slice(writer.record.chunks)) await writer.append({ ...part, bytesRead: part.firstRow + part.rows })
        await writer.complete({ hash: dataset.id, columns, profile: sampleProfile(dataset) })
      }
      expect((await loadDataset(store, 'data-1')).columns).toEqual(dataset.columns)
    },
  },
  'life of a run': {
    before: async (store) => void (await project(store)),
    async act(store, acknowledge) {
      const spec = sampleSpec('project-1', 'data-1')
      await createRun(store, { spec, token: 0, dataHash: 'x', environment: sampleEnvironment, id: 'run-1' })
      acknowledge('run', async (after) => expect(await readRun(after, 'run-1')).toMatchObject({ sequence: 1 }))
      await updateRun(store, 'run-1', 0, { history: [{ name: 'loss', x: [1], y: [1] }] })
      acknowledge('history', async (after) => expect((await readRun(after, 'run-1')).history.length).toBe(1))
      await finishRun(store, 'run-1', 0, {}, sampleYield(spec))
      acknowledge('run', async (after) => {
        expect(await readRun(after, 'run-1')).toMatchObject({ status: 'succeeded' })
        expect((await after.read(['models'], (tx) => tx.get('models', 'run-1')))?.model.arrays['prior']).toEqual(Float64Array.of(0.5, 0.5))
      })
      await updateRun(store, 'run-1', 0, { notes: 'good' })
      acknowledge('notes', async (after) => expect((await readRun(after, 'run-1')).notes).toBe('good'))
      await deleteRun(store, 'run-1', 0)
      await restoreRun(store, 'run-1', 0)
      acknowledge('restored', async (after) => expect((await listRuns(after, 'project-1')).length).toBe(1))
    },
    async again(store) {
      await markInterrupted(store, 'project-1', 0)
      const records = await store.read(['runs'], (tx) => tx.getAll('runs'))
      expect(records.length).toBeLessThanOrEqual(1)
      for (const { run } of records) expect(['interrupted', 'succeeded']).toContain(run.status)
      expect((await createRun(store, { spec: sampleSpec('project-1', 'data-1'), token: 0, dataHash: 'x', environment: sampleEnvironment })).sequence).toBe(records.length + 1)
    },
  },
  'plan, bin and erase': {
    before: filled,
    async act(store, acknowledge) {
      const spec = sampleSpec('project-1', 'data-1')
      await savePlan(store, 'project-1', 0, { datasetId: null, target: spec.target, split: null, recipe: null })
      acknowledge('project', async (after) => expect((await projects(after))[0]?.plan.target?.column).toBe('ok'))
      await binProject(store, 'project-1')
      await restoreProject(store, 'project-1')
      // From here on either it is whole, or it was erased whole.
      acknowledge('project', async () => {})
      await eraseProject(store, 'project-1')
      acknowledge('project', async (after) => {
        for (const name of ['projects', 'datasets', 'chunks', 'profiles', 'runs', 'models', 'splits', 'predictions'] as const) expect(await after.read([name], (tx) => tx.keys(name))).toEqual([])
      })
    },
    async again(store) {
      await wholeOrNothing(store, 1)
      await eraseProject(store, 'project-1')
      expect(await store.read(['chunks'], (tx) => tx.keys('chunks'))).toEqual([])
    },
  },
  'import of a project file': {
    before: async () => void (await exportedFile()),
    async act(store, acknowledge) {
      const { projectId } = await projectImport({ file: await exportedFile() }, host(store))
      acknowledge('project', async (after) => expect((await projects(after)).map(({ id }) => id)).toEqual([projectId]))
    },
    async again(store) {
      await wholeOrNothing(store, 1)
      await projectImport({ file: await exportedFile() }, host(store))
      await wholeOrNothing(store, 2)
      expect((await projects(store)).length).toBeGreaterThanOrEqual(1)
    },
  },
  'copy of a project': {
    before: filled,
    async act(store, acknowledge) {
      const { projectId } = await projectCopy({ projectId: 'project-1', name: 'copy' }, host(store))
      acknowledge('copy', async (after) => expect((await projects(after)).some(({ id, name }) => id === projectId && name === 'copy')).toBe(true))
    },
    again: (store) => wholeOrNothing(store, 2),
  },
}

describe.each(Object.entries(scenarios))('%s survives any one failure of storage', (_name, scenario) => {
  it.each(faults)('%s', async (fault) => {
    let calls = Number.POSITIVE_INFINITY
    for (let failing = 0; failing <= calls; failing++) {
      const disk = createMemoryStore()
      await scenario.before(disk)
      const faulty = faultStore(disk, failing, fault)
      const facts = new Map<string, Fact>()
      const outcome = await scenario.act(checkedStore(deadlineStore(faulty, 15)), (name, fact) => facts.set(name, fact)).then(
        () => undefined,
        (error: unknown) => error,
      )
      if (failing === 0) calls = faulty.calls()
      const where = `${fault} at call ${failing} of ${calls}`
      expect(faulty.fired(), where).toBe(failing > 0)
      // A read that succeeded although its transaction was then lost has harmed nobody, but the caller hears of it all the same.
      if (failing > 0) {
        expect(outcome, where).toBeInstanceOf(StudioError)
        expect(['storage-full', 'storage-lost'], where).toContain((outcome as StudioError).code)
      } else expect(outcome, where).toBeUndefined()
      const reopened = checkedStore(disk)
      for (const fact of facts.values()) await fact(reopened)
      expect((await fsck(reopened)).filter(({ kind }) => kind !== 'orphan'), where).toEqual([])
      await sweepOrphans(reopened)
      expect(await fsck(reopened), where).toEqual([])
      if (failing > 0) {
        await scenario.again(reopened)
        expect(await fsck(reopened), where).toEqual([])
      }
    }
    expect(calls).toBeGreaterThan(5)
  })
})
