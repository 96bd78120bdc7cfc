/**
 * What least squares needs of the data: weighted means, and products of centred columns. The rows are
 * walked in blocks that stay in the cache, and four columns are multiplied with one at a time.
 */
import type { Context } from '../../context.ts'
import type { Matrix } from '../../data/matrix.ts'
import { columnDots } from '../../math/columns.ts'

export interface Moments {
  /** Sum of weights. */
  readonly total: number
  /** Shape (features); zeros where nothing is centred. */
  readonly means: Float64Array
  readonly yMean: number
  /** Row-major, shape (features, features): sums of weight x_i x_j, centred. */
  readonly gram: Float64Array
  /** Shape (features): sums of weight x_j y, centred. */
  readonly along: Float64Array
  /** Sum of weight y y, centred. */
  readonly ySquares: number
}

const blockRows = 1024

/** @param weights shape (rows), not negative, not all 0 */
export async function momentsOf(X: Matrix, y: Float64Array, weights: Float64Array, centre: boolean, context: Context): Promise<Moments> {
  const n = X.rows
  const columns = X.features.map(({ values }) => values)
  const p = columns.length
  let total = 0
  let ySum = 0
  for (let row = 0; row < n; row++) {
    total += weights[row] as number
    ySum += (weights[row] as number) * (y[row] as number)
  }
  const yMean = centre ? ySum / total : 0
  const means = new Float64Array(p)
  if (centre) columnDots(columns, 0, n, weights, 0, means, 0)
  for (let j = 0; j < p; j++) means[j] = (means[j] as number) / total
  await context.checkpoint()

  // Blocks are centred before they are multiplied, so that a mean far from zero costs no digits.
  const block = Array.from({ length: p }, () => new Float64Array(blockRows))
  const gram = new Float64Array(p * p)
  const along = new Float64Array(p)
  const left = new Float64Array(blockRows)
  const totalBlocks = Math.ceil(n / blockRows)
  const perReport = Math.max(1, Math.ceil(totalBlocks / 100))
  let ySquares = 0
  for (let from = 0, blocks = 1; from < n; from += blockRows, blocks++) {
    const count = Math.min(blockRows, n - from)
    for (let j = 0; j < p; j++) {
      const x = columns[j] as Float32Array
      const into = block[j] as Float64Array
      const c = means[j] as number
      for (let i = 0; i < count; i++) into[i] = (x[from + i] as number) - c
    }
    for (let i = 0; i < count; i++) {
      const weight = weights[from + i] as number
      const t = (y[from + i] as number) - yMean
      left[i] = weight * t
      ySquares += weight * t * t
    }
    addDots(block, 0, count, left, along, 0)
    for (let i = 0; i < p; i++) {
      const x = block[i] as Float64Array
      for (let k = 0; k < count; k++) left[k] = (weights[from + k] as number) * (x[k] as number)
      addDots(block, i, count, left, gram, i * p)
      if (p > 200 && i % 50 === 0) await context.checkpoint()
    }
    if (blocks % perReport === 0 || blocks === totalBlocks) context.report({ kind: 'step', phase: 'fit', done: blocks, total: totalBlocks })
    await context.checkpoint()
  }
  for (let i = 0; i < p; i++) for (let j = 0; j < i; j++) gram[i * p + j] = gram[j * p + i] as number
  return { total, means, yMean, gram, along, ySquares }
}

/** out[base + j] += sum over i of r[i] columns[j][i], for every column from `first`. */
function addDots(columns: readonly Float64Array[], first: number, count: number, r: Float64Array, out: Float64Array, base: number): void {
  let j = first
  for (; j + 3 < columns.length; j += 4) {
    const [x0, x1, x2, x3] = [columns[j], columns[j + 1], columns[j + 2], columns[j + 3]] as [Float64Array, Float64Array, Float64Array, Float64Array]
    let [s0, s1, s2, s3] = [0, 0, 0, 0]
    for (let i = 0; i < count; i++) {
      const value = r[i] as number
      s0 += value * (x0[i] as number)
      s1 += value * (x1[i] as number)
      s2 += value * (x2[i] as number)
      s3 += value * (x3[i] as number)
    }
    out[base + j] = (out[base + j] as number) + s0
    out[base + j + 1] = (out[base + j + 1] as number) + s1
    out[base + j + 2] = (out[base + j + 2] as number) + s2
    out[base + j + 3] = (out[base + j + 3] as number) + s3
  }
  for (; j < columns.length; j++) {
    const x = columns[j] as Float64Array
    let sum = 0
    for (let i = 0; i < count; i++) sum += (r[i] as number) * (x[i] as number)
    out[base + j] = (out[base + j] as number) + sum
  }
}
