/** Damaged records are set aside, not thrown away: they can be listed, taken out as a file, rebuilt or erased. */
import { type Damaged, unchecked } from './checked-store.ts'
import { fsck, type StoredProblem } from './fsck.ts'
import { chunksOf } from './keys.ts'
import type { Store } from './port.ts'
import { emptyPlan, eraseIn, eraseRunIn, everyStore, tidyName } from './projects.ts'
import type { ProjectRecord } from './records.ts'
import { recordProblem } from './schemas.ts'

/** @param checkpoint called between parts of the walk, so that it can be cancelled */
export async function listDamaged(store: Store, checkpoint?: () => Promise<void>): Promise<StoredProblem[]> {
  return (await fsck(store, checkpoint)).filter((problem) => problem.kind === 'damaged')
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  return btoa(text)
}
const plain = (_key: string, value: unknown): unknown =>
  ArrayBuffer.isView(value) ? { type: value.constructor.name, base64: base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) } : typeof value === 'bigint' ? String(value) : value

/** The damaged records as JSON, arrays in base64, whatever they are. */
export async function damagedFile(store: Store, damaged: readonly Damaged[]): Promise<Uint8Array<ArrayBuffer>> {
  const bare = unchecked(store)
  const items: unknown[] = []
  for (const problem of damaged) items.push({ ...problem, record: await bare.read([problem.store], (tx) => tx.get(problem.store, problem.key)) })
  return new TextEncoder().encode(JSON.stringify(items, plain, 1))
}

/** For good, with what nothing else could reach any more: the rows of a dataset, the model of a run, all of a project. */
export async function eraseDamaged(store: Store, damaged: readonly Damaged[]): Promise<void> {
  await unchecked(store).write(
    everyStore,
    async (tx) => {
      for (const { store: name, key } of damaged) {
        if (name === 'projects') await eraseIn(tx, key as string)
        else if (name === 'runs') await eraseRunIn(tx, key as string)
        else if (name === 'datasets') {
          await tx.delete('chunks', chunksOf(key as string))
          await tx.delete('profiles', key)
        }
        await tx.delete(name, key)
      }
    },
    'strict',
  )
}

/**
 * A new record for a project whose own cannot be read, so that its data and runs open again; what was
 * decided and not yet trained is gone with the old one.
 */
export async function rebuildProject(store: Store, id: string, name: string): Promise<ProjectRecord> {
  return unchecked(store).write(
    ['projects', 'datasets', 'runs', 'pictures'],
    async (tx) => {
      const old: unknown = await tx.get('projects', id)
      const number = (key: string): number => {
        const value: unknown = typeof old === 'object' && old !== null ? (old as Record<string, unknown>)[key] : undefined
        return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0
      }
      const datasets = (await tx.getAllOfProject('datasets', id)).filter((record) => recordProblem('datasets', record) === undefined && record.state === 'complete')
      const runs = (await tx.getAllOfProject('runs', id)).filter((record) => recordProblem('runs', record) === undefined)
      const pictures = (await tx.getAllOfProject('pictures', id)).filter((record) => recordProblem('pictures', record) === undefined)
      const classes = [...new Set(pictures.flatMap(({ label }) => (label === null ? [] : [label])))]
      const now = Date.now()
      const newest = datasets.sort((a, b) => b.createdAt - a.createdAt)[0]
      const project: ProjectRecord = {
        id,
        version: 1,
        name: tidyName(name),
        createdAt: number('createdAt') || now,
        changedAt: now,
        deletedAt: null,
        // Above whatever a writer of the old record may still hold.
        token: number('token') + 1,
        plan: { ...emptyPlan, datasetId: newest?.id ?? null, ...(pictures.length > 0 ? { pictures: { classes } } : {}) },
        slices: [],
        nextRun: Math.max(number('nextRun'), 1, ...runs.map(({ run }) => run.sequence + 1)),
      }
      await tx.put('projects', project)
      return project
    },
    'strict',
  )
}
