import { columnNamed } from '../core/data/dataset.ts'
import type { TextColumn } from '../core/data/column.ts'
import { cellAt } from '../core/data/column.ts'
import { splitOf } from '../core/run/split-of.ts'
import { StudioError } from '../core/errors.ts'
import { resize } from '../core/images/resize.ts'
import { createRng, shuffle } from '../core/math/rng.ts'
import { datasetRecord, loadDataset } from '../storage/datasets.ts'
import { pictureBlob } from '../storage/pictures.ts'
import { formsOf, pixelsOf } from './load-pictures.ts'
import type { TaskHandler } from './task.ts'

/** Some training pictures as a network would get them, to try changes on. */
export const pictureSamples: TaskHandler<'pictures/samples'> = async ({ spec, count }, host) => {
  const { store, context } = host
  const dataset = await loadDataset(store, spec.datasetId)
  const { projectId } = await datasetRecord(store, spec.datasetId)
  const form = formsOf(spec.recipe).find(({ backbone }) => backbone === undefined)
  const column = dataset.columns.find(({ kind }) => kind === 'image')
  if (!form || !column) throw new StudioError({ code: 'unsupported', message: 'missing pictures; the recipe hands over no pixels' })
  const target = columnNamed(dataset, spec.target.column)
  const { train } = splitOf(spec, dataset)
  const rows = shuffle(Uint32Array.from(train), createRng(spec.seed).fork('samples')).slice(0, count)
  const pictures: { label: string; pixels: Float32Array }[] = []
  for (const row of rows) {
    const blob = await pictureBlob(store, projectId, String(cellAt(column as TextColumn, row)))
    pictures.push({ label: String(cellAt(target, row)), pixels: resize(await pixelsOf(blob.bytes, blob.type, host), form.height, form.width, form.crop, form.channels) })
    await context.checkpoint()
  }
  return { height: form.height, width: form.width, channels: form.channels, pictures }
}
