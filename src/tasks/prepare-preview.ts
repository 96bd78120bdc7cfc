import { makeSplit } from '../core/data/make-split.ts'
import { previewRecipe } from '../core/recipe/preview.ts'
import { loadDataset } from '../storage/datasets.ts'
import type { TaskHandler } from './task.ts'

/** Splits and fits the recipe on training rows without keeping anything, to show what each step does. */
export const preparePreview: TaskHandler<'prepare/preview'> = async ({ datasetId, target, split: spec, recipe }, { store, context }) => {
  const dataset = await loadDataset(store, datasetId)
  await context.checkpoint()
  const split = makeSplit(dataset.columns, target.column, spec)
  const { train, valid, test, leftOut } = split
  const parts = { train: train.length, valid: valid.length, test: test.length, leftOut: leftOut.map(({ reason, rows }) => ({ reason, rows: rows.length })) }
  return { ...previewRecipe(dataset.columns, split, recipe, target.column), parts }
}
