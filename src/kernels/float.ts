/**
 * Plain twins of assembly/shared/float.ts: exp and log with the same bits in every engine, which Math's do
 * not promise. Float32 steps are rounded one by one, in the same order.
 */
const f = Math.fround
const floatMagic = 12582912

const scratchDouble = new Float64Array(1)
const scratchWords = new Uint32Array(scratchDouble.buffer)

/** Natural logarithm of a normal positive number: exponent, then the series of atanh((m - 1) / (m + 1)). */
export function naturalLog(x: number): number {
  scratchDouble[0] = x
  const high = scratchWords[1] as number
  let exponent = ((high >>> 20) & 0x7ff) - 1023
  scratchWords[1] = (high & 0x000fffff) | 0x3ff00000
  let m = scratchDouble[0]
  if (m > 1.4142135623730951) {
    m *= 0.5
    exponent += 1
  }
  const s = (m - 1) / (m + 1)
  const z = s * s
  let sum = 1 / 19
  for (let k = 17; k >= 1; k -= 2) sum = sum * z + 1 / k
  return exponent * 0.6931471805599453 + 2 * s * sum
}

const coefficients = [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1].map(f)
const log2e = f(1.4426950408889634)
const ln2High = f(0.693359375)
const ln2Low = f(-2.1219444e-4)

/** exp in float32 within 2 units of the last place, for x in [-87, 88] (Cephes' expf). */
export function exponentialOf(x: number): number {
  const clamped = x > -87 ? x : -87
  const k = f(f(f(clamped * log2e) + floatMagic) - floatMagic)
  const r = f(f(clamped - f(k * ln2High)) - f(k * ln2Low))
  let p = coefficients[0] as number
  for (let i = 1; i < 6; i++) p = f(f(p * r) + (coefficients[i] as number))
  return f(f(f(f(p * f(r * r)) + r) + 1) * 2 ** k)
}
