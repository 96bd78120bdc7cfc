/** Real IndexedDB: the contract, a connection closed under us (F15), data taken away, blocked and newer versions. */
import { deleteDB, openDB } from 'idb'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import { openIdbStore } from '../../src/storage/idb-store.ts'
import { migrations } from '../../src/storage/migrations.ts'
import { openStore } from '../../src/storage/open-store.ts'
import { createProject, savePlan, emptyPlan, projectRecord } from '../../src/storage/projects.ts'
import { remoteStore, serveStore } from '../../src/storage/remote-store.ts'
import { createRun, listRuns } from '../../src/storage/runs.ts'
import { openWriter } from '../../src/storage/writer-lock.ts'
import { storeContract } from '../support/store-contract.ts'
import { sampleEnvironment, sampleSpec } from '../unit/storage/sample.ts'

let databases = 0
const freshName = () => `browser-${performance.timeOrigin}-${++databases}`

storeContract('IndexedDB', () => openIdbStore({ name: freshName() }))
storeContract('memory behind a port', async () => {
  const { port1, port2 } = new MessageChannel()
  serveStore(createMemoryStore({ patient: true }), port1)
  return remoteStore(port2)
})

describe('the connection', () => {
  it('is opened again when it was closed under us, and the write is not lost', async () => {
    const name = freshName()
    const store = await openIdbStore({ name })
    const project = await createProject(store, 'p')
    const close = IDBDatabase.prototype.close
    const open = IDBFactory.prototype.open
    // The handle that the store holds: closed behind its back, as a browser in trouble does.
    const transaction = IDBDatabase.prototype.transaction
    let closed = 0
    IDBDatabase.prototype.transaction = function (this: IDBDatabase, ...args: Parameters<typeof transaction>) {
      if (closed++ === 0) close.call(this)
      return transaction.apply(this, args)
    }
    try {
      await savePlan(store, project.id, 0, { ...emptyPlan, datasetId: 'd' })
    } finally {
      IDBDatabase.prototype.transaction = transaction
    }
    expect(closed).toBe(2)
    expect((await projectRecord(store, project.id)).plan.datasetId).toBe('d')
    // The second connection fails as well: then the failure is said, not swallowed.
    IDBDatabase.prototype.transaction = function (this: IDBDatabase) {
      throw new DOMException('The database connection is closing.', 'InvalidStateError')
    }
    try {
      await expect(savePlan(store, project.id, 0, emptyPlan)).rejects.toMatchObject({ code: 'storage-lost' })
    } finally {
      IDBDatabase.prototype.transaction = transaction
    }
    expect(IDBFactory.prototype.open).toBe(open)
    expect((await projectRecord(store, project.id)).plan.datasetId).toBe('d')
  })
  it('lets go of a database that is being deleted, and fails loudly from then on', async () => {
    const name = freshName()
    let changed = 0
    const store = await openIdbStore({ name, onVersionChange: () => changed++ })
    await createProject(store, 'p')
    // Deleting asks the holder to let go first; a store that held on would block this for ever.
    await deleteDB(name)
    expect(changed).toBe(1)
    await expect(store.read(['projects'], (tx) => tx.getAll('projects'))).rejects.toMatchObject({ code: 'storage-lost' })
  })
  it('lets a newer version in at once, and a newer database be', async () => {
    const name = freshName()
    const store = await openIdbStore({ name })
    const newer = await openDB(name, migrations.length + 1)
    await expect(createProject(store, 'p')).rejects.toMatchObject({ code: 'storage-lost', hint: expect.stringMatching(/Reload/) })
    newer.close()
    await expect(openStore({ name })).rejects.toMatchObject({ code: 'unsupported', details: { found: migrations.length + 1 } })
  })
  it('waits a bounded time for an older tab that does not let go', async () => {
    const name = freshName()
    const stubborn = await openDB(name, 1)
    stubborn.onversionchange = null
    const request = indexedDB.open(name, 2)
    await new Promise((resolve) => request.addEventListener('blocked', resolve, { once: true }))
    await expect(openIdbStore({ name, openTimeoutMs: 300 })).rejects.toMatchObject({ code: 'storage-lost' })
    stubborn.close()
  })
})

describe('one writer a project', () => {
  it('keeps the second out, lets it take over, and stops the first at once', async () => {
    const store = await openIdbStore({ name: freshName() })
    const project = await createProject(store, 'p')
    let lost = 0
    const first = await openWriter(store, project.id, { steal: false, onLost: () => lost++ })
    expect(first?.token).toBe(1)
    const spec = sampleSpec(project.id, 'd')
    await createRun(store, { spec, token: 1, dataHash: 'x', environment: sampleEnvironment, id: freshName() })
    expect(await openWriter(store, project.id, { steal: false, onLost: () => {} })).toBeNull()
    const second = await openWriter(store, project.id, { steal: true, onLost: () => {} })
    expect(second?.token).toBe(2)
    // The new writer knows that the old one's run has lost its worker.
    expect((await listRuns(store, project.id))[0]?.status).toBe('interrupted')
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(lost).toBe(1)
    await expect(savePlan(store, project.id, 1, emptyPlan)).rejects.toMatchObject({ code: 'read-only' })
    await savePlan(store, project.id, 2, { ...emptyPlan, datasetId: 'd' })
    second?.release()
    await new Promise((resolve) => setTimeout(resolve, 20))
    const third = await openWriter(store, project.id, { steal: false, onLost: () => {} })
    expect(third?.token).toBe(3)
    expect((await projectRecord(store, project.id)).plan.datasetId).toBe('d')
    third?.release()
  })
})
