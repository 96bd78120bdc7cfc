/**
 * The one way to persistent records. Every implementation (IndexedDB, memory, a remote store behind a
 * MessagePort, the test double that fails call k) keeps the same promise: `write` resolves only after
 * the transaction committed, and a failed write throws; it never resolves.
 */
import type { Records, StoreName } from './records.ts'

export type Key = string | number | readonly (string | number)[]
/** Inclusive bounds; both optional. Arrays compare element by element, as IndexedDB does. */
export interface KeyRange {
  readonly from?: Key
  readonly to?: Key
}
export interface ReadTransaction {
  get<N extends StoreName>(store: N, key: Key): Promise<Records[N] | undefined>
  getAll<N extends StoreName>(store: N, range?: KeyRange): Promise<Records[N][]>
  /** By the store's one index, `byProject`, where it has one. */
  getAllOfProject<N extends StoreName>(store: N, projectId: string): Promise<Records[N][]>
  keys(store: StoreName, range?: KeyRange): Promise<Key[]>
}
export interface WriteTransaction extends ReadTransaction {
  put<N extends StoreName>(store: N, record: Records[N]): Promise<void>
  delete(store: StoreName, key: Key | KeyRange): Promise<void>
}
export interface Store {
  /** False in memory-only mode: the page then wears the badge "work is not saved". */
  readonly persistent: boolean
  read<T>(stores: readonly StoreName[], body: (tx: ReadTransaction) => Promise<T>): Promise<T>
  /**
   * The body must await nothing but this transaction's calls.
   * @throws StudioError storage-full, storage-lost, read-only (stale fencing token)
   */
  write<T>(stores: readonly StoreName[], body: (tx: WriteTransaction) => Promise<T>, durability?: 'strict' | 'relaxed'): Promise<T>
  close(): void
}
