/** Ridge regression by the normal equations of centred features. */
import { StudioError } from '../errors.ts'
import { choleskyFactor, choleskySolve, solveSymmetric } from '../math/linalg.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator } from './estimator.ts'
import { momentsOf, type Moments } from './linear-parts/moments.ts'
import { linearFromState, linearOf, linearToOnnx, regressionModel, type LinearState } from './linear.ts'
import { rowWeights } from './weights.ts'

const params = {
  alpha: { kind: 'number', default: 1, min: 0, max: 1e9, scale: 'log', label: 'Penalty (alpha)', help: 'Regularised: pulls coefficients towards zero with this strength; 0 is ordinary least squares.' },
  fitIntercept: { kind: 'boolean', default: true, label: 'Fit an intercept', help: 'Lets the line miss the origin.', advanced: true },
} as const satisfies ParamTable

/** Above this many features there are no intervals: they take the whole inverse. */
const intervalLimit = 500
/** Above this many features the p x p system no longer fits a tab's patience. */
const featureLimit = 4000

/**
 * Standard errors from the curvature at the optimum, the penalty's part included, as of logistic regression, and
 * the spread of what is left; the penalty leaves more degrees of freedom to it than features would (Hastie & Tibshirani 1990, section 3.5).
 * @param counted rows with weight, less one for an intercept; none where there are not enough or directions carry no information
 */
function errorsOf(coefficients: Float64Array, penalised: Float64Array, alpha: number, { gram, along, ySquares }: Moments, counted: number): Pick<LinearState, 'standardErrors' | 'degreesOfFreedom'> {
  const p = coefficients.length
  const factor = p <= intervalLimit ? choleskyFactor(penalised, p) : undefined
  if (!factor) return {}
  let left = ySquares
  const unit = new Float64Array(p)
  let degreesOfFreedom = counted - p
  const inverse = new Float64Array(p)
  for (let j = 0; j < p; j++) {
    unit.fill(0)
    unit[j] = 1
    const own = choleskySolve(factor, unit)[j] as number
    inverse[j] = own
    degreesOfFreedom += alpha * own
    let product = -2 * (along[j] as number)
    for (let i = 0; i < p; i++) product += (gram[j * p + i] as number) * (coefficients[i] as number)
    left += (coefficients[j] as number) * product
  }
  if (!(degreesOfFreedom > 0)) return {}
  const variance = Math.max(0, left) / degreesOfFreedom
  return { standardErrors: inverse.map((value) => Math.sqrt(variance * value)), degreesOfFreedom }
}

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
    const coefficients = solveSymmetric(penalised, moments.along)
    const counted = (weights ? weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0) : X.rows) - (fitIntercept ? 1 : 0)
    return regressionModel('ridge', { ...linearOf(coefficients, moments), ...errorsOf(coefficients, penalised, alpha, moments, counted) }, {})
  },
  revive: (state) => regressionModel('ridge', linearFromState('ridge', state), {}),
  toOnnx: (state, input, graph) => ({ tensor: linearToOnnx(linearFromState('ridge', state), input, graph, 'double'), type: 'double' }),
}
