/** What lasso and elastic net share: parameters, the fit, the checks. */
import type { Context } from '../../context.ts'
import type { Matrix } from '../../data/matrix.ts'
import type { Target } from '../../data/target.ts'
import { StudioError } from '../../errors.ts'
import type { ParamTable } from '../../params.ts'
import type { Model, PenaltyPath } from '../estimator.ts'
import { featureScales, linearOf, regressionModel } from '../linear.ts'
import { rowWeights } from '../weights.ts'
import { alphaMax, coordinateDescent, elasticNetPath } from './coordinate-descent.ts'
import { momentsOf, type Moments } from './moments.ts'

export const sparseParams = {
  alpha: { kind: 'number', default: 1, min: 1e-9, max: 1e9, scale: 'log', label: 'Penalty (alpha)', help: 'The larger, the more coefficients are exactly zero and the smaller the rest.' },
  fitIntercept: { kind: 'boolean', default: true, label: 'Fit an intercept', help: 'Lets the line miss the origin.', advanced: true },
  maxIter: { kind: 'integer', default: 1000, min: 1, max: 1e6, scale: 'log', unit: 'sweeps', label: 'Sweeps at most', help: 'Rounds over all coefficients.', advanced: true },
  tol: { kind: 'number', default: 1e-4, min: 1e-14, max: 1, scale: 'log', label: 'Tolerance', help: 'Done when the duality gap is below this share of the variation of the target.', advanced: true },
} as const satisfies ParamTable

/** Above this many features their products no longer fit a tab's memory and patience. */
const featureLimit = 4000

export interface SparseOptions {
  readonly alpha: number
  readonly l1Ratio: number
  readonly fitIntercept: boolean
  readonly maxIter: number
  readonly tol: number
}

/** The last point of a path, as a share of the penalty that silences all. */
const shortest = 1e-4

async function checkedMoments(id: string, X: Matrix, y: Target, options: SparseOptions, weights: Float64Array | undefined, context: Context): Promise<Moments> {
  if (y.task !== 'regression') throw new StudioError({ code: 'unsupported', message: `unsupported task; ${id} predicts numbers: ${y.task}` })
  const p = X.features.length
  if (p > featureLimit) throw new StudioError({ code: 'unsupported', message: `unsupported number of features; ${id} takes at most ${featureLimit}: ${p}`, hint: 'Group rare categories or drop columns.' })
  return momentsOf(id, X, y.values, weights && rowWeights(id, X.rows, weights), options.fitIntercept, context)
}

export async function fitSparse(id: string, X: Matrix, y: Target, options: SparseOptions, weights: Float64Array | undefined, context: Context): Promise<Model> {
  const moments = await checkedMoments(id, X, y, options, weights, context)
  const { coefficients, sweeps, dualityGap, converged } = await coordinateDescent(moments, options, context)
  const used = coefficients.reduce((count, w) => count + (w === 0 ? 0 : 1), 0)
  return regressionModel(id, linearOf(coefficients, moments), { sweeps, dualityGap, converged, featuresUsed: used, alphaMax: alphaMax(moments, options.l1Ratio) })
}

export async function sparsePath(id: string, X: Matrix, y: Target, options: SparseOptions, weights: Float64Array | undefined, points: number, context: Context): Promise<PenaltyPath> {
  const moments = await checkedMoments(id, X, y, options, weights, context)
  const scales = featureScales(X)
  const path = await elasticNetPath(moments, { ...options, points, shortest }, context)
  return {
    penalties: path.map(({ alpha }) => alpha),
    coefficients: path.map(({ coefficients }) => Array.from(coefficients, (w, j) => w * (scales[j] as number))),
    chosen: options.alpha,
  }
}
