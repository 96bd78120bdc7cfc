/**
 * A store that fails one call. Calls are counted over everything a transaction does, its end included, so
 * that a scenario can be run once for every call and every fault.
 */
import { StudioError } from '../../src/core/errors.ts'
import type { Store, WriteTransaction } from '../../src/storage/port.ts'

export const faults = ['quota', 'abort-after-success', 'closing', 'unknown', 'never-settles', 'committed-but-silent'] as const
export type Fault = (typeof faults)[number]

export interface FaultStore extends Store {
  readonly calls: () => number
  /** True once the call was reached. */
  readonly fired: () => boolean
}

const errors = {
  quota: () => new StudioError({ code: 'storage-full', message: 'missing storage; injected' }),
  closing: () => new StudioError({ code: 'storage-lost', message: 'missing storage; the database connection is closing' }),
  unknown: () => new StudioError({ code: 'storage-lost', message: 'missing storage; UnknownError' }),
} as const
const never = new Promise<never>(() => {})
class Silence extends Error {}

/** @param failing the number of the call that fails, from 1; 0 = none */
export function faultStore(store: Store, failing: number, fault: Fault): FaultStore {
  let calls = 0
  let fired = false

  async function transact<T>(run: (body: (tx: WriteTransaction) => Promise<T>) => Promise<T>, body: (tx: WriteTransaction) => Promise<T>): Promise<T> {
    let doomed: Error | undefined
    let silent = false
    const call = async <V>(work: () => Promise<V>): Promise<V> => {
      if (doomed) throw doomed
      if (++calls !== failing) return work()
      fired = true
      if (fault === 'abort-after-success') {
        const value = await work()
        doomed = errors.unknown()
        return value
      }
      if (fault === 'committed-but-silent') {
        silent = true
        return work()
      }
      if (fault === 'never-settles') doomed = new Silence()
      // A full disk lets the call succeed and aborts the transaction afterwards.
      else if (fault === 'quota') {
        doomed = errors.quota()
        return work()
      } else doomed = errors[fault]()
      throw doomed
    }
    try {
      const value = await run(async (tx) => {
        const counted: WriteTransaction = {
          get: (name, key) => call(() => tx.get(name, key)),
          getAll: (name, range) => call(() => tx.getAll(name, range)),
          getAllOfProject: (name, id) => call(() => tx.getAllOfProject(name, id)),
          keys: (name, range) => call(() => tx.keys(name, range)),
          put: (name, record) => call(() => tx.put(name, record)),
          delete: (name, key) => call(() => tx.delete(name, key)),
        }
        const result = await body(counted)
        await call(async () => {})
        if (doomed) throw doomed
        return result
      })
      return silent ? await never : value
    } catch (error) {
      // Whatever the body made of it, a transaction that hangs answers nobody.
      if (doomed instanceof Silence) return await never
      throw doomed ?? error
    }
  }
  return {
    persistent: store.persistent,
    read: (stores, body) => transact((inner) => store.read(stores, (tx) => inner(tx as WriteTransaction)), body),
    write: (stores, body, durability) => transact((inner) => store.write(stores, inner, durability), body),
    close: () => store.close(),
    calls: () => calls,
    fired: () => fired,
  }
}
