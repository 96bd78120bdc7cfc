/** What the model says of an edited row. */
import { predictPoint } from '../core/explain/point.ts'
import { readRun } from '../storage/runs.ts'
import { openRun } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

export const explainPredict: TaskHandler<'explain/predict'> = async ({ runId, cells }, host) => {
  const { store } = host
  const { threshold } = await readRun(store, runId)
  const { pipeline, seen } = await openRun(host, runId)
  return predictPoint(pipeline, new Map(cells.map(({ column, cell }) => [column, cell])), { threshold, seen: seen() })
}
