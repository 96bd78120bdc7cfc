/** Every chart by kind; a new one is its own file, one line here and a fixture in its snapshot test. */
import { attribution } from './attribution.ts'
import { calibration } from './calibration.ts'
import { coefficientPath, coefficients } from './coefficients.ts'
import { differences, overlay } from './comparison.ts'
import { confusion } from './confusion.ts'
import { drift, overTime } from './drift.ts'
import { precisionRecall, roc } from './curves.ts'
import type { Chart } from './figure.ts'
import { foldCurve } from './fold-curve.ts'
import { groups } from './groups.ts'
import { histogram } from './histogram.ts'
import { history } from './history.ts'
import { importance } from './importance.ts'
import { leaderboard } from './leaderboard.ts'
import type { Palette } from './palette.ts'
import { partialDependence } from './partial-dependence.ts'
import { predictedActual, residualHistogram, residuals } from './residuals.ts'
import { shapSummary } from './shap-summary.ts'
import { shape, shapeWeights } from './shape.ts'
import { thresholdMetrics } from './threshold-metrics.ts'
import { tree } from './tree.ts'

/** Undefined where the input holds nothing to draw. */
export type ChartOf<I> = (input: I, palette: Palette) => Chart | undefined

export const charts = {
  confusion,
  roc,
  'precision-recall': precisionRecall,
  calibration,
  'threshold-metrics': thresholdMetrics,
  'predicted-actual': predictedActual,
  residuals,
  'residual-histogram': residualHistogram,
  history,
  'fold-curve': foldCurve,
  importance,
  'partial-dependence': partialDependence,
  attribution,
  'shap-summary': shapSummary,
  tree,
  coefficients,
  'coefficient-path': coefficientPath,
  shape,
  'shape-weights': shapeWeights,
  leaderboard,
  differences,
  overlay,
  groups,
  histogram,
  drift,
  'over-time': overTime,
} as const satisfies Readonly<Record<string, ChartOf<never>>>
export type ChartKind = keyof typeof charts
