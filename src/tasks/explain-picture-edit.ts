/** What the model says of an edited picture, and the picture as it is then: edits come as a record, pixels stay here. */
import { cellAt, isValid } from '../core/data/column.ts'
import { columnNamed } from '../core/data/dataset.ts'
import { StudioError } from '../core/errors.ts'
import { editPicture } from '../core/images/edit.ts'
import type { Pixels } from '../core/images/luma.ts'
import { resize } from '../core/images/resize.ts'
import type { Run } from '../core/run/run.ts'
import { datasetRecord, loadDataset } from '../storage/datasets.ts'
import { pictureBlob } from '../storage/pictures.ts'
import type { Store } from '../storage/port.ts'
import { readRun } from '../storage/runs.ts'
import { pixelsOf } from './load-pictures.ts'
import { openPictureModel } from './picture-model.ts'
import type { Host, TaskHandler } from './task.ts'

/** Larger pictures are edited at this many pixels a side, which is more than any model here sees. */
const editedSide = 640

interface OpenedPicture {
  readonly pixels: Pixels
  /** What it is; null of a row of the sealed test part: a prediction beside its truth is a test figure of one row. */
  readonly actual: string | null
  readonly sealed: boolean
}
const lastOpened = new WeakMap<Store, { readonly name: string; readonly opened: Promise<OpenedPicture> }>()

function smaller(pixels: Pixels): Pixels {
  const scale = editedSide / Math.max(pixels.width, pixels.height)
  if (scale >= 1) return pixels
  const [width, height] = [Math.max(1, Math.round(pixels.width * scale)), Math.max(1, Math.round(pixels.height * scale))]
  return { width, height, channels: 3, data: Uint8ClampedArray.from(resize(pixels, height, width, 'stretch'), (value) => value * 255) }
}

async function open(host: Host, run: Run, row: number): Promise<OpenedPicture> {
  const { store } = host
  const { datasetId, target } = run.spec
  const dataset = await loadDataset(store, datasetId)
  const column = dataset.columns.find(({ kind }) => kind === 'image')
  if (!column || !Number.isInteger(row) || row < 0 || row >= dataset.rows || !isValid(column, row)) throw new StudioError({ code: 'bad-param', message: `invalid row; not a picture among ${dataset.rows}: ${row}` })
  const { projectId } = await datasetRecord(store, datasetId)
  const { bytes, type } = await pictureBlob(store, projectId, String(cellAt(column, row)))
  const split = await store.read(['splits'], (tx) => tx.get('splits', run.id))
  const sealed = run.testOpenings === 0 && (split?.test.includes(row) ?? false)
  const actual = cellAt(columnNamed(dataset, target.column), row)
  return { pixels: smaller(await pixelsOf(bytes, type, host)), sealed, actual: sealed || actual === null ? null : String(actual) }
}

export const explainPictureEdit: TaskHandler<'explain/picture-edit'> = async ({ runId, row, edits }, host) => {
  const { store } = host
  const run = await readRun(store, runId)
  const model = await openPictureModel(host, runId)
  const name = JSON.stringify([runId, row, run.testOpenings])
  let last = lastOpened.get(store)
  if (last?.name !== name) {
    const entry = { name, opened: open(host, run, row) }
    entry.opened.catch(() => lastOpened.get(store) === entry && lastOpened.delete(store))
    lastOpened.set(store, (last = entry))
  }
  const { pixels, actual, sealed } = await last.opened
  const picture = editPicture(pixels, edits)
  return { answer: await model.ask(picture, run.threshold), picture, size: { width: pixels.width, height: pixels.height }, actual, sealed }
}
