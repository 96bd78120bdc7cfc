/** Networks that a person brought into a project to look at pictures; a run names its network by the file's hash. */
import { StudioError } from '../core/errors.ts'
import { fencedWrite } from './fenced.ts'
import { recordsOf } from './keys.ts'
import type { Store } from './port.ts'
import type { BackboneRecord } from './records.ts'

/** In the order they came. */
export async function listBackbones(store: Store, projectId: string): Promise<BackboneRecord[]> {
  const found = await store.read(['backbones'], (tx) => tx.getAll('backbones', recordsOf(projectId)))
  return found.sort((a, b) => a.addedAt - b.addedAt)
}

/** @throws StudioError storage-full, storage-lost, read-only */
export const saveBackbone = (store: Store, token: number, record: BackboneRecord): Promise<void> => fencedWrite(store, record.projectId, token, ['backbones'], (tx) => tx.put('backbones', record), 'strict')

/** The file by its hash. @throws StudioError bad-data where it is not there */
export const backboneOf = (store: Store, projectId: string) => async (hash: string): Promise<Uint8Array<ArrayBuffer>> => {
  const found = await store.read(['backbones'], (tx) => tx.get('backbones', [projectId, hash]))
  if (found) return found.file
  throw new StudioError({ code: 'bad-data', message: `missing network; the one that was brought in is not in this project: ${hash.slice(0, 12)}`, hint: 'Bring it in again on the Train page.' })
}
