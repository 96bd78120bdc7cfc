/** Networks that a person brought into a project to look at pictures; a run names its network by the file's hash. */
import { StudioError } from '../core/errors.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { fencedWrite } from './fenced.ts'
import { recordsOf } from './keys.ts'
import type { Store } from './port.ts'
import type { BackboneRecord } from './records.ts'

/** So many are told by name of what keeps a network. */
const namedUsers = 5

/** In the order they came. */
export async function listBackbones(store: Store, projectId: string): Promise<BackboneRecord[]> {
  const found = await store.read(['backbones'], (tx) => tx.getAll('backbones', recordsOf(projectId)))
  return found.sort((a, b) => a.addedAt - b.addedAt)
}

/** @throws StudioError storage-full, storage-lost, read-only */
export const saveBackbone = (store: Store, token: number, record: BackboneRecord): Promise<void> => fencedWrite(store, record.projectId, token, ['backbones'], (tx) => tx.put('backbones', record), 'strict')

/**
 * For good. Whoever looks through it keeps it: a run, also one in the bin, which may come back, and what waits in the queue.
 * @throws StudioError unsupported, with the names of those that need it; read-only
 */
export function removeBackbone(store: Store, projectId: string, token: number, hash: string): Promise<void> {
  const looksThrough = ({ recipe }: RunSpec): boolean => recipe.steps.some(({ params }) => Object.values(params).includes(hash))
  return fencedWrite(
    store,
    projectId,
    token,
    ['backbones', 'runs', 'waiting'],
    async (tx) => {
      const runs = (await tx.getAllOfProject('runs', projectId)).filter(({ run }) => looksThrough(run.spec)).sort((a, b) => a.run.sequence - b.run.sequence)
      const waiting = (await tx.getAllOfProject('waiting', projectId)).filter(({ spec }) => looksThrough(spec)).length
      const users = [...runs.map(({ run, deletedAt }) => `“${run.name.slice(0, 60)}”${deletedAt === null ? '' : ' (in the bin)'}`), ...(waiting > 0 ? [`${waiting} in the queue`] : [])]
      if (users.length === 0) return tx.delete('backbones', [projectId, hash])
      const others = users.length - namedUsers
      throw new StudioError({
        code: 'unsupported',
        message: `unsupported removal; models look through this network: ${users.slice(0, namedUsers).join(', ')}${others > 0 ? ` and ${others} more` : ''}`,
        hint: 'Erase those runs for good first, from the bin too.',
      })
    },
    'strict',
  )
}

/** The file by its hash. @throws StudioError bad-data where it is not there */
export const backboneOf = (store: Store, projectId: string) => async (hash: string): Promise<Uint8Array<ArrayBuffer>> => {
  const found = await store.read(['backbones'], (tx) => tx.get('backbones', [projectId, hash]))
  if (found) return found.file
  throw new StudioError({ code: 'bad-data', message: `missing network; the one that was brought in is not in this project: ${hash.slice(0, 12)}`, hint: 'Bring it in again on the Train page.' })
}
