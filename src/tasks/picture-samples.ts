import { columnNamed } from '../core/data/dataset.ts'
import type { TextColumn } from '../core/data/column.ts'
import { cellAt } from '../core/data/column.ts'
import { splitOf } from '../core/run/split-of.ts'
import { StudioError } from '../core/errors.ts'
import { resize } from '../core/images/resize.ts'
import { createRng, shuffle } from '../core/math/rng.ts'
import type { PictureSamples } from '../jobs/protocol.ts'
import { datasetRecord, loadDataset } from '../storage/datasets.ts'
import { pictureBlob } from '../storage/pictures.ts'
import { formsOf, pixelsOf } from './load-pictures.ts'
import type { TaskHandler } from './task.ts'

/** Some training pictures as a model, or the network before it, gets them; the same ones whatever their shape. */
export const pictureSamples: TaskHandler<'pictures/samples'> = async ({ spec, step, count }, host) => {
  const { store, context } = host
  const dataset = await loadDataset(store, spec.datasetId)
  const { projectId } = await datasetRecord(store, spec.datasetId)
  const form = step === undefined ? formsOf(spec.recipe).find(({ backbone }) => backbone === undefined) : formsOf({ steps: spec.recipe.steps.filter(({ id }) => id === step) })[0]
  const column = dataset.columns.find(({ kind }) => kind === 'image')
  if (!form || !column) throw new StudioError({ code: 'unsupported', message: 'missing pictures; no step brings any to size' })
  const target = columnNamed(dataset, spec.target.column)
  const { train } = splitOf(spec, dataset)
  const rows = shuffle(Uint32Array.from(train), createRng(spec.seed).fork('samples')).slice(0, count)
  const pictures: PictureSamples['pictures'][number][] = []
  for (const row of rows) {
    const hash = String(cellAt(column as TextColumn, row))
    const blob = await pictureBlob(store, projectId, hash)
    pictures.push({ hash, label: String(cellAt(target, row)), pixels: resize(await pixelsOf(blob.bytes, blob.type, host), form.height, form.width, form.crop, form.channels) })
    await context.checkpoint()
  }
  return { height: form.height, width: form.width, channels: form.channels, pictures }
}
