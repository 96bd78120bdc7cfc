/** Distribution functions that tests need, through the regularised incomplete beta and gamma functions. */
import { exp, log } from './elementary.ts'

const lanczos = [676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7]

/** log of the gamma function for x > 0 (Lanczos, g = 7, 9 terms; about 15 digits). */
export function logGamma(x: number): number {
  if (x < 0.5) return log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const z = x - 1
  const t = z + 7.5
  const series = lanczos.reduce((sum, c, i) => sum + c / (z + i + 1), 0.99999999999980993)
  return 0.5 * log(2 * Math.PI) + (z + 0.5) * log(t) - t + log(series)
}

/** The continued fraction of the incomplete beta function by Lentz's method (Press et al. 2007, 6.4). */
function betaFraction(a: number, b: number, x: number): number {
  const tiny = 1e-300
  const safe = (value: number): number => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / safe(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / safe(1 + even * d)
    c = safe(1 + even / c)
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / safe(1 + odd * d)
    c = safe(1 + odd / c)
    h *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return h
}

/** I_x(a, b), in [0, 1], for a, b > 0 and x in [0, 1]. */
export function incompleteBeta(a: number, b: number, x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log(1 - x))
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(a, b, x)) / a : 1 - (front * betaFraction(b, a, 1 - x)) / b
}

/** Chance that |T| is at least |t|, for Student's t with df > 0 degrees of freedom. */
export function studentTwoSided(t: number, df: number): number {
  return Number.isFinite(t) ? incompleteBeta(df / 2, 0.5, df / (df + t * t)) : 0
}

/** The t that |T| exceeds with the chance alpha in (0, 1): 2.776 for 0.05 and df 4. */
export function studentCritical(alpha: number, df: number): number {
  let [low, high] = [0, 1]
  while (studentTwoSided(high, df) > alpha) high *= 2
  for (let i = 0; i < 100 && high - low > 1e-13 * high; i++) {
    const middle = (low + high) / 2
    if (studentTwoSided(middle, df) > alpha) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Chance of at most k heads in n fair throws; k in [0, n). */
export function fairHeads(k: number, n: number): number {
  return incompleteBeta(n - k, k + 1, 0.5)
}

export const normalDensity = (z: number): number => exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI)

/** Chance that a standard normal is at most z; full relative accuracy in the lower tail. */
export function normalCumulative(z: number): number {
  if (z > 0) return 1 - normalCumulative(-z)
  if (z < -3) {
    // Laplace's continued fraction, from its far end.
    let tail = -z
    for (let k = 200; k > 0; k--) tail = k / tail - z
    return normalDensity(z) / tail
  }
  let [term, sum] = [z, z]
  for (let k = 3; Math.abs(term) > 1e-18; k += 2) {
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + normalDensity(z) * sum
}

/** Two-sided p of a standard normal z. */
export const normalTwoSided = (z: number): number => 2 * normalCumulative(-Math.abs(z))

/**
 * Q(a, x), the upper regularised incomplete gamma function, for a > 0 and x >= 0: its series below a + 1, above it
 * Legendre's continued fraction (Press et al. 2007, 6.2).
 */
export function incompleteGammaUpper(a: number, x: number): number {
  if (x <= 0) return 1
  if (!Number.isFinite(x)) return 0
  const front = exp(a * log(x) - x - logGamma(a))
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a]
    for (let n = 1; n < 100_000 && term > sum * 1e-17; n++) {
      term *= x / (a + n)
      sum += term
    }
    return 1 - front * sum
  }
  const tiny = 1e-300
  let b = x + 1 - a
  let c = 1 / tiny
  let d = 1 / b
  let h = d
  for (let n = 1; n < 100_000; n++) {
    const step = -n * (n - a)
    b += 2
    d = 1 / (Math.abs(step * d + b) < tiny ? tiny : step * d + b)
    c = Math.abs(b + step / c) < tiny ? tiny : b + step / c
    h *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return front * h
}

/** Chance that a chi-square with df > 0 degrees of freedom is at least x. */
export const chiSquareUpper = (x: number, df: number): number => incompleteGammaUpper(df / 2, x / 2)
