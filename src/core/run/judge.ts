/** A model that was not trained by this run, judged on its validation rows as any other. */
import type { Context } from '../context.ts'
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

/** @throws StudioError bad-data for answers that are not finite, or rows of a class that the model does not know */
export async function judge({ pipeline, dataset, split, threshold, seed, warnings, fit = 0, begun }: Judged, context: Context): Promise<TrainResult> {
  const { target, classes } = pipeline
  const truth = encodeTarget(columnNamed(dataset, target.column), target, split.valid, classes)
  const prepared = context.now()
  const prediction = await pipeline.predict(dataset.columns, split.valid, context)
  const numbers = prediction.task === 'regression' ? prediction.values : prediction.probabilities
  if (!numbers.every(Number.isFinite)) throw new StudioError({ code: 'bad-data', message: 'invalid answer of the model; a number that is not finite', hint: 'Models that do not take missing values answer so where a cell is empty.' })
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
