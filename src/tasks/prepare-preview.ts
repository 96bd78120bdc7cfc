import { makeSplit } from '../core/data/make-split.ts'
import { previewRecipe } from '../core/recipe/preview.ts'
import { loadForRecipe } from './load-pictures.ts'
import type { TaskHandler } from './task.ts'

/** Splits and fits the recipe on training rows without keeping anything, to show what each step does. */
export const preparePreview: TaskHandler<'prepare/preview'> = async ({ datasetId, target, split: spec, recipe }, host) => {
  const dataset = await loadForRecipe(host, datasetId, recipe)
  await host.context.checkpoint()
  const split = makeSplit(dataset.columns, target.column, spec)
  const { train, valid, test, leftOut } = split
  const parts = { train: train.length, valid: valid.length, test: test.length, leftOut: leftOut.map(({ reason, rows }) => ({ reason, rows: rows.length })) }
  return { ...previewRecipe(dataset.columns, split, recipe, target.column), parts }
}
