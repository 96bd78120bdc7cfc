/** The picture that a question is about: one of the data that a run was trained on, or a new one. */
import { cellAt, isValid } from '../core/data/column.ts'
import { columnNamed } from '../core/data/dataset.ts'
import { StudioError } from '../core/errors.ts'
import { limits, readHeader } from '../core/images/header.ts'
import type { Pixels } from '../core/images/luma.ts'
import type { Run } from '../core/run/run.ts'
import type { AskedPicture } from '../jobs/protocol.ts'
import { datasetRecord, loadDataset } from '../storage/datasets.ts'
import { pictureBlob } from '../storage/pictures.ts'
import { pixelsOf } from './load-pictures.ts'
import type { Host } from './task.ts'

export interface OpenedPicture {
  readonly pixels: Pixels
  /** What it is; null where nobody said, and of a row of the sealed test part: a prediction beside its truth is a test figure of one row. */
  readonly actual: string | null
  readonly sealed: boolean
}

/** @throws StudioError bad-param for a row without a picture, bad-data and unsupported for a file that cannot be opened */
export async function openAsked(host: Host, run: Run, asked: AskedPicture): Promise<OpenedPicture> {
  if ('file' in asked) {
    if (asked.file.size > limits.bytes) throw new StudioError({ code: 'unsupported', message: `unsupported picture; at most ${limits.bytes / 1024 / 1024} MB are taken: ${Math.ceil(asked.file.size / 1024 / 1024)} MB`, hint: 'Make it smaller first.' })
    const bytes = new Uint8Array(await asked.file.arrayBuffer())
    return { pixels: await pixelsOf(bytes, readHeader(bytes).type, host), actual: null, sealed: false }
  }
  const { store } = host
  const { row } = asked
  const { datasetId, target } = run.spec
  const dataset = await loadDataset(store, datasetId)
  const column = dataset.columns.find(({ kind }) => kind === 'image')
  if (!column || !Number.isInteger(row) || row < 0 || row >= dataset.rows || !isValid(column, row)) throw new StudioError({ code: 'bad-param', message: `invalid row; not a picture among ${dataset.rows}: ${row}` })
  const { projectId } = await datasetRecord(store, datasetId)
  const { bytes, type } = await pictureBlob(store, projectId, String(cellAt(column, row)))
  const split = await store.read(['splits'], (tx) => tx.get('splits', run.id))
  const sealed = run.testOpenings === 0 && (split?.test.includes(row) ?? false)
  const actual = cellAt(columnNamed(dataset, target.column), row)
  return { pixels: await pixelsOf(bytes, type, host), sealed, actual: sealed || actual === null ? null : String(actual) }
}
