/** One metric by the groups of one or two columns, over all rows of a part or a slice of it. */
import { groupReport } from '../core/evaluate/groups.ts'
import { rowsOfSlice } from '../core/evaluate/slice.ts'
import { takePrediction } from '../core/evaluate/take.ts'
import { readRun } from '../storage/runs.ts'
import { openRun, refuseSealed } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

export const evaluateGroups: TaskHandler<'evaluate/groups'> = async ({ runId, part, columns, metric, conditions = [] }, host) => {
  const { store, context } = host
  const run = await readRun(store, runId)
  refuseSealed(run, part)
  const { dataset, rowsOf, targetAt, predictionsOn } = await openRun(host, runId)
  const all = rowsOf(part)
  const rows = rowsOfSlice(dataset, conditions, all)
  const whole = await predictionsOn(part)
  const prediction = rows.length === all.length ? whole : takePrediction(whole, positionsOf(rows, all))
  // The test part keeps the threshold it was opened with, as its scores do.
  const threshold = (part === 'test' ? run.testEvaluation?.threshold : undefined) ?? run.threshold
  return groupReport({ part, dataset, rows, target: targetAt(rows), prediction, threshold, columns, metric, seed: run.spec.seed }, context)
}

/** Where the kept rows stand among all; both are in the same order. */
function positionsOf(kept: Uint32Array, all: Uint32Array): Uint32Array {
  let at = -1
  return kept.map((row) => {
    do at++
    while (all[at] !== row)
    return at
  })
}
