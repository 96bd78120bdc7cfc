import { columnNamed } from '../core/data/dataset.ts'
import { classesOf, withPositive } from '../core/data/encode-target.ts'
import { usedRows } from '../core/data/split.ts'
import { canonicalJson, sha256 } from '../core/ids.ts'
import { type CheckpointOf, type CheckpointPort, checkpointVersion, Keeper } from '../core/run/keeper.ts'
import { splitOf } from '../core/run/split-of.ts'
import { nested } from '../core/tune/nested.ts'
import { resultOf, tune as search, type TuneResult, type TuneSpec } from '../core/tune/tune.ts'
import { openSearchCheckpoint } from '../storage/checkpoints.ts'
import { saveSearch, searchQuestion } from '../storage/searches.ts'
import { besideOthers } from './fold.ts'
import { loadForRecipe } from './load-pictures.ts'
import type { TaskHandler } from './task.ts'

/** Between two saves of a search under way; each writes the whole record. */
const saveEveryMs = 1000
const mostToStart = 10_000

/** Trials are judged over folds of the training rows: validation rows still judge the settings that are chosen. */
export const tune: TaskHandler<'tune'> = async ({ spec, search: wanted, done, nested: doneOuter, keep, askedAt }, host) => {
  const { store, context } = host
  // A worker takes its time to start, and a person's clock runs from the click; a device's may jump.
  const begun = context.now() - Math.min(mostToStart, Math.max(0, Date.now() - (askedAt ?? Date.now())))
  const dataset = await loadForRecipe(host, spec.datasetId, spec.recipe)
  const split = splitOf(spec, dataset)
  const { train } = split
  // Among some of the rows the rarer class may be the other one.
  const base = spec.target.task === 'binary' ? { ...spec, target: withPositive(spec.target, classesOf(columnNamed(dataset, spec.target.column), spec.target, usedRows(split))) } : spec
  const createdAt = Date.now()
  /** With the outer folds that were done before. */
  const soFar = (result: TuneResult): TuneResult => (doneOuter ? { ...result, nested: doneOuter } : result)
  const save = async (result: TuneResult): Promise<void> => {
    if (!keep) return
    try {
      await saveSearch(store, keep.token, { id: keep.id, projectId: spec.projectId, version: 1, question: searchQuestion(spec), spec, wanted, result, createdAt })
    } catch {
      context.report({ kind: 'note', text: 'The search goes on, but its trials could not be saved.' })
    }
  }
  /** Where it keeps how far it comes: beside its record, which is there from the first time on. */
  const place = async ({ id, token }: NonNullable<typeof keep>): Promise<CheckpointPort> => {
    const of: CheckpointOf = { version: checkpointVersion, app: host.environment.app, spec: await sha256(canonicalJson({ spec, wanted })), data: dataset.id }
    const { left, put } = await openSearchCheckpoint(store, id, spec.projectId, token, of)
    return {
      left,
      put: async (head, part, gone) => {
        if (savedAt === -Infinity) await saveNow(soFar(resultOf(wanted, done ?? [], 'interrupted')))
        await put(head, part, gone)
      },
    }
  }
  let savedAt = -Infinity
  const saveNow = async (result: TuneResult): Promise<void> => {
    await save(result)
    savedAt = context.now()
  }
  const keeper = keep && (store.persistent || host.outlived) ? new Keeper(await place(keep), context) : undefined
  const before = keeper?.left?.spent ?? 0
  // Reading the data is part of the time that a person gave, and so is what went before a crash.
  const limited = (): TuneSpec => (wanted.timeLimit === undefined ? wanted : { ...wanted, timeLimit: wanted.timeLimit - before - (context.now() - begun) })
  const { outerFolds } = wanted
  // Each outer fold searches as long as the search itself.
  const first = limited()
  const own = outerFolds === undefined || first.timeLimit === undefined ? first : { ...first, timeLimit: first.timeLimit / (1 + outerFolds) }
  const beside = besideOthers(host, spec.datasetId, dataset)
  const result = await search(base, dataset, train, own, beside, done, async (trials) => {
    if (context.now() - savedAt < saveEveryMs) return
    // Until it ends it counts as interrupted: that is what a crash leaves.
    await saveNow(soFar(resultOf(wanted, trials, 'interrupted')))
  }, keeper)
  if (outerFolds === undefined || result.ended === 'stopped') {
    await save(result)
    return result
  }
  await save(soFar({ ...result, ended: 'interrupted' }))
  const folds = await nested(base, dataset, train, { ...limited(), outerFolds }, beside, doneOuter, (folds) => save({ ...result, ended: 'interrupted', nested: folds }), keeper)
  const whole: TuneResult = { ...result, nested: folds }
  await save(whole)
  return whole
}
