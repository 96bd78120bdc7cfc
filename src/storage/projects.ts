/** Projects: made, renamed, put into the bin and taken out, erased for good, copied, taken over by another writer. */
import { freshId } from '../core/ids.ts'
import { byteSize } from './bytes.ts'
import { unchecked } from './checked-store.ts'
import { fencedWrite, missingProject } from './fenced.ts'
import { checkpointPartsOf, chunksOf, recordsOf, recordsOfRun } from './keys.ts'
import type { Store, WriteTransaction } from './port.ts'
import type { ProjectPlan, ProjectRecord, StoreName } from './records.ts'

export const emptyPlan: ProjectPlan = { datasetId: null, target: null, split: null, recipe: null }
const longestName = 200

export const tidyName = (name: string): string => name.trim().slice(0, longestName) || 'Untitled project'

export async function createProject(store: Store, name: string, id = freshId('project'), plan: Partial<ProjectPlan> = {}): Promise<ProjectRecord> {
  const now = Date.now()
  const project: ProjectRecord = { id, version: 1, name: tidyName(name), createdAt: now, changedAt: now, deletedAt: null, token: 0, plan: { ...emptyPlan, ...plan }, slices: [], nextRun: 1 }
  await store.write(['projects'], (tx) => tx.put('projects', project), 'strict')
  return project
}

/** @throws StudioError bad-data where there is none */
export async function projectRecord(store: Store, id: string): Promise<ProjectRecord> {
  const project = await store.read(['projects'], (tx) => tx.get('projects', id))
  if (!project) throw missingProject(id)
  return project
}

/** All of them, those in the bin too, newest change first. */
export async function listProjects(store: Store): Promise<{ readonly project: ProjectRecord; readonly bytes: number }[]> {
  const projects = await store.read(['projects'], (tx) => tx.getAll('projects'))
  const listed: { project: ProjectRecord; bytes: number }[] = []
  for (const project of projects.sort((a, b) => b.changedAt - a.changedAt)) listed.push({ project, bytes: await projectSize(store, project.id) })
  return listed
}

/** Bytes kept for a project, roughly; read from what datasets and runs say of themselves, so it is cheap. */
export function projectSize(store: Store, id: string): Promise<number> {
  return store.read(['projects', 'datasets', 'runs', 'explanations', 'pictures'], async (tx) => {
    const pictures = await tx.getAllOfProject('pictures', id)
    const datasets = await tx.getAllOfProject('datasets', id)
    const runs = await tx.getAllOfProject('runs', id)
    const explanations = await tx.getAllOfProject('explanations', id)
    return (
      byteSize(await tx.get('projects', id)) +
      datasets.reduce((sum, dataset) => sum + dataset.bytesStored + byteSize(dataset.columns), 0) +
      runs.reduce((sum, run) => sum + (run.bytes ?? 0) + byteSize(run.run), 0) +
      byteSize(explanations) +
      pictures.reduce((sum, picture) => sum + picture.bytes, 0)
    )
  })
}

/** Changes what `edit` returns, as this writer. @throws StudioError read-only where its token is stale */
export function changeProject(store: Store, id: string, token: number, edit: (project: ProjectRecord) => ProjectRecord): Promise<ProjectRecord> {
  return fencedWrite(
    store,
    id,
    token,
    ['projects'],
    async (tx, project) => {
      const next: ProjectRecord = { ...edit(project), id, token, changedAt: Date.now() }
      await tx.put('projects', next)
      return next
    },
    'strict',
  )
}
export const savePlan = (store: Store, id: string, token: number, plan: ProjectPlan): Promise<ProjectRecord> => changeProject(store, id, token, (project) => ({ ...project, plan }))

/** What the start page may do without being the writer: none of it touches what a writer edits. */
function mark(store: Store, id: string, edit: (project: ProjectRecord) => ProjectRecord): Promise<ProjectRecord> {
  return store.write(
    ['projects'],
    async (tx) => {
      const project = await tx.get('projects', id)
      if (!project) throw missingProject(id)
      const next = edit(project)
      await tx.put('projects', next)
      return next
    },
    'strict',
  )
}
export const renameProject = (store: Store, id: string, name: string): Promise<ProjectRecord> => mark(store, id, (project) => ({ ...project, name: tidyName(name), changedAt: Date.now() }))
/** Whatever stays longer in the bin, a project or a run, is erased when the studio, or its project, is opened. */
export const binLife = 7 * 24 * 3600 * 1000

export const binProject = (store: Store, id: string): Promise<ProjectRecord> => mark(store, id, (project) => ({ ...project, deletedAt: Date.now() }))
export const restoreProject = (store: Store, id: string): Promise<ProjectRecord> => mark(store, id, (project) => ({ ...project, deletedAt: null }))

/** Makes the caller the one writer: every older token is refused from now on. @returns the new token */
export async function takeOver(store: Store, id: string): Promise<number> {
  return (await mark(store, id, (project) => ({ ...project, token: project.token + 1 }))).token
}

export const everyStore: readonly StoreName[] = ['projects', 'datasets', 'chunks', 'profiles', 'runs', 'models', 'splits', 'predictions', 'explanations', 'checkpoints', 'pictures', 'pictureBlobs', 'thumbnails', 'searches', 'checkpointParts', 'waiting', 'backbones']

/** For good: the data, the runs, the models, damaged or not, in one transaction. */
export function eraseProject(store: Store, id: string): Promise<void> {
  return unchecked(store).write(everyStore, (tx) => eraseIn(tx, id), 'strict')
}

export async function eraseIn(tx: WriteTransaction, id: string): Promise<void> {
  for (const dataset of await tx.getAllOfProject('datasets', id)) {
    await tx.delete('chunks', chunksOf(dataset.id))
    await tx.delete('profiles', dataset.id)
    await tx.delete('datasets', dataset.id)
  }
  for (const { id: runId } of await tx.getAllOfProject('runs', id)) await eraseRunIn(tx, runId)
  for (const { id: pictureId } of await tx.getAllOfProject('pictures', id)) await tx.delete('pictures', pictureId)
  for (const store of ['pictureBlobs', 'thumbnails', 'backbones'] as const) await tx.delete(store, recordsOf(id))
  for (const { id: searchId } of await tx.getAllOfProject('searches', id)) {
    await tx.delete('checkpoints', searchId)
    await tx.delete('checkpointParts', checkpointPartsOf(searchId))
    await tx.delete('searches', searchId)
  }
  for (const { id: entry } of await tx.getAllOfProject('waiting', id)) await tx.delete('waiting', entry)
  await tx.delete('projects', id)
}

export async function eraseRunIn(tx: WriteTransaction, runId: string): Promise<void> {
  for (const store of ['models', 'splits', 'checkpoints'] as const) await tx.delete(store, runId)
  await tx.delete('checkpointParts', checkpointPartsOf(runId))
  for (const store of ['predictions', 'explanations'] as const) await tx.delete(store, recordsOfRun(runId))
  await tx.delete('runs', runId)
}
