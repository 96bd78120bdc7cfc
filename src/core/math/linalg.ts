/** Dense symmetric systems, row-major in one Float64Array. Small on purpose: what the linear models need. */

/**
 * Cholesky factor of symmetric positive definite A, row-major, shape (n, n); A is not changed.
 * @param tolerance a pivot below this share of the largest diagonal element has lost its digits
 * @returns the lower factor, or undefined where A is not numerically positive definite
 */
export function choleskyFactor(A: Float64Array, n: number, tolerance = 1e-12): Float64Array | undefined {
  const L = Float64Array.from(A)
  let largest = 0
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(A[i * n + i] as number))
  for (let j = 0; j < n; j++) {
    let pivot = L[j * n + j] as number
    for (let k = 0; k < j; k++) pivot -= (L[j * n + k] as number) ** 2
    if (!(pivot > largest * tolerance)) return undefined
    const root = Math.sqrt(pivot)
    L[j * n + j] = root
    for (let i = j + 1; i < n; i++) {
      let sum = L[i * n + j] as number
      for (let k = 0; k < j; k++) sum -= (L[i * n + k] as number) * (L[j * n + k] as number)
      L[i * n + j] = sum / root
    }
  }
  return L
}

/** x of L L' x = b. */
export function choleskySolve(L: Float64Array, b: Float64Array): Float64Array {
  const n = b.length
  const x = Float64Array.from(b)
  for (let i = 0; i < n; i++) {
    let sum = x[i] as number
    for (let k = 0; k < i; k++) sum -= (L[i * n + k] as number) * (x[k] as number)
    x[i] = sum / (L[i * n + i] as number)
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i] as number
    for (let k = i + 1; k < n; k++) sum -= (L[k * n + i] as number) * (x[k] as number)
    x[i] = sum / (L[i * n + i] as number)
  }
  return x
}

/** x of A x = b, or undefined where A is not numerically positive definite: the caller then takes the slower, safe road. */
export function solveCholesky(A: Float64Array, b: Float64Array): Float64Array | undefined {
  const L = choleskyFactor(A, b.length)
  return L && choleskySolve(L, b)
}

/**
 * Eigenvalues and vectors of a symmetric matrix by cyclic Jacobi rotations (Golub & Van Loan 8.5).
 * @param A shape (n, n); not changed
 * @returns values (n) and vectors (n, n), one vector a column
 */
export function eigenSymmetric(A: Float64Array, n: number): { readonly values: Float64Array; readonly vectors: Float64Array } {
  const M = Float64Array.from(A)
  const V = new Float64Array(n * n)
  for (let i = 0; i < n; i++) V[i * n + i] = 1
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0
    let all = 0
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const square = (M[i * n + j] as number) ** 2
        all += square
        if (i !== j) off += square
      }
    }
    if (off <= all * 1e-30) break
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        const apq = M[p * n + q] as number
        if (apq === 0) continue
        const theta = ((M[q * n + q] as number) - (M[p * n + p] as number)) / (2 * apq)
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
        const c = 1 / Math.sqrt(t * t + 1)
        const s = t * c
        for (let k = 0; k < n; k++) {
          const kp = M[k * n + p] as number
          const kq = M[k * n + q] as number
          M[k * n + p] = c * kp - s * kq
          M[k * n + q] = s * kp + c * kq
        }
        for (let k = 0; k < n; k++) {
          const pk = M[p * n + k] as number
          const qk = M[q * n + k] as number
          M[p * n + k] = c * pk - s * qk
          M[q * n + k] = s * pk + c * qk
        }
        for (let k = 0; k < n; k++) {
          const kp = V[k * n + p] as number
          const kq = V[k * n + q] as number
          V[k * n + p] = c * kp - s * kq
          V[k * n + q] = s * kp + c * kq
        }
      }
    }
  }
  return { values: Float64Array.from({ length: n }, (_, i) => M[i * n + i] as number), vectors: V }
}

/** The smallest least-squares solution of a symmetric system: directions with no information get weight 0. */
export function solveSymmetric(A: Float64Array, b: Float64Array): Float64Array {
  const quick = solveCholesky(A, b)
  if (quick) return quick
  const n = b.length
  const { values, vectors } = eigenSymmetric(A, n)
  const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  const x = new Float64Array(n)
  for (let k = 0; k < n; k++) {
    const value = values[k] as number
    if (value <= largest * 1e-12) continue
    let along = 0
    for (let i = 0; i < n; i++) along += (vectors[i * n + k] as number) * (b[i] as number)
    for (let i = 0; i < n; i++) x[i] = (x[i] as number) + ((vectors[i * n + k] as number) * along) / value
  }
  return x
}
