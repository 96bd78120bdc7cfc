/** A model that was not trained by this run, judged on its validation rows as any other. */
import type { Context } from '../context.ts'
import { cellAt, isValid } from '../data/column.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { encodeTarget } from '../data/encode-target.ts'
import type { Split } from '../data/split.ts'
import { StudioError } from '../errors.ts'
import { evaluate } from '../evaluate/evaluate.ts'
import type { Pipeline } from './pipeline.ts'
import type { TrainResult } from './train.ts'

export interface Judged {
  readonly pipeline: Pipeline
  readonly dataset: Dataset
  readonly split: Split
  readonly threshold: number
  readonly seed: number
  readonly warnings: readonly string[]
  /** Milliseconds that the model took to be made, where that is known. */
  readonly fit?: number
  /** `context.now()` when the work began. */
  readonly begun: number
}

const few = 5
const listed = (parts: readonly string[]): string => `${parts.slice(0, few).join(', ')}${parts.length > few ? ` and ${parts.length - few} more` : ''}`

/** Where a model answers with no number, and what it was given there. @param row of the data set */
function notFinite(answer: number, row: number, { recipe }: Pipeline, dataset: Dataset): StudioError {
  const columns = recipe.inputs.map(({ name }) => columnNamed(dataset, name))
  const empty = columns.filter((column) => !isValid(column, row))
  const cells = empty.length > 0 ? `with no value in ${listed(empty.map(({ name }) => name.slice(0, 80)))}` : `with ${listed(columns.map((column) => `${column.name.slice(0, 80)} ${String(cellAt(column, row)).slice(0, 40)}`))}`
  let rows = 0
  for (let i = 0; i < dataset.rows; i++) if (columns.some((column) => !isValid(column, i))) rows++
  const hint = `${rows.toLocaleString('en')} of ${dataset.rows.toLocaleString('en')} rows have an empty cell in a column that the model reads. A model that does not take those answers so: fill them in before the data comes in, or write the model anew with a step that fills them.`
  return new StudioError({ code: 'bad-data', message: `invalid answer of the model; it must be a finite number, and row ${(row + 1).toLocaleString('en')}, ${cells}, gets ${answer}`, ...(rows > 0 && { hint }), details: { row: row + 1, rowsWithEmptyCells: rows } })
}

/** @throws StudioError bad-data for answers that are not finite, or rows of a class that the model does not know */
export async function judge({ pipeline, dataset, split, threshold, seed, warnings, fit = 0, begun }: Judged, context: Context): Promise<TrainResult> {
  const { target, classes } = pipeline
  const truth = encodeTarget(columnNamed(dataset, target.column), target, split.valid, classes)
  const prepared = context.now()
  const prediction = await pipeline.predict(dataset.columns, split.valid, context)
  const numbers = prediction.task === 'regression' ? prediction.values : prediction.probabilities
  const odd = numbers.findIndex((number) => !Number.isFinite(number))
  if (odd >= 0) throw notFinite(numbers[odd] as number, split.valid[Math.floor((odd * split.valid.length) / numbers.length)] as number, pipeline, dataset)
  const predicted = context.now()
  const evaluation = await evaluate({ part: 'valid', rows: split.valid, target: truth, prediction, threshold, seed }, context)
  return {
    split,
    pipeline,
    evaluation,
    prediction,
    threshold,
    history: [],
    timings: { load: 0, prepare: prepared - begun, fit: fit || predicted - prepared, evaluate: context.now() - predicted },
    warnings: [...warnings, ...split.leftOut.map(({ reason, rows }) => `${rows.length.toLocaleString('en')} rows are in no part: ${reason}.`)],
  }
}
