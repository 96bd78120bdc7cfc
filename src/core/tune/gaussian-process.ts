/**
 * A Gaussian process over points of a space: Matern 5/2, one length for all numbers, choices equal or one
 * length apart; length and noise by the marginal likelihood on a small grid (Rasmussen & Williams 2006, 2.2
 * and 5.4).
 */
import { exp, log } from '../math/elementary.ts'
import { choleskyFactor } from '../math/linalg.ts'
import type { Point, Space } from './space.ts'

export interface Posterior {
  readonly mean: number
  readonly sd: number
}
export interface GaussianProcess {
  readonly length: number
  readonly noise: number
  readonly logLikelihood: number
  at(point: Point): Posterior
}

const lengths = [0.1, 0.2, 0.35, 0.6, 1, 2]
const noises = [1e-4, 1e-2, 1e-1]

function distance(space: Space, a: Point, b: Point): number {
  let sum = 0
  for (const [d, dimension] of space.entries()) {
    const [x, y] = [a[d] as number, b[d] as number]
    if (dimension.kind === 'choice') sum += Math.floor(x * dimension.values.length) === Math.floor(y * dimension.values.length) ? 0 : 1
    else sum += (x - y) ** 2
  }
  return Math.sqrt(sum)
}
function matern(distance: number, length: number): number {
  const scaled = (Math.sqrt(5) * distance) / length
  return (1 + scaled + (scaled * scaled) / 3) * exp(-scaled)
}

/** Solves L x = b. */
function forward(L: Float64Array, b: ArrayLike<number>): Float64Array {
  const n = b.length
  const x = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    let sum = b[i] as number
    for (let k = 0; k < i; k++) sum -= (L[i * n + k] as number) * (x[k] as number)
    x[i] = sum / (L[i * n + i] as number)
  }
  return x
}

/**
 * @param y scores with mean 0 and variance 1, one a point
 * @returns undefined without points
 */
export function fitGaussianProcess(space: Space, points: readonly Point[], y: ArrayLike<number>): GaussianProcess | undefined {
  const n = points.length
  const apart = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) apart[i * n + j] = distance(space, points[i] as Point, points[j] as Point)
  let best: GaussianProcess | undefined
  for (const length of lengths) {
    for (const noise of noises) {
      const K = apart.map((value) => matern(value, length))
      for (let i = 0; i < n; i++) K[i * n + i] = 1 + noise
      const L = n === 0 ? undefined : choleskyFactor(K, n)
      if (!L) continue
      const half = forward(L, y)
      let logLikelihood = (-n / 2) * log(2 * Math.PI)
      for (let i = 0; i < n; i++) logLikelihood -= (half[i] as number) ** 2 / 2 + log(L[i * n + i] as number)
      if (best && best.logLikelihood >= logLikelihood) continue
      best = {
        length,
        noise,
        logLikelihood,
        at(point) {
          const v = forward(L, points.map((known) => matern(distance(space, known, point), length)))
          let [mean, variance] = [0, 1]
          for (let i = 0; i < n; i++) {
            mean += (v[i] as number) * (half[i] as number)
            variance -= (v[i] as number) ** 2
          }
          return { mean, sd: Math.sqrt(Math.max(0, variance)) }
        },
      }
    }
  }
  return best
}
