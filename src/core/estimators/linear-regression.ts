/** Ordinary least squares by the normal equations of centred features, refined on the residuals. */
import { StudioError } from '../errors.ts'
import { addColumns, columnDots } from '../math/columns.ts'
import { choleskyFactor, choleskySolve, eigenSymmetric, solveSymmetric } from '../math/linalg.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator } from './estimator.ts'
import { momentsOf } from './linear-parts/moments.ts'
import { linearFromState, linearOf, linearScores, linearToOnnx, regressionModel } from './linear.ts'
import { rowWeights } from './weights.ts'

const params = {
  fitIntercept: { kind: 'boolean', default: true, label: 'Fit an intercept', help: 'Lets the line miss the origin.', advanced: true },
} as const satisfies ParamTable

const id = 'linear-regression'
/** Above this many features the p x p system no longer fits a tab's patience. */
const featureLimit = 4000

/** Above this many features that repeat one another there are no intervals: the eigenvectors would cost more than the fit. */
const deficientLimit = 200

/**
 * Where features repeat one another, as the columns of a one-hot encoding do, some coefficients are still known: those
 * that no direction without information touches. @returns standard errors for noise of 1; NaN for the others
 */
function knownErrors(correlations: Float64Array, scales: Float64Array): { readonly errors: Float64Array; readonly rank: number } {
  const p = scales.length
  const { values, vectors } = eigenSymmetric(correlations, p)
  const least = 1e-10 * values.reduce((max, value) => Math.max(max, value), 0)
  const errors = Float64Array.from({ length: p }, (_, j) => {
    let [seen, variance] = [0, 0]
    for (let k = 0; k < p; k++) {
      if ((values[k] as number) <= least) continue
      const square = (vectors[j * p + k] as number) ** 2
      seen += square
      variance += square / (values[k] as number)
    }
    return seen > 1 - 1e-8 ? Math.sqrt(variance) / (scales[j] as number) : Number.NaN
  })
  return { errors, rank: values.filter((value) => value > least).length }
}

export const linearRegression: Estimator<typeof params> = {
  id,
  label: 'Linear regression',
  family: 'linear',
  summary: 'The straight line, or plane, with the smallest squared errors; each weight can be read, with its interval.',
  source: "Ordinary least squares, as scikit-learn's LinearRegression. Where features repeat one another, the smallest solution, and intervals only of coefficients that are still known. Intervals: Student's t of the classical standard errors.",
  tasks: ['regression'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: false, deterministic: true, iterative: false, baseline: false },
  params,
  shows: ['coefficients'],
  async fit(X, y, { params: { fitIntercept }, weights: given }, context) {
    if (y.task !== 'regression') throw new StudioError({ code: 'unsupported', message: `unsupported task; ${id} predicts numbers: ${y.task}` })
    const p = X.features.length
    if (p > featureLimit) throw new StudioError({ code: 'unsupported', message: `unsupported number of features; ${id} takes at most ${featureLimit}: ${p}`, hint: 'Group rare categories or drop columns.' })
    const weights = rowWeights(id, X.rows, given)
    const moments = await momentsOf(id, X, y.values, weights, fitIntercept, context)
    const { gram, means, yMean } = moments
    // Correlations rather than covariances: what decides rank is then no matter of units.
    const scales = Float64Array.from({ length: p }, (_, j) => Math.sqrt(gram[j * p + j] as number) || 1)
    const correlations = gram.map((value, at) => value / ((scales[Math.floor(at / p)] as number) * (scales[at % p] as number)))
    const factor = choleskyFactor(correlations, p, 1e-11)
    if (!factor) {
      const linear = linearOf(solveSymmetric(gram, moments.along), moments)
      const known = p <= deficientLimit ? knownErrors(correlations, scales) : undefined
      const counted = weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0)
      const degreesOfFreedom = counted - (known?.rank ?? p) - (fitIntercept ? 1 : 0)
      if (!known || degreesOfFreedom <= 0) return regressionModel(id, linear, { fullRank: false })
      const scores = linearScores(linear, X)
      const squares = y.values.reduce((sum, value, row) => sum + (weights[row] as number) * (value - (scores[row] as number)) ** 2, 0)
      const standardErrors = known.errors.map((error) => error * Math.sqrt(squares / degreesOfFreedom))
      return regressionModel(id, { ...linear, standardErrors, degreesOfFreedom }, { fullRank: false, rank: known.rank })
    }

    const solve = (along: Float64Array): Float64Array => {
      const scaled = choleskySolve(factor, along.map((value, j) => value / (scales[j] as number)))
      return scaled.map((value, j) => value / (scales[j] as number))
    }
    let coefficients = solve(moments.along)
    const columns = X.features.map(({ values }) => values)
    let squares = 0
    // The normal equations square the condition; two corrections by what is left on the rows undo that.
    for (let round = 0; round < 2; round++) {
      const residuals = Float64Array.from(y.values, (value) => value - yMean)
      const offset = coefficients.reduce((sum, w, j) => sum + w * (means[j] as number), 0)
      addColumns(columns, 0, X.rows, coefficients.map((w) => -w), 0, residuals, 0)
      let total = 0
      squares = 0
      for (let row = 0; row < X.rows; row++) {
        const r = (residuals[row] as number) + offset
        const weight = weights[row] as number
        squares += weight * r * r
        total += weight * r
        residuals[row] = weight * r
      }
      await context.checkpoint()
      const along = new Float64Array(p)
      columnDots(columns, 0, X.rows, residuals, 0, along, 0)
      const correction = solve(along.map((value, j) => value - (means[j] as number) * total))
      coefficients = coefficients.map((w, j) => w + (correction[j] as number))
      await context.checkpoint()
      const largest = (values: Float64Array): number => values.reduce((max, value, j) => Math.max(max, Math.abs(value) * (scales[j] as number)), 0)
      // The second would shrink by as much again, to less than rounding.
      if (largest(correction) <= 1e-8 * largest(coefficients)) break
    }
    const counted = weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0)
    const degreesOfFreedom = counted - p - (fitIntercept ? 1 : 0)
    const variance = degreesOfFreedom > 0 ? squares / degreesOfFreedom : Number.NaN
    const unit = new Float64Array(p)
    const standardErrors = Float64Array.from({ length: p }, (_, j) => {
      unit.fill(0)
      unit[j] = 1
      return Math.sqrt(variance * (choleskySolve(factor, unit)[j] as number)) / (scales[j] as number)
    })
    const linear = linearOf(coefficients, moments)
    const sure = degreesOfFreedom > 0
    return regressionModel(id, sure ? { ...linear, standardErrors, degreesOfFreedom } : linear, { fullRank: true })
  },
  revive: (state) => regressionModel(id, linearFromState(id, state), {}),
  toOnnx: (state, input, graph) => ({ tensor: linearToOnnx(linearFromState(id, state), input, graph, 'double'), type: 'double' }),
}
