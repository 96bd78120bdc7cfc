import { createRegistry } from '../registry.ts'
import { accuracy } from './accuracy.ts'
import { averagePrecision } from './average-precision.ts'
import { balancedAccuracy } from './balanced-accuracy.ts'
import { brier } from './brier.ts'
import { f1, f1Macro, f1Weighted } from './f1.ts'
import { logLoss } from './log-loss.ts'
import { mae } from './mae.ts'
import { mcc } from './mcc.ts'
import { medianAbsoluteError } from './median-absolute-error.ts'
import type { Metric } from './metric.ts'
import { precision, precisionMacro, precisionWeighted } from './precision.ts'
import { r2 } from './r2.ts'
import { recall, recallMacro, recallWeighted } from './recall.ts'
import { rmse } from './rmse.ts'
import { rocAuc } from './roc-auc.ts'

/** Every metric of the studio, in the order tables show them; a new one is its own file and one line here. */
export const metrics = createRegistry<Metric>('metric', [
  rocAuc,
  averagePrecision,
  accuracy,
  balancedAccuracy,
  precision,
  recall,
  f1,
  precisionMacro,
  recallMacro,
  f1Macro,
  precisionWeighted,
  recallWeighted,
  f1Weighted,
  mcc,
  logLoss,
  brier,
  rmse,
  mae,
  medianAbsoluteError,
  r2,
])

/** The metric that ranks a leaderboard unless a person chooses another. */
export const defaultMetric = { binary: rocAuc.id, multiclass: logLoss.id, regression: rmse.id } as const
