import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { describe, expect, it } from 'vitest'
import { checkedStore } from '../../src/storage/checked-store.ts'
import { deadlineStore } from '../../src/storage/deadline-store.ts'
import { openIdbStore } from '../../src/storage/idb-store.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import { databaseVersion } from '../../src/storage/migrations.ts'
import { openStore } from '../../src/storage/open-store.ts'
import { remoteStore, serveStore } from '../../src/storage/remote-store.ts'
import { storeContract } from '../support/store-contract.ts'

let databases = 0
const fresh = () => openIdbStore({ name: `contract-${++databases}` })
async function remote() {
  const { port1, port2 } = new MessageChannel()
  serveStore(createMemoryStore({ patient: true }), port1)
  return remoteStore(port2)
}

storeContract('memory store', async () => createMemoryStore())
storeContract('IndexedDB store', fresh)
storeContract('remote store', remote)
storeContract('guarded IndexedDB store', async () => checkedStore(deadlineStore(await fresh())))

describe('memory store', () => {
  it('refuses a body that awaits something else, as IndexedDB does', async () => {
    for (const store of [createMemoryStore(), await fresh()]) {
      const wandering = store.write(['projects'], async (tx) => {
        await tx.keys('projects')
        await new Promise((resolve) => setTimeout(resolve, 20))
        await tx.delete('projects', 'x')
      })
      await expect(wandering).rejects.toMatchObject({ name: 'StudioError' })
    }
  })
})

describe('remote store', () => {
  it('drops the transaction of a caller that vanished, and serves the next', async () => {
    const memory = createMemoryStore({ patient: true })
    const first = new MessageChannel()
    const second = new MessageChannel()
    serveStore(memory, first.port1)
    serveStore(memory, second.port1)
    const dying = remoteStore(first.port2)
    const stuck = dying.write(['checkpoints'], async (tx) => {
      await tx.put('checkpoints', { runId: 'half', projectId: 'p', step: 0, arrays: {} })
      first.port2.close()
      await new Promise(() => {})
    })
    stuck.catch(() => {})
    const store = remoteStore(second.port2)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await store.write(['checkpoints'], (tx) => tx.put('checkpoints', { runId: 'whole', projectId: 'p', step: 0, arrays: {} }))
    expect(await store.read(['checkpoints'], (tx) => tx.keys('checkpoints'))).toEqual(['whole'])
  })
  it('rejects what is owed when the keeper goes', async () => {
    const { port1, port2 } = new MessageChannel()
    const store = remoteStore(port2)
    const owed = store.read(['projects'], (tx) => tx.keys('projects'))
    port1.close()
    await expect(owed).rejects.toMatchObject({ code: 'storage-lost' })
  })
})

describe('IndexedDB connection', () => {
  it('gives way to a newer version, and says so', async () => {
    let told = 0
    const store = await openIdbStore({ name: 'newer', onVersionChange: () => told++ })
    const newer = await openDB('newer', databaseVersion + 1)
    expect(told).toBe(1)
    await expect(store.write(['projects'], (tx) => tx.delete('projects', 'x'))).rejects.toMatchObject({ code: 'storage-lost', hint: expect.stringMatching(/Reload/) })
    newer.close()
    await expect(openIdbStore({ name: 'newer' })).rejects.toMatchObject({ code: 'unsupported', details: { found: databaseVersion + 1, known: databaseVersion } })
  })
  it('does not wait for ever for a browser that never opens, and then works in memory', async () => {
    const real = globalThis.indexedDB
    const pretend = (open: () => unknown) => Object.defineProperty(globalThis, 'indexedDB', { value: { open }, configurable: true, writable: true })
    try {
      pretend(() => Object.assign(Object.create(IDBOpenDBRequest.prototype) as object, { addEventListener() {}, removeEventListener() {} }))
      await expect(openIdbStore({ name: 'silent', openTimeoutMs: 50 })).rejects.toMatchObject({ code: 'storage-lost', message: expect.stringMatching(/did not open it within 0.05 s/) })
      expect(await openStore({ name: 'silent', openTimeoutMs: 50 })).toMatchObject({ kind: 'memory', reason: expect.stringMatching(/did not open/) })
      pretend(() => {
        throw new DOMException('denied', 'SecurityError')
      })
      expect(await openStore({ name: 'denied' })).toMatchObject({ kind: 'memory', reason: expect.stringMatching(/refuses/) })
      Object.defineProperty(globalThis, 'indexedDB', { value: undefined, configurable: true, writable: true })
      expect(await openStore()).toMatchObject({ kind: 'memory', reason: expect.stringMatching(/no storage/) })
    } finally {
      Object.defineProperty(globalThis, 'indexedDB', { value: real, configurable: true, writable: true })
    }
    expect(await openStore({ name: 'fine' })).toMatchObject({ kind: 'indexeddb' })
  })
})
