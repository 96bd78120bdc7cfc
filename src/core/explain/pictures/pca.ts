import type { Context } from '../../context.ts'
import { eigenSymmetric } from '../../math/linalg.ts'
import { createRng } from '../../math/rng.ts'
import type { Points } from './neighbours.ts'

export interface Principal {
  /** Shape (rows, components): coordinates along the directions of largest variance. */
  readonly points: Points
  /** Share of all variance along each, descending. */
  readonly explained: readonly number[]
}

/**
 * Principal components by orthogonal iteration with a final rotation (Halko, Martinsson & Tropp 2011, algorithm 4.4 and
 * section 5): exact where the leading variances stand out, and never worse than the plane it reports. Signs are fixed so
 * that the largest entry of a direction is positive.
 */
export async function principal({ values, rows, width }: Points, wanted: number, seed: number, context: Pick<Context, 'checkpoint'>): Promise<Principal> {
  const count = Math.max(1, Math.min(wanted, width, rows))
  const extra = Math.min(width, count + 6)
  const means = new Float64Array(width)
  for (let i = 0; i < values.length; i++) means[i % width] = (means[i % width] as number) + (values[i] as number) / rows
  let total = 0
  for (let i = 0; i < values.length; i++) total += ((values[i] as number) - (means[i % width] as number)) ** 2
  const rng = createRng(seed).fork('principal components')
  /** Columns lie one behind the other: shape (extra, width). */
  let basis = orthonormal(Float64Array.from({ length: extra * width }, () => rng.normal()), extra, width)
  /** Coordinates of all rows, shape (rows, extra). */
  const project = (): Float64Array => {
    const out = new Float64Array(rows * extra)
    const offsets = Float64Array.from({ length: extra }, (_, c) => dot(basis, c * width, means, 0, width))
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < extra; c++) {
        let sum = 0
        for (let j = 0; j < width; j++) sum += (values[row * width + j] as number) * (basis[c * width + j] as number)
        out[row * extra + c] = sum - (offsets[c] as number)
      }
    }
    return out
  }
  const rounds = width <= extra ? 1 : 12
  for (let round = 0; round < rounds; round++) {
    const scores = project()
    const next = new Float64Array(extra * width)
    for (let row = 0; row < rows; row++) {
      for (let c = 0; c < extra; c++) {
        const score = scores[row * extra + c] as number
        for (let j = 0; j < width; j++) next[c * width + j] = (next[c * width + j] as number) + score * ((values[row * width + j] as number) - (means[j] as number))
      }
    }
    basis = orthonormal(next, extra, width)
    await context.checkpoint()
  }
  const scores = project()
  const inner = new Float64Array(extra * extra)
  for (let row = 0; row < rows; row++) {
    for (let a = 0; a < extra; a++) for (let b = 0; b <= a; b++) inner[a * extra + b] = (inner[a * extra + b] as number) + (scores[row * extra + a] as number) * (scores[row * extra + b] as number)
  }
  for (let a = 0; a < extra; a++) for (let b = 0; b < a; b++) inner[b * extra + a] = inner[a * extra + b] as number
  const { values: variances, vectors } = eigenSymmetric(inner, extra)
  const order = [...variances.keys()].sort((a, b) => (variances[b] as number) - (variances[a] as number)).slice(0, count)
  const coordinates = new Float32Array(rows * count)
  order.forEach((from, c) => {
    const direction = new Float64Array(width)
    for (let a = 0; a < extra; a++) for (let j = 0; j < width; j++) direction[j] = (direction[j] as number) + (vectors[a * extra + from] as number) * (basis[a * width + j] as number)
    const sign = direction.reduce((top, value) => (Math.abs(value) > Math.abs(top) ? value : top), 0) < 0 ? -1 : 1
    for (let row = 0; row < rows; row++) {
      let sum = 0
      for (let a = 0; a < extra; a++) sum += (scores[row * extra + a] as number) * (vectors[a * extra + from] as number)
      coordinates[row * count + c] = sum * sign
    }
  })
  return { points: { values: coordinates, rows, width: count }, explained: order.map((from) => (total > 0 ? Math.max(0, variances[from] as number) / total : 0)) }
}

function dot(a: Float64Array, from: number, b: Float64Array, at: number, length: number): number {
  let sum = 0
  for (let i = 0; i < length; i++) sum += (a[from + i] as number) * (b[at + i] as number)
  return sum
}

/** Gram and Schmidt, twice over for accuracy; a direction that vanishes stays zero. */
function orthonormal(rows: Float64Array, count: number, width: number): Float64Array {
  for (let c = 0; c < count; c++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let b = 0; b < c; b++) {
        const overlap = dot(rows, c * width, rows, b * width, width)
        for (let j = 0; j < width; j++) rows[c * width + j] = (rows[c * width + j] as number) - overlap * (rows[b * width + j] as number)
      }
    }
    const norm = Math.sqrt(dot(rows, c * width, rows, c * width, width))
    for (let j = 0; j < width; j++) rows[c * width + j] = norm > 1e-150 ? (rows[c * width + j] as number) / norm : 0
  }
  return rows
}
