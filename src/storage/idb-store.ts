/**
 * The store on IndexedDB, and the one place that holds a connection. It opens with a time-out, gives way
 * to a newer version in another tab, notices when the browser took the connection or the data away,
 * reopens once, and then fails with a typed error. A write has succeeded when its transaction is done.
 */
import { type IDBPDatabase, openDB } from 'idb'
import { asStudioError, StudioError } from '../core/errors.ts'
import { isRange } from './keys.ts'
import { databaseVersion, migrate, projectIndex } from './migrations.ts'
import type { Key, KeyRange, ReadTransaction, Store, WriteTransaction } from './port.ts'
import type { Records, StoreName } from './records.ts'

export const databaseName = 'glasshouse'

export interface IdbOptions {
  readonly name?: string
  /** A newer version of the studio runs in another tab: this one has closed its connection and must reload. */
  readonly onVersionChange?: () => void
  /** The browser closed the connection; the next operation opens another. */
  readonly onClosed?: () => void
  /** The browser lost what was stored, with what it says about it. */
  readonly onDataLoss?: (message: string) => void
  /** An older tab holds the database and does not let go. */
  readonly onBlocked?: () => void
  readonly openTimeoutMs?: number
}

const reload = 'Reload this tab; what was saved is safe.'

function lost(message: string, cause?: unknown, hint = 'What was saved before is safe. Try again; if it fails again, reload this tab.'): StudioError {
  return new StudioError({ code: 'storage-lost', message, hint, cause })
}

/** A storage failure as a typed error; an aborted transaction is a failure here, never a wish to cancel. */
function typed(thrown: unknown): StudioError {
  if (thrown instanceof StudioError) return thrown
  const name = thrown instanceof Error ? thrown.name : ''
  if (name === 'QuotaExceededError') return asStudioError(thrown)
  if (['AbortError', 'InvalidStateError', 'UnknownError', 'TransactionInactiveError', 'TimeoutError', 'NotFoundError', 'EncodingError', 'NotReadableError', 'SecurityError'].includes(name)) {
    return lost(`missing storage; the browser could not complete it: ${name}${thrown instanceof Error && thrown.message ? ` (${thrown.message.slice(0, 200)})` : ''}`, thrown)
  }
  return asStudioError(thrown)
}

interface UpgradeEvent {
  readonly dataLoss?: 'none' | 'total'
  readonly dataLossMessage?: string
}

async function refuseNewer(name: string, cause: unknown): Promise<never> {
  const newer = await openDB(name)
  const found = newer.version
  newer.close()
  throw new StudioError({
    code: 'unsupported',
    message: `unsupported database; a newer version of the studio wrote it: version ${found}, this one knows ${databaseVersion}`,
    hint: 'Reload to get the newer studio. Nothing was changed or deleted.',
    details: { found, known: databaseVersion },
    cause,
  })
}

/** @throws StudioError storage-lost (refused, timed out), unsupported (written by a newer version) */
export async function openIdbStore(options: IdbOptions = {}): Promise<Store> {
  const name = options.name ?? databaseName
  const timeout = options.openTimeoutMs ?? 10_000
  let connection: Promise<IDBPDatabase> | undefined
  let opened = 0
  let ended: StudioError | undefined

  async function connect(): Promise<IDBPDatabase> {
    let timer: ReturnType<typeof setTimeout> | undefined
    let late = false
    // Private windows may throw right here; that is an answer like any other.
    const opening = (async () => openDB(name, databaseVersion, {
      upgrade(db, oldVersion, _newVersion, _tx, event) {
        const { dataLoss, dataLossMessage } = event as UpgradeEvent
        if (dataLoss === 'total') options.onDataLoss?.(dataLossMessage ?? 'the database was damaged')
        else if (oldVersion === 0 && opened > 0) options.onDataLoss?.('the database was deleted while it was in use')
        migrate({ createStore: (store, keyPath) => db.createObjectStore(store, { keyPath: keyPath as string | string[] }) }, oldVersion)
      },
      blocked: () => options.onBlocked?.(),
      blocking(_current, _blocked, event) {
        ended = lost('missing storage; a newer version of the studio was opened in another tab', undefined, reload)
        ;(event.target as IDBDatabase).close()
        options.onVersionChange?.()
      },
      terminated() {
        connection = undefined
        options.onClosed?.()
      },
    }))()
    void opening.then((db) => late && db.close(), () => {})
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late = true
        reject(lost(`missing storage; the browser did not open it within ${timeout / 1000} s`))
      }, timeout)
    })
    try {
      const db = await Promise.race([opening, deadline])
      opened++
      return db
    } catch (error) {
      if (error instanceof Error && error.name === 'VersionError') return await refuseNewer(name, error)
      throw typed(error)
    } finally {
      clearTimeout(timer)
    }
  }

  async function database(): Promise<IDBPDatabase> {
    if (ended) throw ended
    const mine = (connection ??= connect())
    try {
      return await mine
    } catch (error) {
      if (connection === mine) connection = undefined
      throw error
    }
  }

  /** Runs `use`; where the connection turns out to be dead, once more on a new one. */
  async function withDatabase<T>(use: (db: IDBPDatabase) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      const db = await database()
      const mine = connection
      try {
        return await use(db)
      } catch (error) {
        const dead = connection !== mine || (error instanceof Error && error.name === 'InvalidStateError')
        if (connection === mine && dead) {
          db.close()
          connection = undefined
        }
        if (!dead || attempt > 0 || ended) throw ended ?? typed(error)
      }
    }
  }

  const store: Store = {
    persistent: true,
    read: (stores, body) =>
      withDatabase(async (db) => {
        const tx = db.transaction([...stores], 'readonly')
        tx.done.catch(() => {})
        return body(reader((name) => tx.objectStore(name)))
      }),
    write: (stores, body, durability = 'relaxed') =>
      withDatabase(async (db) => {
        const tx = db.transaction([...stores], 'readwrite', { durability })
        let failure: unknown
        tx.done.catch((error: unknown) => (failure = error))
        try {
          const value = await body(writer((name) => tx.objectStore(name)))
          await tx.done
          return value
        } catch (error) {
          try {
            tx.abort()
          } catch {
            // Already over, which is why we are here.
          }
          await tx.done.catch(() => {})
          // A full disk aborts the transaction; the body then only hears of the abort.
          throw error instanceof StudioError ? error : (tx.error ?? (error instanceof Error && error.name === 'AbortError' ? failure : undefined) ?? error)
        }
      }),
    close() {
      ended ??= lost('missing storage; this store was closed')
      void connection?.then((db) => db.close(), () => {})
    },
  }
  await database()
  return store
}

/** The calls of an object store that both kinds of transaction have. */
interface Table {
  get(key: IDBValidKey): Promise<unknown>
  getAll(range?: IDBKeyRange): Promise<unknown[]>
  getAllKeys(range?: IDBKeyRange): Promise<IDBValidKey[]>
  index(name: string): { getAll(key: IDBValidKey): Promise<unknown[]> }
}
interface WritableTable extends Table {
  put(record: unknown): Promise<unknown>
  delete(key: IDBValidKey | IDBKeyRange): Promise<void>
}
type NativeKey = Extract<IDBValidKey, string | number | unknown[]>

const native = (key: Key): NativeKey => key as NativeKey

function nativeRange(range: KeyRange | undefined): IDBKeyRange | undefined {
  if (range?.from !== undefined && range.to !== undefined) return IDBKeyRange.bound(native(range.from), native(range.to))
  if (range?.from !== undefined) return IDBKeyRange.lowerBound(native(range.from))
  return range?.to === undefined ? undefined : IDBKeyRange.upperBound(native(range.to))
}

function reader(table: (store: StoreName) => Table): ReadTransaction {
  return {
    get: async <N extends StoreName>(store: N, key: Key) => (await table(store).get(native(key))) as Records[N] | undefined,
    getAll: async <N extends StoreName>(store: N, range?: KeyRange) => (await table(store).getAll(nativeRange(range))) as Records[N][],
    getAllOfProject: async <N extends StoreName>(store: N, projectId: string) => (await table(store).index(projectIndex).getAll(projectId)) as Records[N][],
    keys: async (store: StoreName, range?: KeyRange) => (await table(store).getAllKeys(nativeRange(range))) as Key[],
  }
}

function writer(table: (store: StoreName) => WritableTable): WriteTransaction {
  return {
    ...reader(table),
    put: async (store, record) => void (await table(store).put(record)),
    delete: async (store, key) => {
      const range = isRange(key) ? nativeRange(key) : native(key)
      // An empty range means everything to a reader, and nothing good to a deleter.
      if (range === undefined) throw new StudioError({ code: 'bug', message: 'invalid range; a delete needs a bound' })
      await table(store).delete(range)
    },
  }
}
