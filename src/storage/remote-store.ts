/**
 * The store of another worker, behind a port: in memory mode one worker keeps the records and everyone
 * sees the same. A transaction is held open by its owner until its body ends here; where the caller dies
 * in the middle, its transaction is dropped and the next one goes on.
 */
import { asStudioError, StudioError } from '../core/errors.ts'
import { fromPlain, type PlainError, toPlain } from '../core/wire-error.ts'
import type { Key, KeyRange, ReadTransaction, Store, WriteTransaction } from './port.ts'
import type { Records, StoreName } from './records.ts'

const methods = ['get', 'getAll', 'getAllOfProject', 'keys', 'put', 'delete'] as const
type Method = (typeof methods)[number]
type Request =
  | { readonly tx: number; readonly call: number; readonly op: 'begin'; readonly mode: 'read' | 'write'; readonly stores: readonly StoreName[]; readonly durability?: 'strict' | 'relaxed' }
  | { readonly tx: number; readonly call: number; readonly op: Method; readonly args: readonly unknown[] }
  | { readonly tx: number; readonly call: number; readonly op: 'commit' | 'abort' }
interface Reply {
  readonly call: number
  readonly error?: PlainError
  readonly value?: unknown
}

function gone(): StudioError {
  return new StudioError({ code: 'storage-lost', message: 'missing storage; the worker that keeps the data in memory has ended', hint: 'Download a project file early: in this window nothing is kept on the device.' })
}

/** @param port leads to `serveStore` */
export function remoteStore(port: MessagePort, persistent = false): Store {
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  let calls = 0
  let transactions = 0
  let closed = false

  const end = (): void => {
    closed = true
    for (const { reject } of pending.values()) reject(gone())
    pending.clear()
  }
  port.addEventListener('message', (event: MessageEvent<Reply>) => {
    const waiting = pending.get(event.data.call)
    pending.delete(event.data.call)
    if (event.data.error !== undefined) waiting?.reject(fromPlain(event.data.error))
    else waiting?.resolve(event.data.value)
  })
  port.addEventListener('close', end)
  port.start()

  const ask = (request: Omit<Request, 'call'>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (closed) return reject(gone())
      const call = ++calls
      try {
        port.postMessage({ ...request, call })
        pending.set(call, { resolve, reject })
      } catch (error) {
        reject(asStudioError(error))
      }
    })

  async function transact<T>(mode: 'read' | 'write', stores: readonly StoreName[], body: (tx: WriteTransaction) => Promise<T>, durability?: 'strict' | 'relaxed'): Promise<T> {
    const tx = ++transactions
    const call = (op: Method, ...args: readonly unknown[]) => ask({ tx, op, args } as Omit<Request, 'call'>)
    await ask({ tx, op: 'begin', mode, stores, ...(durability ? { durability } : {}) } as Omit<Request, 'call'>)
    let value: T
    try {
      value = await body({
        get: async <N extends StoreName>(store: N, key: Key) => (await call('get', store, key)) as Records[N] | undefined,
        getAll: async <N extends StoreName>(store: N, range?: KeyRange) => (await call('getAll', store, range)) as Records[N][],
        getAllOfProject: async <N extends StoreName>(store: N, projectId: string) => (await call('getAllOfProject', store, projectId)) as Records[N][],
        keys: async (store: StoreName, range?: KeyRange) => (await call('keys', store, range)) as Key[],
        put: async (store, record) => void (await call('put', store, record)),
        delete: async (store, key) => void (await call('delete', store, key)),
      })
    } catch (error) {
      if (!closed) await ask({ tx, op: 'abort' }).catch(() => {})
      throw asStudioError(error)
    }
    await ask({ tx, op: 'commit' })
    return value
  }

  return {
    persistent,
    read: <T>(stores: readonly StoreName[], body: (tx: ReadTransaction) => Promise<T>) => transact('read', stores, body),
    write: (stores, body, durability) => transact('write', stores, body, durability),
    close() {
      end()
      port.close()
    },
  }
}

const idleTickMs = 2000
/** Ticks without a message before a transaction counts as abandoned; several, as this thread may be the busy one. */
const idleTicks = 3

interface Held {
  answer(request: Request): void
  abandon(): void
}

/** Serves `store` to one port. The store must be patient (memory-store), as bodies wait for messages. */
export function serveStore(store: Store, port: MessagePort): void {
  const held = new Map<number, Held>()
  const reply = (message: Reply): void => port.postMessage(message)

  function begin(first: Extract<Request, { op: 'begin' }>): void {
    const queue: Request[] = []
    let wake: (() => void) | undefined
    let abandoned = false
    // Waiting for its turn is not idleness.
    let idle = Number.NEGATIVE_INFINITY
    const clock = setInterval(() => {
      if (++idle >= idleTicks) entry.abandon()
    }, idleTickMs)
    const entry: Held = {
      answer(request) {
        idle = 0
        queue.push(request)
        wake?.()
      },
      abandon() {
        abandoned = true
        wake?.()
      },
    }
    held.set(first.tx, entry)
    let last: number | undefined

    const body = async (tx: ReadTransaction): Promise<void> => {
      idle = 0
      reply({ call: first.call })
      for (;;) {
        if (queue.length === 0 && !abandoned) await new Promise<void>((resolve) => (wake = resolve))
        const request = queue.shift()
        if (request === undefined) throw new StudioError({ code: 'storage-lost', message: 'missing caller; its transaction was abandoned and dropped' })
        if (request.op === 'begin') continue
        if (request.op === 'commit' || request.op === 'abort') {
          last = request.call
          if (request.op === 'abort') throw new StudioError({ code: 'cancelled', message: 'transaction dropped by its caller' })
          return
        }
        const { op: method, args } = request as Extract<Request, { args: unknown }>
        try {
          if (first.mode === 'read' && (method === 'put' || method === 'delete')) throw new StudioError({ code: 'bug', message: `invalid call; ${method} in a transaction that only reads` })
          const value: unknown = await (tx as unknown as Record<Method, (...args: readonly unknown[]) => Promise<unknown>>)[method](...args)
          reply({ call: request.call, value })
        } catch (error) {
          reply({ call: request.call, error: toPlain(error) })
        }
      }
    }
    const run = first.mode === 'read' ? store.read(first.stores, body) : store.write(first.stores, body, first.durability)
    void run
      .then(
        () => reply({ call: last ?? first.call }),
        (error: unknown) => reply({ call: last ?? first.call, error: toPlain(error) }),
      )
      .finally(() => {
        clearInterval(clock)
        held.delete(first.tx)
      })
  }

  port.addEventListener('message', (event: MessageEvent<Request>) => {
    const request = event.data
    if (request.op === 'begin') return begin(request)
    const entry = held.get(request.tx)
    if (entry && (request.op === 'commit' || request.op === 'abort' || methods.includes(request.op))) entry.answer(request)
    else reply({ call: request.call, error: toPlain(new StudioError({ code: 'storage-lost', message: 'missing transaction; it took too long and was dropped' })) })
  })
  port.addEventListener('close', () => {
    for (const entry of held.values()) entry.abandon()
  })
  port.start()
}

