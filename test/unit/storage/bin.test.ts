import { afterEach, describe, expect, it, vi } from 'vitest'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import type { Store } from '../../../src/storage/port.ts'
import { binLife, createProject } from '../../../src/storage/projects.ts'
import { createRun, deleteRun, listRuns, readRun, restoreRun } from '../../../src/storage/runs.ts'
import { openWriter } from '../../../src/storage/writer-lock.ts'
import { sampleEnvironment, sampleSpec } from './sample.ts'

const alone = { locks: undefined, channel: () => undefined }

describe('the bin of runs', () => {
  afterEach(() => void vi.useRealTimers())
  it('is emptied of what is older than a week by the next writer, and of nothing else', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
    const store = createMemoryStore()
    const project = await createProject(store, 'p')
    const begin = () => createRun(store, { spec: sampleSpec(project.id, 'd'), token: 0, dataHash: 'd', environment: sampleEnvironment })
    const [old, young, kept] = [await begin(), await begin(), await begin()]
    await deleteRun(store, old.id, 0)
    vi.setSystemTime(Date.now() + 2)
    await deleteRun(store, young.id, 0)
    vi.setSystemTime(Date.now() + binLife - 1)
    const writer = await openWriter(store, project.id, { steal: false, onLost: () => {} }, alone)
    await expect(readRun(store, old.id)).rejects.toThrow(/missing run/)
    await restoreRun(store, young.id, writer!.token)
    expect((await listRuns(store, project.id)).map(({ id }) => id)).toEqual([young.id, kept.id])
  })
  it('lets an old run that cannot be erased keep none of the others, nor the writer out', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_800_000_000_000 })
    const memory = createMemoryStore()
    const project = await createProject(memory, 'p')
    const begin = () => createRun(memory, { spec: sampleSpec(project.id, 'd'), token: 0, dataHash: 'd', environment: sampleEnvironment })
    const [stuck, other] = [await begin(), await begin()]
    for (const { id } of [stuck, other]) await deleteRun(memory, id, 0)
    vi.setSystemTime(Date.now() + binLife + 1)
    const store: Store = { ...memory, write: (names, body, durability) => memory.write(names, (tx) => body({ ...tx, delete: (name, key) => (key === stuck.id ? Promise.reject(new Error('stuck')) : tx.delete(name, key)) }), durability) }
    expect(await openWriter(store, project.id, { steal: false, onLost: () => {} }, alone)).not.toBeNull()
    await expect(readRun(memory, other.id)).rejects.toThrow(/missing run/)
    expect((await readRun(memory, stuck.id)).id).toBe(stuck.id)
  })
})
