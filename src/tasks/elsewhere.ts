/** A run as a job for other machines; model-bring.ts takes its answer. */
import { signatureOf } from '../core/bundle/signature-of.ts'
import { partLetters } from '../core/code/twin/read.ts'
import { columnInfo, columnNamed } from '../core/data/dataset.ts'
import { featureWidth } from '../core/data/matrix.ts'
import { StudioError } from '../core/errors.ts'
import { targetAt } from '../core/elsewhere/prepare.ts'
import { targetInput, trainerOf, type ElsewhereJob } from '../core/elsewhere/job.ts'
import type { PictureModel } from '../core/estimators/neural/cnn.ts'
import { zip } from '../core/zip.ts'
import { elsewhereFiles, type JobRows } from '../export/elsewhere/files.ts'
import { readRun } from '../storage/runs.ts'
import { openRun, type OpenedRun } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

/** Bytes of pictures that a job carries: a tab has to hold them, their copies and the zip. */
const mostBytes = 512 * 2 ** 20

export const elsewhereJob: TaskHandler<'elsewhere/job'> = async ({ runId }, host) => {
  const run = await readRun(host.store, runId)
  const opened = await openRun(host, runId)
  const { pipeline, dataset, rowsOf } = opened
  const { model, recipe, classes } = pipeline
  const trainer = trainerOf(run.spec, recipe.features.length, classes.length, 'network' in model ? (model as PictureModel).network : undefined)
  const common = { version: 1, name: run.name, spec: run.spec, dataHash: run.dataHash, classes, recipe, ...trainer } as const
  if (recipe.inputs.some(({ kind }) => kind === 'image')) {
    const { rows, ...carried } = picturesOf(opened, trainer.xgboost ? ['train', 'valid'] : ['train'])
    return { zip: zip(elsewhereFiles({ ...common, ...carried, inputs: [] }, rows)), fileName: 'train-elsewhere.zip' }
  }
  const signature = await signatureOf(pipeline, dataset.columns, rowsOf('train'), { name: run.name, threshold: run.threshold })
  const target = columnNamed(dataset, run.spec.target.column)
  const codes = new Map(classes.map((name, code) => [name, code]))
  const job: ElsewhereJob = {
    ...common,
    inputs: [...signature.inputs, targetInput({ ...columnInfo(target), ...(target.kind === 'boolean' ? { labels: target.labels } : {}) })],
    parts: [...partLetters(dataset.rows, { train: rowsOf('train'), valid: rowsOf('valid'), test: rowsOf('test') })].filter((_, row) => !Number.isNaN(targetAt(target, row, run.spec.target.task, codes))).join(''),
  }
  return { zip: zip(elsewhereFiles(job)), fileName: 'train-elsewhere.zip' }
}

/** @param width numbers a picture. @throws StudioError unsupported where they are more bytes than a job carries */
export function refuseTooMany(rows: number, width: number): void {
  const bytes = rows * width * 4
  if (bytes <= mostBytes) return
  const megabytes = (count: number): string => `${Math.ceil(count / 2 ** 20).toLocaleString('en')} MB`
  throw new StudioError({
    code: 'unsupported',
    message: `unsupported size; a job carries at most ${megabytes(mostBytes)} of prepared pictures: ${rows.toLocaleString('en')} of ${width.toLocaleString('en')} numbers are ${megabytes(bytes)}`,
    hint: 'Train a run on smaller pictures or on brightness alone. The code twin reads the picture files themselves, and any number of them.',
  })
}

/**
 * The rows of pictures as the model learns from them, no test row among them: other machines need neither decoder nor resize.
 * @throws StudioError unsupported where they are more bytes than a job carries
 */
function picturesOf({ pipeline, dataset, rowsOf, targetAt: truthAt }: OpenedRun, parts: readonly ('train' | 'valid')[]): Required<Pick<ElsewhereJob, 'parts' | 'prepared'>> & { readonly rows: JobRows } {
  const letters = parts.map((part) => (part === 'train' ? 't' : 'v').repeat(rowsOf(part).length)).join('')
  const name = 'pictures'
  // One row tells how wide they are, before all of them take memory.
  const width = pipeline.features(dataset.columns, rowsOf('train').subarray(0, 1)).features.reduce((sum, feature) => sum + featureWidth(feature), 0)
  refuseTooMany(letters.length, width)
  const values = new Float32Array(letters.length * width)
  const truth = new Float64Array(letters.length)
  let row = 0
  for (const part of parts) {
    const { features, rows } = pipeline.features(dataset.columns, rowsOf(part))
    let at = 0
    for (const feature of features) {
      const own = featureWidth(feature)
      for (let i = 0; i < rows; i++) values.set(feature.values.subarray(i * own, (i + 1) * own), (row + i) * width + at)
      at += own
    }
    const target = truthAt(rowsOf(part))
    truth.set(target.task === 'regression' ? target.values : target.codes, row)
    row += rows
  }
  return { parts: letters, prepared: { name, width }, rows: { name, values, truth } }
}
