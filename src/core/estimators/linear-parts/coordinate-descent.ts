/**
 * Elastic net by cyclic coordinate descent on the products of features (Friedman, Hastie & Tibshirani
 * 2010, section 2.2): minimises  1/(2 W) sum w r^2  +  alpha l1Ratio |b|  +  alpha (1 - l1Ratio) / 2 b^2
 * with W the sum of weights, which is scikit-learn's ElasticNet. Ends when the duality gap is small, so
 * the answer carries its own proof.
 */
import type { Context } from '../../context.ts'
import { exp, log } from '../../math/elementary.ts'
import type { Moments } from './moments.ts'

export interface DescentEnd {
  /** Shape (features). */
  readonly coefficients: Float64Array
  readonly sweeps: number
  /** How far the objective can be from its smallest value, in its own units. */
  readonly dualityGap: number
  readonly converged: boolean
}
export interface DescentOptions {
  readonly alpha: number
  readonly l1Ratio: number
  /** Of the gap, as a share of the mean of y^2. */
  readonly tol: number
  readonly maxIter: number
  /** Shape (features); where to begin. */
  readonly start?: Float64Array
}

/** The weakest penalty at which every coefficient is zero. */
export function alphaMax({ along, total }: Moments, l1Ratio: number): number {
  let largest = 0
  for (const value of along) largest = Math.max(largest, Math.abs(value))
  return largest / total / Math.max(l1Ratio, 1e-3)
}

export async function coordinateDescent(moments: Moments, { alpha, l1Ratio, tol, maxIter, start }: DescentOptions, context: Context): Promise<DescentEnd> {
  const { gram, along, total, ySquares } = moments
  const p = along.length
  const l1 = alpha * l1Ratio * total
  const l2 = alpha * (1 - l1Ratio) * total
  const w = start ? Float64Array.from(start) : new Float64Array(p)
  // X'r, kept up to date: X'y - gram w.
  const slopes = Float64Array.from(along)
  const follow = (j: number, change: number): void => {
    for (let k = 0, at = j * p; k < p; k++, at++) slopes[k] = (slopes[k] as number) - change * (gram[at] as number)
  }
  for (let j = 0; j < p; j++) if (w[j] !== 0) follow(j, w[j] as number)

  /** Fenchel gap of the elastic net, written as a lasso on extended data. */
  const gapNow = (): number => {
    let largest = 0
    let size = 0
    let squares = 0
    let fitted = 0
    let bySlope = 0
    for (let j = 0; j < p; j++) {
      const wj = w[j] as number
      largest = Math.max(largest, Math.abs((slopes[j] as number) - l2 * wj))
      size += Math.abs(wj)
      squares += wj * wj
      fitted += wj * (along[j] as number)
      bySlope += wj * (slopes[j] as number)
    }
    // |r|^2 = y'y - w'X'y - w'X'r, and r'y = y'y - w'X'y.
    const residual = Math.max(0, ySquares - fitted - bySlope)
    const scale = largest > l1 ? l1 / largest : 1
    const dual = scale === 1 ? residual : 0.5 * residual * (1 + scale * scale)
    return Math.max(0, dual + l1 * size - scale * (ySquares - fitted) + 0.5 * l2 * (1 + scale * scale) * squares)
  }

  const enough = tol * ySquares
  let gap = gapNow()
  let sweeps = 0
  while (sweeps < maxIter && gap > enough) {
    let moved = 0
    let largest = 0
    for (let j = 0; j < p; j++) {
      const curve = gram[j * p + j] as number
      if (curve + l2 === 0) continue
      const old = w[j] as number
      const pull = (slopes[j] as number) + curve * old
      const next = (Math.sign(pull) * Math.max(0, Math.abs(pull) - l1)) / (curve + l2)
      if (next !== old) {
        follow(j, next - old)
        w[j] = next
      }
      moved = Math.max(moved, Math.abs(next - old) * Math.sqrt(curve))
      largest = Math.max(largest, Math.abs(next) * Math.sqrt(curve))
    }
    sweeps++
    // The gap costs little beside a sweep, but is of no use while coefficients still move.
    if (moved <= Math.sqrt(tol) * largest || sweeps % 10 === 0) gap = gapNow()
    if (moved === 0) break
    await context.checkpoint()
  }
  gap = gapNow()
  return { coefficients: w, sweeps, dualityGap: gap / total, converged: gap <= enough }
}

export interface PathPoint extends DescentEnd {
  readonly alpha: number
}

/**
 * The path of coefficients from the weakest penalty that silences all to `shortest` of it, evenly in
 * its logarithm, each point begun at the one before.
 */
export async function elasticNetPath(moments: Moments, options: Omit<DescentOptions, 'alpha' | 'start'> & { readonly points: number; readonly shortest: number }, context: Context): Promise<readonly PathPoint[]> {
  const top = alphaMax(moments, options.l1Ratio)
  const path: PathPoint[] = []
  for (let i = 0; i < options.points; i++) {
    const alpha = top * exp(log(options.shortest) * (options.points === 1 ? 0 : i / (options.points - 1)))
    const start = path.at(-1)?.coefficients
    path.push({ alpha, ...(await coordinateDescent(moments, { ...options, alpha, ...(start && { start }) }, context)) })
  }
  return path
}
