/**
 * Puts a whole project into the store under fresh ids, all or nothing: rows first, where nobody can see
 * them, then every record in one strict transaction. Copies and imports both go this way.
 */
import type { Profile } from '../core/data/profile.ts'
import { freshId } from '../core/ids.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { chunksOf, recordsOf } from './keys.ts'
import type { Store } from './port.ts'
import type { BackboneRecord, ChunkColumn, DatasetRecord, ExplanationRecord, ModelRecord, PictureBlobRecord, PictureRecord, PredictionRecord, ProjectRecord, RunRecord, SearchRecord, SplitRecord, StoreName, ThumbnailRecord } from './records.ts'
import { checkChunk } from './schemas.ts'
import { searchQuestion } from './searches.ts'

export interface RowGroup {
  readonly firstRow: number
  readonly rows: number
  readonly columns: readonly ChunkColumn[]
}
export interface ProjectParts {
  readonly project: ProjectRecord
  readonly datasets: readonly { readonly record: DatasetRecord; readonly profile: Profile | undefined; rowGroups(): AsyncIterable<RowGroup> | Iterable<RowGroup> }[]
  readonly runs: readonly {
    readonly record: RunRecord
    readonly model: ModelRecord | undefined
    readonly split: SplitRecord | undefined
    readonly predictions: readonly PredictionRecord[]
    readonly explanations: readonly ExplanationRecord[]
  }[]
  /** Oldest first. */
  readonly searches: readonly SearchRecord[]
  readonly backbones: readonly BackboneRecord[]
  readonly pictures?: {
    readonly records: readonly PictureRecord[]
    /** Each file once, with its thumbnail. */
    files(): AsyncIterable<PictureFiles> | Iterable<PictureFiles>
  }
}
export interface PictureFiles {
  readonly blob: PictureBlobRecord
  readonly thumbnail: ThumbnailRecord | undefined
}

const stagingLock = 'glasshouse-staging'
const locks = (): LockManager | undefined => (globalThis.navigator as { locks?: LockManager } | undefined)?.locks

/** @returns the new project's id. @throws StudioError; nothing of the project is then to be seen */
export async function adoptProject(store: Store, parts: ProjectParts, options: { readonly name?: string; readonly checkpoint?: () => Promise<void> } = {}): Promise<string> {
  const manager = locks()
  return manager ? manager.request(stagingLock, { mode: 'shared' }, () => adopt(store, parts, options)) : adopt(store, parts, options)
}

async function adopt(store: Store, parts: ProjectParts, options: { readonly name?: string; readonly checkpoint?: () => Promise<void> }): Promise<string> {
  const projectId = freshId('project')
  const dataIds = new Map(parts.datasets.map(({ record }) => [record.id, freshId('data')]))
  const dataset = (id: string): string => dataIds.get(id) ?? id
  const runIds = new Map(parts.runs.map(({ record }) => [record.id, freshId('run')]))
  const earlier = ({ continueFrom }: RunSpec): Pick<RunSpec, 'continueFrom'> => (continueFrom === undefined ? {} : { continueFrom: runIds.get(continueFrom) ?? continueFrom })
  const staged: string[] = []
  try {
    const records: DatasetRecord[] = []
    for (const { record, rowGroups } of parts.datasets) {
      const id = dataset(record.id)
      staged.push(id)
      let sequence = 0
      let rows = 0
      for await (const group of rowGroups()) {
        await options.checkpoint?.()
        const chunk = { datasetId: id, sequence: sequence++, ...group }
        checkChunk(chunk, record)
        rows += group.rows
        await store.write(['chunks'], (tx) => tx.put('chunks', chunk))
      }
      records.push({ ...record, id, projectId, chunks: sequence, rowsCommitted: rows })
    }
    for await (const { blob, thumbnail } of parts.pictures?.files() ?? []) {
      await options.checkpoint?.()
      await store.write(['pictureBlobs', 'thumbnails'], async (tx) => {
        await tx.put('pictureBlobs', { ...blob, projectId })
        if (thumbnail) await tx.put('thumbnails', { ...thumbnail, projectId })
      })
    }
    const datasetId = parts.project.plan.datasetId
    const now = Date.now()
    const project: ProjectRecord = {
      ...parts.project,
      id: projectId,
      name: options.name ?? parts.project.name,
      createdAt: now,
      changedAt: now,
      deletedAt: null,
      token: 0,
      plan: { ...parts.project.plan, datasetId: datasetId === null ? null : (dataIds.get(datasetId) ?? null) },
    }
    const all: readonly StoreName[] = ['projects', 'datasets', 'profiles', 'runs', 'models', 'splits', 'predictions', 'explanations', 'pictures', 'searches', 'backbones']
    await store.write(
      all,
      async (tx) => {
        await tx.put('projects', project)
        for (const record of records) await tx.put('datasets', record)
        for (const { record, profile } of parts.datasets) if (profile) await tx.put('profiles', { datasetId: dataset(record.id), projectId, profile })
        for (const record of parts.pictures?.records ?? []) await tx.put('pictures', { ...record, id: freshId('picture'), projectId })
        for (const { record, model, split, predictions, explanations } of parts.runs) {
          const runId = runIds.get(record.id) as string
          const { run } = record
          await tx.put('runs', { ...record, id: runId, projectId, run: { ...run, id: runId, spec: { ...run.spec, ...earlier(run.spec), projectId, datasetId: dataset(run.spec.datasetId) } } })
          if (model) await tx.put('models', { ...model, runId, projectId })
          if (split) await tx.put('splits', { ...split, runId, projectId })
          for (const prediction of predictions) await tx.put('predictions', { ...prediction, runId, projectId })
          for (const explanation of explanations) await tx.put('explanations', { ...explanation, runId, projectId })
        }
        for (const backbone of parts.backbones) await tx.put('backbones', { ...backbone, projectId })
        for (const search of parts.searches) {
          const spec = { ...search.spec, projectId, datasetId: dataset(search.spec.datasetId) }
          await tx.put('searches', { ...search, id: freshId('search'), projectId, spec, question: searchQuestion(spec) })
        }
      },
      'strict',
    )
    return projectId
  } catch (error) {
    // Rows without a dataset are invisible; what cannot be removed now is swept at the next start. A
    // last commit that did not answer may yet have succeeded: then the rows have their dataset.
    for (const id of staged) {
      const drop = store.write(['chunks', 'datasets'], async (tx) => {
        if (!(await tx.get('datasets', id))) await tx.delete('chunks', chunksOf(id))
      })
      await drop.catch(() => {})
    }
    const dropFiles = store.write(['projects', 'pictureBlobs', 'thumbnails'], async (tx) => {
      if (!(await tx.get('projects', projectId))) for (const name of ['pictureBlobs', 'thumbnails'] as const) await tx.delete(name, recordsOf(projectId))
    })
    await dropFiles.catch(() => {})
    throw error
  }
}

/** Removes rows that belong to no dataset: left by an import that died. Does nothing while one is under way. @returns how many datasets' rows */
export async function sweepOrphans(store: Store): Promise<number> {
  const manager = locks()
  if (!manager) return sweep(store)
  return manager.request(stagingLock, { ifAvailable: true }, (lock) => (lock ? sweep(store) : 0))
}

function sweep(store: Store): Promise<number> {
  return store.write(['projects', 'chunks', 'datasets', 'pictureBlobs', 'thumbnails'], async (tx) => {
    const projects = new Set((await tx.keys('projects')) as string[])
    for (const name of ['pictureBlobs', 'thumbnails'] as const) {
      const strays = new Set(((await tx.keys(name)) as [string, string][]).map(([projectId]) => projectId).filter((id) => !projects.has(id)))
      for (const id of strays) await tx.delete(name, recordsOf(id))
    }
    const known = new Set((await tx.keys('datasets')) as string[])
    const orphans = new Set(((await tx.keys('chunks')) as [string, number][]).map(([datasetId]) => datasetId).filter((id) => !known.has(id)))
    for (const id of orphans) await tx.delete('chunks', chunksOf(id))
    return orphans.size
  })
}
