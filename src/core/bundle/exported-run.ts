import type { Evaluation } from '../evaluate/evaluation.ts'
import type { Run } from '../run/run.ts'

const withoutRows = (evaluation: Evaluation): unknown => ({ ...evaluation, residuals: evaluation.residuals && { histogram: evaluation.residuals.histogram } })

/** The record without its samples of single rows: figures leave the device with the bundle, rows need not. */
export function exportedRun(run: Run): unknown {
  const { evaluation, foldEvaluation, testEvaluation } = run
  return {
    ...run,
    ...(evaluation && { evaluation: withoutRows(evaluation) }),
    ...(foldEvaluation && { foldEvaluation: withoutRows(foldEvaluation) }),
    ...(testEvaluation && { testEvaluation: withoutRows(testEvaluation) }),
  }
}
