/** The queue as it is kept: what has not begun when a tab is closed is offered again. */
import { fencedWrite } from './fenced.ts'
import type { Store } from './port.ts'
import type { WaitingRecord } from './records.ts'

/** Writes all of them, over their earlier selves. @throws StudioError read-only where the token is stale */
export const saveWaiting = (store: Store, projectId: string, token: number, records: readonly WaitingRecord[]): Promise<void> =>
  fencedWrite(store, projectId, token, ['waiting'], async (tx) => {
    for (const record of records) await tx.put('waiting', record)
  })

/** They have begun, or are not wanted any more. @throws StudioError read-only */
export const dropWaiting = (store: Store, projectId: string, token: number, ids: readonly string[]): Promise<void> =>
  fencedWrite(store, projectId, token, ['waiting'], async (tx) => {
    for (const id of ids) await tx.delete('waiting', id)
  })

/** In the order of the queue. */
export async function listWaiting(store: Store, projectId: string): Promise<WaitingRecord[]> {
  const records = await store.read(['waiting'], (tx) => tx.getAllOfProject('waiting', projectId))
  return records.sort((a, b) => a.place - b.place)
}
