/** Opens the sealed test part: every opening is counted in the run, with what it showed. */
import { evaluate } from '../core/evaluate/evaluate.ts'
import { addPredictions, readRun, updateRun } from '../storage/runs.ts'
import { openRun } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

export const evaluateTest: TaskHandler<'evaluate/test'> = async ({ runId, token }, host) => {
  const { store, context } = host
  const opened = await openRun(host, runId)
  const rows = opened.rowsOf('test')
  const prediction = await opened.predictionsOn('test')
  const run = await readRun(store, runId)
  const evaluation = await evaluate(
    { part: 'test', rows, target: opened.targetAt(rows), prediction, threshold: run.threshold, seed: run.spec.seed },
    context,
  )
  const change = { testOpenings: run.testOpenings + 1, testEvaluation: evaluation }
  const values = prediction.task === 'regression' ? prediction.values : prediction.probabilities
  if (run.testOpenings === 0) await addPredictions(store, runId, token, change, { part: 'test', rows, values })
  else await updateRun(store, runId, token, change)
  return evaluation
}
