/** A run as a job for other machines; model-bring.ts takes its answer. */
import { signatureOf } from '../core/bundle/signature-of.ts'
import { partLetters } from '../core/code/twin/read.ts'
import { columnInfo, columnNamed } from '../core/data/dataset.ts'
import { StudioError } from '../core/errors.ts'
import { targetAt } from '../core/elsewhere/prepare.ts'
import { targetInput, trainerOf, type ElsewhereJob } from '../core/elsewhere/job.ts'
import { zip } from '../core/zip.ts'
import { elsewhereFiles } from '../export/elsewhere/files.ts'
import { readRun } from '../storage/runs.ts'
import { openRun } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

export const elsewhereJob: TaskHandler<'elsewhere/job'> = async ({ runId }, host) => {
  const run = await readRun(host.store, runId)
  const { pipeline, dataset, rowsOf } = await openRun(host, runId)
  const trainer = trainerOf(run.spec, pipeline.recipe.features.length, pipeline.classes.length)
  const signature = await signatureOf(pipeline, dataset.columns, rowsOf('train'), { name: run.name, threshold: run.threshold })
  const picture = signature.inputs.find(({ kind }) => kind === 'image')
  if (picture) throw new StudioError({ code: 'unsupported', message: `unsupported column; a job for other machines reads tables: ${picture.name.slice(0, 100)}`, hint: 'The code twin is this run as a program for PyTorch or scikit-learn, pictures included.' })
  const target = columnNamed(dataset, run.spec.target.column)
  const codes = new Map(pipeline.classes.map((name, code) => [name, code]))
  const job: ElsewhereJob = {
    version: 1,
    name: run.name,
    spec: run.spec,
    dataHash: run.dataHash,
    classes: pipeline.classes,
    recipe: pipeline.recipe,
    inputs: [...signature.inputs, targetInput({ ...columnInfo(target), ...(target.kind === 'boolean' ? { labels: target.labels } : {}) })],
    parts: [...partLetters(dataset.rows, { train: rowsOf('train'), valid: rowsOf('valid'), test: rowsOf('test') })].filter((_, row) => !Number.isNaN(targetAt(target, row, run.spec.target.task, codes))).join(''),
    ...trainer,
  }
  return { zip: zip(elsewhereFiles(job)), fileName: 'train-elsewhere.zip' }
}
