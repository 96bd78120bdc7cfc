/**
 * exp, log and powers with the same bits in every engine. The language leaves the last bits of Math.exp and its
 * kin to the engine, and they differ (between Node 20 and Chromium in one call of ten), so a model or a score
 * that rests on them would not be the same in the page and in the terminal. These use only what IEEE 754 fixes:
 * sums, products, quotients and bits. exp and log are within one unit in the last place of the exact value.
 * Methods: argument reduction by a split ln 2 (Cody and Waite 1980), Taylor series of what is left.
 */
const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)

const log2e = 1.4426950408889634
/** ln 2 in two parts: the first has 21 zero bits at its end, so that whole multiples of it are exact. */
const ln2High = 0.6931471803691238
const ln2Low = 1.9082149292705877e-10
/** Beyond these the result is Infinity, or 0. */
const largest = 709.782712893384
const smallest = -745.1332191019412

/** 1 / n!, from 13 down to 2. */
const inverseFactorials = [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((n) => {
  let factorial = 1
  for (let i = 2; i <= n; i++) factorial *= i
  return 1 / factorial
})

/** 2^k, exactly, for whole k in [-1022, 1023]. */
function powerOfTwo(k: number): number {
  words[0] = 0
  words[1] = (k + 1023) << 20
  return double[0] as number
}

export function exp(x: number): number {
  if (x > largest) return Number.POSITIVE_INFINITY
  if (x < smallest) return 0
  if (x !== x) return x
  const k = Math.floor(x * log2e + 0.5)
  const high = x - k * ln2High
  const low = k * ln2Low
  const r = high - low
  let series = inverseFactorials[0] as number
  for (let i = 1; i < 12; i++) series = series * r + (inverseFactorials[i] as number)
  // What rounding took from r is given back to first order.
  const grown = 1 + (r + (r * r * series + (high - r - low)))
  if (k > 1023) return grown * powerOfTwo(1023) * 2
  // Below the normal numbers in two steps, so that only the last one rounds.
  return k >= -1022 ? grown * powerOfTwo(k) : grown * powerOfTwo(k + 200) * powerOfTwo(-200)
}

/** The series of 2 atanh, without its first term, in z = s^2: two chains that a processor works on side by side. */
function atanhTail(z: number): number {
  const w = z * z
  const even = 2 / 3 + w * (2 / 7 + w * (2 / 11 + w * (2 / 15 + w * (2 / 19))))
  const odd = 2 / 5 + w * (2 / 9 + w * (2 / 13 + w * (2 / 17 + w * (2 / 21))))
  return z * (even + z * odd)
}

/** Natural logarithm; NaN below 0, -Infinity at 0. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  // Subnormal numbers are lifted into the normal range first.
  double[0] = x < 2.2250738585072014e-308 ? x * 18014398509481984 : x
  const top = words[1] as number
  let k = (top >>> 20) - 1023 - (x < 2.2250738585072014e-308 ? 54 : 0)
  words[1] = (top & 0xfffff) | 0x3ff00000
  let m = double[0] as number
  if (m > 1.4142135623730951) {
    m *= 0.5
    k += 1
  }
  // log m = f - (f^2 / 2 - s (f^2 / 2 + R)), s = f / (2 + f): the leading terms stay exact near 1.
  const f = m - 1
  const s = f / (2 + f)
  const half = 0.5 * f * f
  return k * ln2High - (half - (s * (half + atanhTail(s * s)) + k * ln2Low) - f)
}

/** Whole for powers of two, whose logarithm the product would miss by a bit. */
export function log2(x: number): number {
  double[0] = x
  const top = words[1] as number
  if (words[0] === 0 && (top & 0xfffff) === 0 && top >>> 20 !== 0 && top >>> 20 < 2047) return (top >>> 20) - 1023
  return log(x) * log2e
}

/** x^n for whole n >= 0, by squaring. */
export function wholePowerOf(x: number, n: number): number {
  let result = 1
  for (let square = x, left = n; left > 0; left = Math.floor(left / 2), square *= square) if (left % 2 === 1) result *= square
  return result
}

/** Hyperbolic tangent. */
export function tanh(x: number): number {
  const a = Math.abs(x)
  if (a > 22) return x > 0 ? 1 : -1
  if (a < 0.3) return smallTanh(x)
  const e = exp(2 * a)
  const t = 1 - 2 / (e + 1)
  return x < 0 ? -t : t
}
/** By its continued fraction, which loses nothing near 0. */
function smallTanh(x: number): number {
  const z = x * x
  let fraction = 19
  for (let odd = 17; odd >= 1; odd -= 2) fraction = odd + z / fraction
  return x / fraction
}
