import { splitOf } from '../core/run/split-of.ts'
import { nested } from '../core/tune/nested.ts'
import { resultOf, tune as search, type TuneResult } from '../core/tune/tune.ts'
import { saveSearch, searchQuestion } from '../storage/searches.ts'
import { besideOthers } from './fold.ts'
import { loadForRecipe } from './load-pictures.ts'
import type { TaskHandler } from './task.ts'

/** Between two saves of a search under way; each writes the whole record. */
const saveEveryMs = 1000

/** Trials are judged over folds of the training rows: validation rows still judge the settings that are chosen. */
export const tune: TaskHandler<'tune'> = async ({ spec, search: wanted, done, nested: doneOuter, keep }, host) => {
  const { store, context } = host
  const begun = context.now()
  const dataset = await loadForRecipe(host, spec.datasetId, spec.recipe)
  const { train } = splitOf(spec, dataset)
  const createdAt = Date.now()
  const save = async (result: TuneResult): Promise<void> => {
    if (!keep) return
    try {
      await saveSearch(store, keep.token, { id: keep.id, projectId: spec.projectId, version: 1, question: searchQuestion(spec), spec, wanted, result, createdAt })
    } catch {
      context.report({ kind: 'note', text: 'The search goes on, but its trials could not be saved.' })
    }
  }
  let savedAt = -Infinity
  // Reading the data is part of the time that a person gave.
  const limited = wanted.timeLimit === undefined ? wanted : { ...wanted, timeLimit: wanted.timeLimit - (context.now() - begun) }
  const { outerFolds } = wanted
  // Each outer fold searches as long as the search itself.
  const own = outerFolds === undefined || limited.timeLimit === undefined ? limited : { ...limited, timeLimit: limited.timeLimit / (1 + outerFolds) }
  const beside = besideOthers(host, spec.datasetId, dataset)
  const result = await search(spec, dataset, train, own, beside, done, async (trials) => {
    if (context.now() - savedAt < saveEveryMs) return
    // Until it ends it counts as interrupted: that is what a crash leaves.
    await save(resultOf(wanted, trials, 'interrupted'))
    savedAt = context.now()
  })
  if (outerFolds === undefined || result.ended === 'stopped') {
    await save(result)
    return result
  }
  await save({ ...result, ended: 'interrupted' })
  const rest = limited.timeLimit === undefined ? {} : { timeLimit: limited.timeLimit - (context.now() - begun) }
  const folds = await nested(spec, dataset, train, { ...wanted, ...rest, outerFolds }, beside, doneOuter, (folds) => save({ ...result, ended: 'interrupted', nested: folds }))
  const whole: TuneResult = { ...result, nested: folds }
  await save(whole)
  return whole
}
