import { makeSplit } from '../core/data/make-split.ts'
import { tune as search } from '../core/tune/tune.ts'
import { loadForRecipe } from './load-pictures.ts'
import type { TaskHandler } from './task.ts'

/** Trials are judged over folds of the training rows: validation rows still judge the settings that are chosen. */
export const tune: TaskHandler<'tune'> = async ({ spec, search: wanted, done }, host) => {
  const dataset = await loadForRecipe(host, spec.datasetId, spec.recipe)
  const { train } = makeSplit(dataset.columns, spec.target.column, spec.split)
  return search(spec, dataset, train, wanted, host.context, done)
}
