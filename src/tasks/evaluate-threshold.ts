/** Makes a decision threshold part of the model: stored in the run, and every validation figure follows. */
import { StudioError } from '../core/errors.ts'
import { evaluate } from '../core/evaluate/evaluate.ts'
import { readRun, updateRun } from '../storage/runs.ts'
import { openRun } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

export const evaluateThreshold: TaskHandler<'evaluate/threshold'> = async ({ runId, token, threshold }, host) => {
  const { store, context } = host
  if (!(threshold >= 0 && threshold <= 1)) throw new StudioError({ code: 'bad-param', message: `invalid threshold; not in [0, 1]: ${threshold}` })
  const opened = await openRun(host, runId)
  if (opened.pipeline.target.task !== 'binary') {
    throw new StudioError({ code: 'unsupported', message: `unsupported threshold; only a model of two classes has one: ${opened.pipeline.target.task}` })
  }
  const run = await readRun(store, runId)
  const rows = opened.rowsOf('valid')
  const evaluation = await evaluate(
    { part: 'valid', rows, target: opened.targetAt(rows), prediction: await opened.predictionsOn('valid'), threshold, seed: run.spec.seed },
    context,
  )
  const folds = run.foldEvaluation && opened.rowsOf('folds')
  const foldEvaluation =
    folds && (await evaluate({ part: 'folds', rows: folds, target: opened.targetAt(folds), prediction: await opened.predictionsOn('folds'), threshold, seed: run.spec.seed }, context))
  // The test evaluation, where there is one, stays as it was seen: it names the threshold it used.
  await updateRun(store, runId, token, { threshold, evaluation, ...(foldEvaluation && { foldEvaluation }) })
  return evaluation
}
