/** What deserves a second look, and whether copies lie on both sides of the split. */
import { isValid, cellAt } from '../core/data/column.ts'
import { makeSplit } from '../core/data/make-split.ts'
import type { SplitSpec } from '../core/data/split.ts'
import type { TargetSpec } from '../core/data/target.ts'
import { asStudioError } from '../core/errors.ts'
import { pictureQuality } from '../core/images/quality.ts'
import { loadDataset } from '../storage/datasets.ts'
import { listPictures } from '../storage/pictures.ts'
import { projectRecord } from '../storage/projects.ts'
import { pictureColumns } from './pictures-commit.ts'
import type { Host, TaskHandler } from './task.ts'

/** Parts that a file lies in: 1 training, 2 a part that judges, 3 both. */
async function sidesOf(datasetId: string, target: TargetSpec, split: SplitSpec, { store }: Host): Promise<Map<string, number>> {
  const sides = new Map<string, number>()
  const dataset = await loadDataset(store, datasetId)
  const image = dataset.columns.find((column) => column.name === pictureColumns.image)
  const file = dataset.columns.find((column) => column.name === pictureColumns.file)
  if (!image || !file) return sides
  const { train, valid, test } = makeSplit(dataset.columns, target.column, split)
  for (const [part, side] of [[train, 1], [valid, 2], [test, 2]] as const) {
    for (const row of part) {
      if (!isValid(image, row)) continue
      const key = JSON.stringify([cellAt(image, row), cellAt(file, row)])
      sides.set(key, (sides.get(key) ?? 0) | side)
    }
  }
  return sides
}

export const picturesQuality: TaskHandler<'pictures/quality'> = async ({ projectId, datasetId, target, split }, host) => {
  const { store, context } = host
  const pictures = (await listPictures(store, projectId)).filter((picture) => picture.deletedAt === null)
  const project = await projectRecord(store, projectId)
  await context.checkpoint()
  const report = pictureQuality(pictures, project.plan.pictures?.classes ?? [])
  if (datasetId === null || !target || !split || report.copies.length === 0) return { ...report, straddling: 0 }
  const byId = new Map(pictures.map((picture) => [picture.id, picture]))
  let straddling = 0
  try {
    const sides = await sidesOf(datasetId, target, split, host)
    for (const { ids } of report.copies) {
      let side = 0
      for (const id of ids) {
        const picture = byId.get(id)
        if (picture) side |= sides.get(JSON.stringify([picture.hash, picture.file])) ?? 0
      }
      if (side === 3) straddling++
    }
  } catch (error) {
    // A split that cannot be made yet is said where it is chosen.
    if (asStudioError(error).code !== 'bad-data') throw error
  }
  return { ...report, straddling }
}
