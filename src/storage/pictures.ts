/**
 * Pictures of a project: small records that change (label, bin), compressed files and thumbnails that do
 * not. A picture and its files are written in one transaction, so a record always has its file.
 */
import { cellAt, isValid } from '../core/data/column.ts'
import { StudioError } from '../core/errors.ts'
import { loadDataset } from './datasets.ts'
import { fencedWrite } from './fenced.ts'
import { recordsOf } from './keys.ts'
import type { Store } from './port.ts'
import type { PictureBlobRecord, PictureRecord, ThumbnailRecord } from './records.ts'

export interface NewPicture {
  readonly record: PictureRecord
  readonly blob: PictureBlobRecord
  readonly thumbnail: ThumbnailRecord
}

/** All of a project in the order they came, those in the bin too. */
export async function listPictures(store: Store, projectId: string): Promise<PictureRecord[]> {
  const records = await store.read(['pictures'], (tx) => tx.getAllOfProject('pictures', projectId))
  return records.sort((a, b) => a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1))
}

/** One transaction: all of them or none; once it resolves they are there. @throws StudioError storage-full, storage-lost, read-only */
export function addPictures(store: Store, projectId: string, token: number, added: readonly NewPicture[]): Promise<void> {
  return fencedWrite(
    store,
    projectId,
    token,
    ['pictures', 'pictureBlobs', 'thumbnails'],
    async (tx) => {
      for (const { record, blob, thumbnail } of added) {
        await tx.put('pictureBlobs', blob)
        await tx.put('thumbnails', thumbnail)
        await tx.put('pictures', record)
      }
    },
    'strict',
  )
}

/** Puts records as given (labels, bin): what edits and their undo do. @throws StudioError as `addPictures` */
export function putPictures(store: Store, projectId: string, token: number, records: readonly PictureRecord[]): Promise<void> {
  return fencedWrite(
    store,
    projectId,
    token,
    ['pictures'],
    async (tx) => {
      for (const record of records) await tx.put('pictures', record)
    },
    'strict',
  )
}

/** The compressed file. @throws StudioError bad-data where it is not there */
export async function pictureBlob(store: Store, projectId: string, hash: string): Promise<PictureBlobRecord> {
  const found = await store.read(['pictureBlobs'], (tx) => tx.get('pictureBlobs', [projectId, hash]))
  if (found) return found
  throw new StudioError({ code: 'bad-data', message: `missing picture; its file is not in storage: ${hash.slice(0, 12)}`, hint: 'Add the picture again; other pictures are not affected.', details: { hash } })
}

/** In the order asked for; undefined where there is none. */
export function thumbnails(store: Store, projectId: string, hashes: readonly string[]): Promise<(ThumbnailRecord | undefined)[]> {
  return store.read(['thumbnails'], async (tx) => {
    const found: (ThumbnailRecord | undefined)[] = []
    for (const hash of hashes) found.push(await tx.get('thumbnails', [projectId, hash]))
    return found
  })
}

/** Embeddings that are known already, by hash. */
export async function seenBefore(store: Store, projectId: string, representation: string): Promise<Map<string, Float32Array>> {
  const records = await store.read(['thumbnails'], (tx) => tx.getAll('thumbnails', recordsOf(projectId)))
  return new Map(records.flatMap(({ hash, seen }) => (seen ?? []).filter((entry) => entry.representation === representation).map(({ values }) => [hash, values] as const)))
}

/** Keeps what was made of pictures beside their thumbnails: every embedding, and pixels of one size. They can always be made again, so no token is asked for. */
export function rememberSeen(store: Store, projectId: string, representation: string, made: readonly { readonly hash: string; readonly values: Float32Array }[]): Promise<void> {
  return store.write(['thumbnails'], async (tx) => {
    for (const { hash, values } of made) {
      const record = await tx.get('thumbnails', [projectId, hash])
      const isPixels = representation.startsWith('pixels:')
      const others = (record?.seen ?? []).filter((entry) => entry.representation !== representation && !(isPixels && entry.representation.startsWith('pixels:')))
      if (record) await tx.put('thumbnails', { ...record, seen: [...others, { representation, values }] })
    }
  }, 'relaxed')
}

/** Hashes whose file is stored. */
export async function storedHashes(store: Store, projectId: string): Promise<Set<string>> {
  const keys = (await store.read(['pictureBlobs'], (tx) => tx.keys('pictureBlobs', recordsOf(projectId)))) as [string, string][]
  return new Set(keys.map(([, hash]) => hash))
}

/** Hashes that the project's plan or any of its runs needs; a run in the bin may come back, and needs its pictures then. */
export async function picturesInUse(store: Store, projectId: string): Promise<Set<string>> {
  const datasets = await store.read(['projects', 'runs'], async (tx) => {
    const runs = await tx.getAllOfProject('runs', projectId)
    return new Set([(await tx.get('projects', projectId))?.plan.datasetId ?? null, ...runs.map(({ run }) => run.spec.datasetId)])
  })
  const needed = new Set<string>()
  for (const id of datasets) {
    const [column] = id === null ? [] : (await loadDataset(store, id, ['image'])).columns
    if (column?.kind !== 'image') continue
    for (let row = 0; row < column.length; row++) if (isValid(column, row)) needed.add(String(cellAt(column, row)))
  }
  return needed
}

/**
 * Empties the bin: records marked as deleted go for good, and so do files that no picture and no dataset
 * needs any more. @param needed hashes in datasets that runs still refer to. @returns how many records went
 */
export async function sweepPictures(store: Store, projectId: string, token: number, needed: ReadonlySet<string>): Promise<number> {
  const hashes = await storedHashes(store, projectId)
  return fencedWrite(store, projectId, token, ['pictures', 'pictureBlobs', 'thumbnails'], async (tx) => {
    const records = await tx.getAllOfProject('pictures', projectId)
    const kept = new Set<string>()
    let swept = 0
    for (const record of records) {
      if (record.deletedAt === null) kept.add(record.hash)
      else {
        swept++
        await tx.delete('pictures', record.id)
      }
    }
    for (const hash of hashes) {
      if (kept.has(hash) || needed.has(hash)) continue
      await tx.delete('pictureBlobs', [projectId, hash])
      await tx.delete('thumbnails', [projectId, hash])
    }
    return swept
  })
}
