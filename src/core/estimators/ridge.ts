/** Ridge regression by the normal equations of centred features. */
import { StudioError } from '../errors.ts'
import { solveSymmetric } from '../math/linalg.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator } from './estimator.ts'
import { momentsOf } from './linear-parts/moments.ts'
import { linearFromState, linearOf, linearToOnnx, regressionModel } from './linear.ts'
import { rowWeights } from './weights.ts'

const params = {
  alpha: { kind: 'number', default: 1, min: 0, max: 1e9, scale: 'log', label: 'Penalty (alpha)', help: 'Regularised: pulls coefficients towards zero with this strength; 0 is ordinary least squares.' },
  fitIntercept: { kind: 'boolean', default: true, label: 'Fit an intercept', help: 'Lets the line miss the origin.', advanced: true },
} as const satisfies ParamTable

/** Above this many features the p x p system no longer fits a tab's patience. */
const featureLimit = 4000

export const ridge: Estimator<typeof params> = {
  id: 'ridge',
  label: 'Ridge regression',
  family: 'linear',
  summary: 'A weighted sum of the features, kept modest by a penalty; quick, and each weight can be read.',
  source: "Hoerl & Kennard 1970; equals scikit-learn's Ridge(solver='svd'). Where directions carry no information at alpha 0, the smallest solution.",
  tasks: ['regression'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: false, deterministic: true, iterative: false, baseline: false },
  params,
  shows: ['coefficients'],
  async fit(X, y, { params: { alpha, fitIntercept }, weights }, context) {
    if (y.task !== 'regression') throw new StudioError({ code: 'unsupported', message: `unsupported task; ridge predicts numbers: ${y.task}` })
    const p = X.features.length
    if (p > featureLimit) throw new StudioError({ code: 'unsupported', message: `unsupported number of features; ridge takes at most ${featureLimit}: ${p}`, hint: 'Group rare categories or drop columns.' })
    const moments = await momentsOf('ridge', X, y.values, weights && rowWeights('ridge', X.rows, weights), fitIntercept, context)
    const penalised = Float64Array.from(moments.gram)
    for (let j = 0; j < p; j++) penalised[j * p + j] = (penalised[j * p + j] as number) + alpha
    return regressionModel('ridge', linearOf(solveSymmetric(penalised, moments.along), moments), {})
  },
  revive: (state) => regressionModel('ridge', linearFromState('ridge', state), {}),
  toOnnx: (state, input, graph) => ({ tensor: linearToOnnx(linearFromState('ridge', state), input, graph, 'double'), type: 'double' }),
}
