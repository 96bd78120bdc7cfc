/**
 * The store without a disk: for private windows, tests and the terminal. It keeps IndexedDB's promises:
 * records are cloned in and out, a transaction is all or nothing, reads see one moment, and a body that
 * awaits anything but its transaction is an error here as it is there.
 */
import { asStudioError, StudioError } from '../core/errors.ts'
import { compareKeys, inRange, isRange, keyOf } from './keys.ts'
import type { Key, KeyRange, ReadTransaction, Store, WriteTransaction } from './port.ts'
import { ofProject, type Records, type StoreName } from './records.ts'

interface Entry {
  readonly key: Key
  readonly record: object
}
type Table = ReadonlyMap<string, Entry>

const nameOf = (key: Key): string => JSON.stringify(key)

function missingStore(store: StoreName, scope: readonly StoreName[]): StudioError {
  return new StudioError({ code: 'bug', message: `missing store; the transaction spans ${scope.join(', ')}: ${store}` })
}

export interface MemoryStoreOptions {
  /** Wait for bodies that await other things: needed where the body runs behind a port. */
  readonly patient?: boolean
}

export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const tables = new Map<StoreName, Table>()
  /** For each store, when its last requested write is over. */
  const writing = new Map<StoreName, Promise<void>>()
  let closed = false

  const settled = (stores: readonly StoreName[]): Promise<unknown> => Promise.all(stores.map((store) => writing.get(store)))
  const refuseClosed = (): void => {
    if (closed) throw new StudioError({ code: 'storage-lost', message: 'missing storage; this store was closed' })
  }

  async function read<T>(stores: readonly StoreName[], body: (tx: ReadTransaction) => Promise<T>): Promise<T> {
    refuseClosed()
    await settled(stores)
    const view = new Map(stores.map((store) => [store, tables.get(store) ?? new Map<string, Entry>()] as const))
    const life = lifeOf(options.patient === true)
    try {
      return await body(reader(view, stores, life))
    } finally {
      life.end()
    }
  }

  async function write<T>(stores: readonly StoreName[], body: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    refuseClosed()
    const before = settled(stores)
    let over = (): void => {}
    const promise = new Promise<void>((resolve) => (over = resolve))
    for (const store of stores) writing.set(store, promise)
    try {
      await before
      const view = new Map(stores.map((store) => [store, new Map(tables.get(store))] as const))
      const life = lifeOf(options.patient === true)
      try {
        const value = await body(writer(view, stores, life))
        refuseClosed()
        for (const [store, table] of view) tables.set(store, table)
        return value
      } finally {
        life.end()
      }
    } catch (error) {
      throw asStudioError(error)
    } finally {
      over()
    }
  }

  return { persistent: false, read, write, close: () => void (closed = true) }
}

/** A transaction ends by itself once its body turns to something else, as IndexedDB's do. */
function lifeOf(patient: boolean): { request(): void; end(): void } {
  let requests = 0
  let active = true
  const look = (): void => {
    const seen = requests
    // Microtasks, and with them any number of awaits on this transaction, run before the next timer.
    setTimeout(() => {
      if (requests === seen) active = false
    }, 0)
  }
  let over = false
  if (!patient) look()
  return {
    request() {
      if (over) throw new StudioError({ code: 'bug', message: 'invalid transaction; it is over' })
      if (!active) throw new StudioError({ code: 'bug', message: 'invalid transaction; its body awaited something other than the transaction' })
      requests++
      if (!patient) look()
    },
    end: () => void (over = true),
  }
}

function reader(view: ReadonlyMap<StoreName, Table>, scope: readonly StoreName[], life: { request(): void }): ReadTransaction {
  const table = (store: StoreName): Table => {
    life.request()
    const found = view.get(store)
    if (!found) throw missingStore(store, scope)
    return found
  }
  const sorted = (store: StoreName, wanted: (entry: Entry) => boolean): Entry[] =>
    [...table(store).values()].filter(wanted).sort((a, b) => compareKeys(a.key, b.key))
  const copies = <N extends StoreName>(entries: readonly Entry[]): Records[N][] => entries.map((entry) => structuredClone(entry.record) as Records[N])
  return {
    async get<N extends StoreName>(store: N, key: Key) {
      const entry = table(store).get(nameOf(key))
      return entry && (structuredClone(entry.record) as Records[N])
    },
    async getAll<N extends StoreName>(store: N, range?: KeyRange) {
      return copies<N>(sorted(store, (entry) => inRange(entry.key, range)))
    },
    async getAllOfProject<N extends StoreName>(store: N, projectId: string) {
      if (!ofProject.includes(store)) throw new StudioError({ code: 'bug', message: `missing index; ${ofProject.join(', ')} are indexed by project: ${store}` })
      return copies<N>(sorted(store, (entry) => (entry.record as { projectId?: unknown }).projectId === projectId))
    },
    async keys(store: StoreName, range?: KeyRange) {
      return sorted(store, (entry) => inRange(entry.key, range)).map((entry) => structuredClone(entry.key))
    },
  }
}

function writer(view: ReadonlyMap<StoreName, Map<string, Entry>>, scope: readonly StoreName[], life: { request(): void }): WriteTransaction {
  const table = (store: StoreName): Map<string, Entry> => {
    life.request()
    const found = view.get(store)
    if (!found) throw missingStore(store, scope)
    return found
  }
  return {
    ...reader(view, scope, life),
    async put<N extends StoreName>(store: N, record: Records[N]) {
      const key = keyOf(store, record)
      table(store).set(nameOf(key), { key, record: structuredClone(record) })
    },
    async delete(store: StoreName, key: Key | KeyRange) {
      const rows = table(store)
      if (isRange(key) && key.from === undefined && key.to === undefined) throw new StudioError({ code: 'bug', message: 'invalid range; a delete needs a bound' })
      if (!isRange(key)) rows.delete(nameOf(key))
      else for (const [name, entry] of rows) if (inRange(entry.key, key)) rows.delete(name)
    },
  }
}
