/** The rows of one confusion cell, by dataset row number. */
import { StudioError } from '../core/errors.ts'
import { labelsOf } from '../core/data/target.ts'
import { readRun } from '../storage/runs.ts'
import { openRun, refuseSealed } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

export const evaluateCell: TaskHandler<'evaluate/cell'> = async ({ runId, part, actual, predicted, threshold }, host) => {
  const { store } = host
  refuseSealed(await readRun(store, runId), part)
  const opened = await openRun(host, runId)
  const rows = opened.rowsOf(part)
  const target = opened.targetAt(rows)
  const prediction = await opened.predictionsOn(part)
  if (target.task === 'regression' || prediction.task === 'regression') {
    throw new StudioError({ code: 'unsupported', message: 'unsupported confusion; only classes have cells: regression' })
  }
  const labels = labelsOf(prediction, threshold)
  return { rowNumbers: Array.from(rows.filter((_, i) => target.codes[i] === actual && labels[i] === predicted)) }
}
