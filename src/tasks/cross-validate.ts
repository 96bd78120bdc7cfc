/** Cross-validates a spec over every row with a target, for the terminal. */
import { columnNamed } from '../core/data/dataset.ts'
import { isValid } from '../core/data/column.ts'
import { crossValidate as overFolds, foldsLike } from '../core/run/cross-validate.ts'
import { loadDataset } from '../storage/datasets.ts'
import type { TaskHandler } from './task.ts'

export const crossValidate: TaskHandler<'cross-validate'> = async ({ spec, folds }, { store, context }) => {
  const dataset = await loadDataset(store, spec.datasetId)
  const target = columnNamed(dataset, spec.target.column)
  const rows = Uint32Array.from({ length: dataset.rows }, (_, row) => row).filter((row) => isValid(target, row))
  const { result } = await overFolds(spec, dataset, rows, { ...foldsLike(spec.split, spec.target, folds), seed: spec.seed }, context)
  return result
}
