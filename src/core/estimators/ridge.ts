/** Ridge regression by the normal equations of centred features. */
import { StudioError } from '../errors.ts'
import { solveSymmetric } from '../math/linalg.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator } from './estimator.ts'
import { checkNumbers, featureScales, linearFromState, linearScores, linearToOnnx, linearToState, type LinearModel, type LinearState } from './linear.ts'

const params = {
  alpha: { kind: 'number', default: 1, min: 0, max: 1e9, scale: 'log', label: 'Penalty (alpha)', help: 'Regularised: pulls coefficients towards zero with this strength; 0 is ordinary least squares.' },
  fitIntercept: { kind: 'boolean', default: true, label: 'Fit an intercept', help: 'Lets the line miss the origin.', advanced: true },
} as const satisfies ParamTable

/** Above this many features the p x p system no longer fits a tab's patience. */
const featureLimit = 4000

function modelOf(linear: LinearState): LinearModel {
  return {
    estimator: 'ridge',
    task: 'regression',
    facts: {},
    linear,
    predict: async (X) => ({ task: 'regression', values: linearScores(linear, X) }),
    state: () => linearToState('ridge', linear),
  }
}

export const ridge: Estimator<typeof params> = {
  id: 'ridge',
  label: 'Ridge regression',
  summary: 'A weighted sum of the features, kept modest by a penalty; quick, and each weight can be read.',
  source: "Hoerl & Kennard 1970; equals scikit-learn's Ridge(solver='svd'). Where directions carry no information at alpha 0, the smallest solution.",
  tasks: ['regression'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: false, deterministic: true, iterative: false, baseline: false },
  params,
  async fit(X, y, { params: { alpha, fitIntercept }, weights }, context) {
    if (y.task !== 'regression') throw new StudioError({ code: 'unsupported', message: `unsupported task; ridge predicts numbers: ${y.task}` })
    checkNumbers('ridge', X, y.values.length)
    const p = X.features.length
    if (p > featureLimit) throw new StudioError({ code: 'unsupported', message: `unsupported number of features; ridge takes at most ${featureLimit}: ${p}`, hint: 'Group rare categories or drop columns.' })
    const n = X.rows
    const weight = weights ?? new Float64Array(n).fill(1)
    const total = weight.reduce((sum, w) => sum + w, 0)
    const mean = (values: ArrayLike<number>) => {
      let sum = 0
      for (let i = 0; i < n; i++) sum += (values[i] as number) * (weight[i] as number)
      return sum / total
    }
    const yMean = fitIntercept ? mean(y.values) : 0
    const means = X.features.map((feature) => (fitIntercept ? mean(feature.values) : 0))
    const A = new Float64Array(p * p)
    const b = new Float64Array(p)
    const centred = new Float64Array(n)
    for (let i = 0; i < p; i++) {
      const values = (X.features[i] as (typeof X.features)[number]).values
      const m = means[i] as number
      for (let row = 0; row < n; row++) centred[row] = ((values[row] as number) - m) * (weight[row] as number)
      let along = 0
      for (let row = 0; row < n; row++) along += (centred[row] as number) * ((y.values[row] as number) - yMean)
      b[i] = along
      for (let j = i; j < p; j++) {
        const other = (X.features[j] as (typeof X.features)[number]).values
        const om = means[j] as number
        let sum = 0
        for (let row = 0; row < n; row++) sum += (centred[row] as number) * ((other[row] as number) - om)
        A[i * p + j] = sum
        A[j * p + i] = sum
      }
      A[i * p + i] = (A[i * p + i] as number) + alpha
      context.report({ kind: 'step', phase: 'fit', done: i + 1, total: p })
      await context.checkpoint()
    }
    const coefficients = solveSymmetric(A, b)
    const intercept = coefficients.reduce((sum, w, j) => sum - w * (means[j] as number), yMean)
    return modelOf({ task: 'regression', classes: [], coefficients, intercepts: Float64Array.of(intercept), featureScales: featureScales(X) })
  },
  revive: (state) => modelOf(linearFromState('ridge', state)),
  toOnnx: (state, input, graph) => ({ tensor: linearToOnnx(linearFromState('ridge', state), input, graph, 'double'), type: 'double' }),
}
