import { splitOf } from '../core/run/split-of.ts'
import { fitCost } from '../core/tune/forecast.ts'
import { loadWithoutPictures } from './load-pictures.ts'
import type { TaskHandler } from './task.ts'

/** Milliseconds of training: a person waits for it while choosing where to look. */
const allowance = 1500

export const tuneForecast: TaskHandler<'tune/forecast'> = async ({ spec, search }, host) => {
  const dataset = await loadWithoutPictures(host, spec.datasetId, spec.recipe)
  return (await fitCost(spec, dataset, splitOf(spec, dataset).train, search, host.context, allowance)) ?? null
}
