/** Predictions for a new file by the pipeline of a run. */
import { predictFile } from '../core/bundle/predict-file.ts'
import { signatureOf } from '../core/bundle/signature-of.ts'
import type { Signature } from '../core/bundle/signature.ts'
import { labelsOf, type Prediction } from '../core/data/target.ts'
import type { CsvCell } from '../core/ingest/csv-write.ts'
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
  const model = {
    signature,
    async answer(columns: Parameters<typeof pipeline.predict>[0], rows: Uint32Array) {
      const prediction = await pipeline.predict(columns, rows, context)
      return Array.from(rows, (_, i) => answerCells(prediction, i, signature))
    },
  }
  return predictFile(bytes, choices, model, context)
}

function answerCells(prediction: Prediction, row: number, signature: Signature): CsvCell[] {
  if (prediction.task === 'regression') return [prediction.values[row] as number]
  const k = prediction.classes.length
  const own = prediction.probabilities.subarray(row * k, (row + 1) * k)
  const [label] = labelsOf({ ...prediction, probabilities: own }, signature.threshold)
  return [prediction.classes[label as number] as string, ...own]
}
