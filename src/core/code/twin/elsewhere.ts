/** The twin of a run that was trained elsewhere on the very rows of the studio: the job's own training, on one machine. */
import { xgboostOf } from '../../elsewhere/job.ts'
import { linearElsewhere } from '../../elsewhere/linear.ts'
import type { RunSpec } from '../../run/run-spec.ts'
import type { TwinEstimator, TwinFit, TwinModel } from './fit.ts'
import { py } from './python.ts'

/** Of a model by another trainer, as good as the run's. */
export const elsewhereTolerance = 0.06

const answers = {
  regression: ['answer = lambda X: booster.predict(xgboost.DMatrix(X)).astype(np.float64)'],
  binary: ['def answer(X):', '    share = booster.predict(xgboost.DMatrix(X)).astype(np.float64)', '    return np.column_stack([1 - share, share])'],
  multiclass: ['answer = lambda X: booster.predict(xgboost.DMatrix(X)).astype(np.float64)'],
} as const

/** @param make the twin of the estimator, which knows by `facts` that PyTorch's job mixed the rows */
export function elsewhereTwin(fit: TwinFit, spec: RunSpec, make: TwinEstimator): TwinModel {
  if (linearElsewhere.has(spec.estimator.id)) return { ...make(fit), tolerance: 1e-4, because: 'the same optimum; both stop a little short of it' }
  if (!String(fit.facts['trainedElsewhere']).startsWith('XGBoost')) return make(fit)
  const { params, rounds } = xgboostOf(spec, fit.classes.length)
  return {
    imports: ['import xgboost'],
    lines: [
      '# The parameters of the job. Categories go in as their codes.',
      `PARAMS = ${py({ ...params, nthread: 1 })}`,
      ...(fit.task === 'multiclass' ? [] : ['PARAMS["base_score"] = float(y[train].mean())']),
      `booster = xgboost.train(PARAMS, xgboost.DMatrix(X[train], y[train]), num_boost_round=${rounds})`,
      ...answers[fit.task],
    ],
    tolerance: elsewhereTolerance,
    because: 'a cluster cuts the bins of numbers from the sketches of its workers, one machine from all rows',
    another: true,
  }
}
