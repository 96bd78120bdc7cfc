/** Predictions for a new file by the pipeline of a run. */
import { pipelineAnswers } from '../core/bundle/pipeline-answers.ts'
import { predictFile } from '../core/bundle/predict-file.ts'
import { signatureOf } from '../core/bundle/signature-of.ts'
import { readRun } from '../storage/runs.ts'
import { openIngestSource } from './ingest-source.ts'
import { openRun } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

export const deployPredict: TaskHandler<'deploy/predict'> = async ({ runId, source, choices }, host) => {
  const { store, context } = host
  const run = await readRun(store, runId)
  const { pipeline, dataset, rowsOf } = await openRun(host, runId)
  const signature = await signatureOf(pipeline, dataset.columns, rowsOf('train'), { name: run.name, threshold: run.threshold })
  const { bytes } = await openIngestSource(source)
  return predictFile(bytes, choices, pipelineAnswers(pipeline, signature, context), context)
}
