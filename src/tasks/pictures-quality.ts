/** What deserves a second look, and whether copies lie on both sides of the split. */
import { isValid, cellAt } from '../core/data/column.ts'
import { makeSplit } from '../core/data/make-split.ts'
import type { SplitSpec } from '../core/data/split.ts'
import type { TargetSpec } from '../core/data/target.ts'
import { asStudioError } from '../core/errors.ts'
import { pictureQuality } from '../core/images/quality.ts'
import type { PictureReport } from '../jobs/protocol.ts'
import { loadDataset } from '../storage/datasets.ts'
import { listPictures } from '../storage/pictures.ts'
import type { PictureRecord } from '../storage/records.ts'
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

/** The label gets less than the first, another class more than the second. */
const doubt = { own: 0.2, other: 0.7 }
const mostDoubted = 200

/**
 * Labels that a model doubts which did not learn from the picture: out-of-fold predictions where a run has
 * them, else those of its validation rows, of the newest such run (Northcutt et al., "Confident Learning",
 * 2021, with fixed thresholds for their class averages).
 */
async function doubtedLabels(projectId: string, pictures: readonly PictureRecord[], { store }: Host): Promise<Pick<PictureReport, 'doubted' | 'asked'>> {
  const none = { doubted: [], asked: null }
  const { runs, predictions } = await store.read(['runs', 'predictions'], async (tx) => ({ runs: await tx.getAllOfProject('runs', projectId), predictions: await tx.getAllOfProject('predictions', projectId) }))
  // The test part stays sealed: what it would say of labels is not asked here.
  const asked = predictions.filter(({ part }) => part !== 'test')
  const newest = runs.filter(({ deletedAt, run }) => deletedAt === null && run.status === 'succeeded' && run.spec.estimator.id !== 'baseline' && asked.some(({ runId }) => runId === run.id)).sort((a, b) => b.run.sequence - a.run.sequence)[0]
  if (!newest) return none
  const own = asked.filter(({ runId }) => runId === newest.run.id)
  const { part, rows, values } = own.find((entry) => entry.part === 'folds') ?? (own[0] as (typeof own)[number])
  const model = await store.read(['models'], (tx) => tx.get('models', newest.run.id))
  const dataset = await loadDataset(store, newest.run.spec.datasetId)
  const [image, file] = [pictureColumns.image, pictureColumns.file].map((name) => dataset.columns.find((column) => column.name === name))
  const classes = model?.classes ?? []
  if (!image || !file || classes.length < 2 || values.length !== rows.length * classes.length) return none
  const key = (hash: unknown, name: unknown): string => JSON.stringify([hash, name])
  const byFile = new Map(pictures.map((picture) => [key(picture.hash, picture.file), picture]))
  const doubted: PictureReport['doubted'][number][] = []
  const met = new Set<string>()
  rows.forEach((row, i) => {
    const picture = byFile.get(key(cellAt(image, row), cellAt(file, row)))
    if (!picture || picture.label === null) return
    met.add(picture.id)
    const chances = values.subarray(i * classes.length, (i + 1) * classes.length)
    let best = 0
    for (let c = 1; c < classes.length; c++) if ((chances[c] as number) > (chances[best] as number)) best = c
    const at = classes.indexOf(picture.label)
    // As it is labelled now: what was mended since is no longer doubted.
    if (at < 0 || at === best || (chances[at] as number) >= doubt.own || (chances[best] as number) < doubt.other) return
    doubted.push({ id: picture.id, label: picture.label, predicted: classes[best] as string, probability: chances[best] as number })
  })
  const of = pictures.reduce((sum, { label }) => sum + (label === null ? 0 : 1), 0)
  return { doubted: doubted.sort((a, b) => b.probability - a.probability).slice(0, mostDoubted), asked: { runId: newest.run.id, pictures: met.size, of, byFolds: part === 'folds' } }
}

export const picturesQuality: TaskHandler<'pictures/quality'> = async ({ projectId, datasetId, target, split }, host) => {
  const { store, context } = host
  const pictures = (await listPictures(store, projectId)).filter((picture) => picture.deletedAt === null)
  const project = await projectRecord(store, projectId)
  await context.checkpoint()
  const report = pictureQuality(pictures, project.plan.pictures?.classes ?? [])
  const doubts = await doubtedLabels(projectId, pictures, host)
  if (datasetId === null || !target || !split || report.copies.length === 0) return { ...report, ...doubts, straddling: 0 }
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
  return { ...report, ...doubts, straddling }
}
