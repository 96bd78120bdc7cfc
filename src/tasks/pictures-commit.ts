/**
 * The pictures as they are now labelled, as an ordinary dataset: image, label, file. Where there are copies a fourth
 * column has the same word in all of a group, so that a split by group keeps them in one part.
 */
import { columnFrom } from '../core/data/column.ts'
import { profileOf } from '../core/data/profile-of.ts'
import { deleteDataset } from '../storage/datasets.ts'
import { copiesOf, copiesColumn } from '../core/images/quality.ts'
import { listPictures } from '../storage/pictures.ts'
import { projectRecord } from '../storage/projects.ts'
import type { PictureRecord } from '../storage/records.ts'
import { saveDataset } from '../storage/save-dataset.ts'
import { sha256 } from '../core/ids.ts'
import type { TaskHandler } from './task.ts'

export const pictureColumns = { image: 'image', label: 'label', file: 'file', copies: copiesColumn } as const

/** For each picture the hash of the first that it is a copy of; its own where it has no copies. */
function likeness(pictures: readonly PictureRecord[]): readonly string[] | undefined {
  const groups = copiesOf(pictures)
  if (groups.length === 0) return undefined
  const hashes = new Map(pictures.map(({ id, hash }) => [id, hash]))
  const first = new Map(groups.flatMap(({ ids }) => ids.map((id) => [id, ids[0] as string] as const)))
  return pictures.map(({ id, hash }) => (hashes.get(first.get(id) ?? id) ?? hash).slice(0, 16))
}

export const picturesCommit: TaskHandler<'pictures/commit'> = async ({ projectId, token, name }, { store, context }) => {
  const pictures = (await listPictures(store, projectId)).filter((picture) => picture.deletedAt === null && picture.label !== null)
  const plan = (await projectRecord(store, projectId)).plan
  if (pictures.length === 0) return { datasetId: null, copies: false }
  const alike = likeness(pictures)
  const columns = [
    columnFrom(pictureColumns.image, 'image', pictures.map(({ hash }) => hash)),
    columnFrom(pictureColumns.label, 'categorical', pictures.map(({ label }) => label)),
    columnFrom(pictureColumns.file, 'id', pictures.map(({ file }) => file)),
    ...(alike ? [columnFrom(pictureColumns.copies, 'id', alike)] : []),
  ]
  await context.checkpoint()
  const { profile, hash } = await profileOf(columns, pictures.length, ['The pictures.', 'The class that each was given.', 'Where each came from.', ...(alike ? ['Copies have the same word, so that a split can keep them together.'] : [])])
  const { datasets, used } = await store.read(['datasets', 'runs'], async (tx) => ({
    datasets: await tx.getAllOfProject('datasets', projectId),
    used: new Set((await tx.getAllOfProject('runs', projectId)).map(({ run }) => run.spec.datasetId)),
  }))
  const same = datasets.find((record) => record.state === 'complete' && record.hash === hash)
  const copies = alike !== undefined
  if (same) return { datasetId: same.id, copies }
  const bytes = pictures.reduce((sum, picture) => sum + picture.bytes, 0)
  const source = { kind: 'derived', fileName: 'pictures', bytes, sha256: await sha256(new TextEncoder().encode(pictures.map((picture) => picture.hash).join('\n'))) } as const
  const record = await saveDataset(store, { id: hash, name, rows: pictures.length, columns, source }, { projectId, token, profile, checkpoint: () => context.checkpoint() })
  // Each relabelling leaves one behind; those that no run was trained on have no use any more.
  for (const old of datasets) if (old.id !== plan.datasetId && !used.has(old.id)) await deleteDataset(store, old.id, token)
  return { datasetId: record.id, copies }
}
