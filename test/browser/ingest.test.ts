/** The ingest tasks in a worker, with a real File and a real IndexedDB: import, rows, stop, change of kind. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Progress } from '../../src/core/context.ts'
import { createJobClient, type JobClient } from '../../src/jobs/client.ts'
import { createProject } from '../../src/storage/projects.ts'
import { openIdbStore } from '../../src/storage/idb-store.ts'
import { unfinishedDatasets } from '../../src/storage/datasets.ts'

let client: JobClient | undefined
const worker = (): Worker => new Worker(new URL('./support/ingest.worker.ts', import.meta.url), { type: 'module' })
function open(): JobClient {
  client = createJobClient({ workers: { ingest: worker, compute: worker, interactive: worker }, app: 'test', storage: 'indexeddb' })
  return client
}
afterEach(() => client?.close())

const rows = 150_000
const file = (): File => new File([`id,x,town\r\n`, ...Array.from({ length: rows }, (_, i) => `r${i}${'p'.repeat(50)},${i / 4},${['Oslo', 'Málaga'][i % 2]}\r\n`)], 'towns.csv')

describe('ingest in a worker', () => {
  it('imports a file, and gives its rows', async () => {
    const store = await openIdbStore()
    const project = await createProject(store, 'towns')
    const jobs = open()
    const preview = await jobs.run('ingest/preview', { source: { kind: 'file', file: file() }, choices: {} })
    expect(preview.columns.map((column) => column.kind.value)).toEqual(['id', 'numeric', 'categorical'])
    expect(preview.partial).toBe(true)
    const heard: Progress[] = []
    const { datasetId } = await jobs.run('ingest/commit', { projectId: project.id, token: project.token, name: 'towns', source: { kind: 'file', file: file() }, choices: {} }, { onProgress: (progress) => heard.push(progress) })
    const last = heard.findLast((progress) => progress.kind === 'step')
    expect(last?.kind === 'step' && last.done === last.total).toBe(true)
    const window = await jobs.run('data/rows', { datasetId, start: rows - 1, count: 5 })
    expect(window).toEqual({ total: rows, rowNumbers: [rows - 1], cells: [[`r${rows - 1}${'p'.repeat(50)}`, (rows - 1) / 4, 'Málaga']] })
    const changed = await jobs.run('data/rekind', { projectId: project.id, token: project.token, datasetId, kinds: [{ column: 'x', kind: 'categorical' }] })
    expect((await jobs.run('data/rows', { datasetId: changed.datasetId, start: 1, count: 1 })).cells[0]?.[1]).toBe('0.25')
    store.close()
  })
  it('stops at once, leaves nothing half done, and goes on', async () => {
    const store = await openIdbStore()
    const project = await createProject(store, 'stopped')
    const jobs = open()
    const stop = new AbortController()
    const input = { projectId: project.id, token: project.token, name: 'towns', source: { kind: 'file' as const, file: file() }, choices: {} }
    const stopped = jobs.run('ingest/commit', input, {
      signal: stop.signal,
      onProgress: (progress) => {
        if (progress.kind === 'step' && progress.phase === 'Storing rows' && progress.done > 0) stop.abort()
      },
    })
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
    // Whatever was committed by then is whole and can be continued; nothing counts as complete.
    await expect.poll(async () => (await unfinishedDatasets(store, project.id)).every((record) => record.state === 'paused')).toBe(true)
    const [paused] = await unfinishedDatasets(store, project.id)
    const { datasetId } = await jobs.run('ingest/commit', paused ? { ...input, resumeId: paused.id } : input)
    expect((await jobs.run('data/rows', { datasetId, start: 0, count: 1 })).total).toBe(rows)
    expect(await unfinishedDatasets(store, project.id)).toEqual([])
    store.close()
  })
})
