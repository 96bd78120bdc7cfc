/**
 * Tests of "both samples come from one distribution", with SciPy's arithmetic. Every ordinary corner is defined: nothing
 * on one side, one shared value and values that the reference never had give a number, never NaN.
 */
import { exp } from '../math/elementary.ts'
import { chiSquareUpper, normalTwoSided } from '../math/distributions.ts'

export interface TestResult {
  readonly statistic: number
  /** In [0, 1]. */
  readonly p: number
}
const same: TestResult = { statistic: 0, p: 1 }

/** Above this many steps the exact distribution takes seconds, and the limit is as good. */
const mostSteps = 5e7

/** Largest distance between two cumulative shares. @param a, b rising */
export function cumulativeGap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [i, j, gap] = [0, 0, 0]
  while (i < a.length && j < b.length) {
    const at = Math.min(a[i] as number, b[j] as number)
    while (i < a.length && (a[i] as number) <= at) i++
    while (j < b.length && (b[j] as number) <= at) j++
    gap = Math.max(gap, Math.abs(i / a.length - j / b.length))
  }
  return gap
}

/**
 * Two-sample Kolmogorov-Smirnov test, two-sided. p is exact (of samples without ties: too large where there are many, as
 * SciPy's) while the product of the sizes is at most 5e7, beyond that Kolmogorov's limit with Stephens' correction.
 * @param a, b rising; where either is empty there is nothing to tell: statistic 0, p 1
 */
export function kolmogorovSmirnov(a: ArrayLike<number>, b: ArrayLike<number>): TestResult {
  if (a.length === 0 || b.length === 0) return same
  const statistic = cumulativeGap(a, b)
  if (statistic === 0) return same
  const p = a.length * b.length <= mostSteps ? shareOfPathsOutside(a.length, b.length, statistic) : kolmogorovTail(statistic, (a.length * b.length) / (a.length + b.length))
  return { statistic, p: Math.min(1, Math.max(0, p)) }
}

/**
 * Of all orders in which m and n values can come, the share in which the cumulative shares are at least d apart
 * somewhere (Hodges 1958). A path ends at (i, j) with a last step along i in i / (i + j) of the cases.
 */
function shareOfPathsOutside(m: number, n: number, d: number): number {
  // In whole numbers: |i n - j m| >= reach is outside.
  const reach = Math.round(d * m * n)
  /** Share of the paths to (i, j) that have been outside, for the current i. */
  const outside = new Float64Array(n + 1)
  for (let j = 0; j <= n; j++) outside[j] = j * m >= reach ? 1 : 0
  for (let i = 1; i <= m; i++) {
    const first = Math.max(0, Math.floor((i * n - reach) / m) + 1)
    const last = Math.min(n, Math.ceil((i * n + reach) / m) - 1)
    if (first > 0) outside[first - 1] = 1
    for (let j = first; j <= last; j++) outside[j] = j === 0 ? (outside[0] as number) : (i * (outside[j] as number) + j * (outside[j - 1] as number)) / (i + j)
    if (last < n) outside[last + 1] = 1
  }
  return outside[n] as number
}

/** Upper tail of Kolmogorov's limit at a distance d, with Stephens' (1970) correction. @param n effective size */
export function kolmogorovTail(d: number, n: number): number {
  const root = Math.sqrt(n)
  const z = (root + 0.12 + 0.11 / root) * d
  if (z < 0.2) return 1
  let sum = 0
  for (let k = 1; k <= 100; k++) {
    const term = exp(-2 * k * k * z * z)
    sum += k % 2 === 1 ? term : -term
    if (term < 1e-17) break
  }
  return 2 * sum
}

/**
 * Goodness of fit of counts to those of a reference, scaled to as many rows. A category that the reference never had is
 * expected as often as half a row of the reference: one stray value is then no proof, and a common one is.
 * @param reference, current counts of the same categories
 */
export function chiSquareFit(reference: ArrayLike<number>, current: ArrayLike<number>): TestResult {
  const seen = Array.from({ length: reference.length }, (_, i) => i).filter((i) => (reference[i] as number) > 0 || (current[i] as number) > 0)
  const expected = seen.map((i) => Math.max(reference[i] as number, 0.5))
  const referenceRows = seen.reduce((sum, i) => sum + (reference[i] as number), 0)
  const rows = seen.reduce((sum, i) => sum + (current[i] as number), 0)
  if (seen.length < 2 || rows === 0 || referenceRows === 0) return same
  const scale = rows / expected.reduce((sum, count) => sum + count, 0)
  let statistic = 0
  seen.forEach((i, k) => {
    const want = (expected[k] as number) * scale
    statistic += ((current[i] as number) - want) ** 2 / want
  })
  return { statistic, p: chiSquareUpper(statistic, seen.length - 1) }
}

/** Two shares, x of m rows and y of n, by the pooled normal approximation; equal where there is no row or no spread. */
export function proportionsZ(x: number, m: number, y: number, n: number): TestResult {
  if (m === 0 || n === 0) return same
  const pooled = (x + y) / (m + n)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / m + 1 / n))
  if (error === 0) return same
  const z = (x / m - y / n) / error
  return { statistic: z, p: normalTwoSided(z) }
}
