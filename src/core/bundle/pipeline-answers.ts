/** A pipeline of the studio's own as a model that answers rows of a file. */
import type { Context } from '../context.ts'
import { labelsOf, type Prediction } from '../data/target.ts'
import type { CsvCell } from '../ingest/csv-write.ts'
import type { Pipeline } from '../run/pipeline.ts'
import type { AnsweringModel } from './predict-file.ts'
import type { Signature } from './signature.ts'

export const pipelineAnswers = (pipeline: Pipeline, signature: Signature, context: Context): AnsweringModel => ({
  signature,
  async answer(columns, rows) {
    const prediction = await pipeline.predict(columns, rows, context)
    return Array.from(rows, (_, i) => answerCells(prediction, i, signature))
  },
})

function answerCells(prediction: Prediction, row: number, signature: Signature): CsvCell[] {
  if (prediction.task === 'regression') return [prediction.values[row] as number]
  const k = prediction.classes.length
  const own = prediction.probabilities.subarray(row * k, (row + 1) * k)
  const [label] = labelsOf({ ...prediction, probabilities: own }, signature.threshold)
  return [prediction.classes[label as number] as string, ...own]
}
