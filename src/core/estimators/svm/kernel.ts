/** Rows of the kernel matrix, made when asked for; the latest are kept. */
import type { Matrix } from '../../data/matrix.ts'
import { addColumns } from '../../math/columns.ts'
import { exp } from '../../math/elementary.ts'

export interface KernelSpec {
  readonly kind: 'rbf' | 'linear'
  readonly gamma: number
}
export interface KernelRows {
  readonly diagonal: Float64Array
  /** Shape (rows). */
  row(i: number): Float32Array
}

/** Squared lengths of rows. */
export function squaresOf(columns: readonly Float32Array[], rows: number): Float64Array {
  const squares = new Float64Array(rows)
  for (const values of columns) for (let i = 0; i < rows; i++) squares[i] = (squares[i] as number) + (values[i] as number) ** 2
  return squares
}

/** 1 / (features x variance of all numbers): scikit-learn's gamma='scale'. */
export function scaledGamma(X: Matrix): number {
  let sum = 0
  let squares = 0
  const count = X.rows * X.features.length
  for (const { values } of X.features) for (let i = 0; i < values.length; i++) sum += values[i] as number
  for (const { values } of X.features) for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - sum / count) ** 2
  return squares > 0 ? 1 / (X.features.length * (squares / count)) : 1
}

/** @param cacheBytes kept at most, the least lately used row goes first */
export function kernelRows(X: Matrix, { kind, gamma }: KernelSpec, cacheBytes: number): KernelRows {
  const columns = X.features.map(({ values }) => values)
  const n = X.rows
  const squares = squaresOf(columns, n)
  const kept = new Map<number, Float32Array>()
  const most = Math.max(4, Math.floor(cacheBytes / (4 * n)))
  const dots = new Float64Array(n)
  const point = new Float64Array(columns.length)
  return {
    diagonal: kind === 'linear' ? squares : new Float64Array(n).fill(1),
    row(i) {
      const known = kept.get(i)
      if (known) {
        kept.delete(i)
        kept.set(i, known)
        return known
      }
      let into: Float32Array | undefined
      if (kept.size >= most) {
        const oldest = kept.keys().next().value as number
        into = kept.get(oldest)
        kept.delete(oldest)
      }
      into ??= new Float32Array(n)
      for (let j = 0; j < columns.length; j++) point[j] = (columns[j] as Float32Array)[i] as number
      dots.fill(0)
      addColumns(columns, 0, n, point, 0, dots, 0)
      const own = squares[i] as number
      if (kind === 'linear') into.set(dots)
      else for (let k = 0; k < n; k++) into[k] = exp(-gamma * Math.max(0, own + (squares[k] as number) - 2 * (dots[k] as number)))
      kept.set(i, into)
      return into
    },
  }
}
