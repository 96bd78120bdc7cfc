/** Where work is kept: on this device, or in memory only, with the reason. */
import { asStudioError } from '../core/errors.ts'
import { checkedStore, type Damaged } from './checked-store.ts'
import { deadlineStore } from './deadline-store.ts'
import { type IdbOptions, openIdbStore } from './idb-store.ts'
import type { Store } from './port.ts'

export type OpenedStore =
  | { readonly kind: 'indexeddb'; readonly store: Store }
  /** A sentence for the badge: why nothing can be kept. The page then takes the store of the jobs' client. */
  | { readonly kind: 'memory'; readonly reason: string }

export interface OpenOptions extends IdbOptions {
  readonly onDamaged?: (damaged: Damaged) => void
}

/** What every worker and the page put around whichever store they use. */
export const guardedStore = (store: Store, onDamaged?: (damaged: Damaged) => void): Store => checkedStore(deadlineStore(store), onDamaged)

/**
 * Opens the database and proves it with a write. A database of a newer studio is an error, not a reason
 * to forget: work in memory beside it would look like a loss.
 * @throws StudioError unsupported
 */
export async function openStore(options: OpenOptions = {}): Promise<OpenedStore> {
  if ((globalThis as { indexedDB?: IDBFactory }).indexedDB === undefined) return { kind: 'memory', reason: 'This browser window offers no storage.' }
  try {
    const store = await openIdbStore({ openTimeoutMs: 5000, ...options })
    await deadlineStore(store, options.openTimeoutMs ?? 5000).write(['checkpoints'], (tx) => tx.delete('checkpoints', 'start-up probe'), 'relaxed')
    return { kind: 'indexeddb', store: guardedStore(store, options.onDamaged) }
  } catch (error) {
    const known = asStudioError(error)
    if (known.code === 'unsupported') throw known
    return { kind: 'memory', reason: `The browser refuses to keep data for this site: ${known.message}` }
  }
}
