/**
 * Numbers straight from bytes, equal to `Number(text)` bit for bit. Up to 15 digits and a power of ten
 * up to 22 one correctly rounded operation gives the answer (Clinger 1990); up to 19 digits a
 * double-double product does, whose error is bounded and checked; the rest goes through `Number`.
 */
const powers = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))
const splitter = 134217729 // 2^27 + 1, Dekker's split

/**
 * (a * 10^k + b) * 10^e rounded once, or NaN where the bound cannot decide.
 * @param a at most 15 digits @param k, |e| at most 22 @param b below 10^k
 */
function wide(a: number, k: number, b: number, e: number): number {
  const scale = powers[k] as number
  // Two-product a * scale = high + low, exact.
  let high = a * scale
  let c = splitter * a
  const a1 = c - (c - a)
  const a2 = a - a1
  c = splitter * scale
  const s1 = c - (c - scale)
  const s2 = scale - s1
  let low = a2 * s2 - (high - a1 * s1 - a2 * s1 - a1 * s2)
  // Add b; high is at least b unless a is 0, which the caller excludes.
  const sum = high + b
  low += b - (sum - high)
  high = sum
  if (e === 0) return decided(high, low, Math.abs(high) * 2 ** -98)
  const p = powers[Math.abs(e)] as number
  c = splitter * p
  const p1 = c - (c - p)
  const p2 = p - p1
  if (e > 0) {
    const product = high * p
    c = splitter * high
    const h1 = c - (c - high)
    const h2 = high - h1
    const rest = h2 * p2 - (product - h1 * p1 - h2 * p1 - h1 * p2) + low * p
    return decided(product, rest, product * 2 ** -98)
  }
  const quotient = high / p
  c = splitter * quotient
  const q1 = c - (c - quotient)
  const q2 = quotient - q1
  const product = quotient * p
  const error = q2 * p2 - (product - q1 * p1 - q2 * p1 - q1 * p2)
  const rest = (high - product - error + low) / p
  return decided(quotient, rest, quotient * 2 ** -98)
}

function decided(high: number, low: number, bound: number): number {
  const below = high + (low - bound)
  return below === high + (low + bound) ? below : Number.NaN
}

function viaNumber(bytes: Uint8Array, from: number, to: number, decimal: number): number {
  let text = ''
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    text += byte === decimal ? '.' : String.fromCharCode(byte)
  }
  const value = Number(text)
  return Number.isFinite(value) ? value : Number.NaN
}

/**
 * The finite number that the bytes [from, to) write, blanks around it allowed; NaN where they write none.
 * Grammar: sign, digits with at most one decimal mark, exponent. No hexadecimal, no "Infinity".
 * @param decimal the byte of the decimal mark
 */
export function parseNumber(bytes: Uint8Array, from: number, to: number, decimal: number): number {
  while (from < to && (bytes[from] === 32 || bytes[from] === 9)) from++
  while (to > from && (bytes[to - 1] === 32 || bytes[to - 1] === 9)) to--
  let i = from
  const first = bytes[i]
  const negative = first === 45
  if (i < to && (negative || first === 43)) i++
  const digitsFrom = i
  let mantissa = 0
  let digit = 0
  while (i < to && (digit = (bytes[i] as number) - 48) >= 0 && digit <= 9) {
    mantissa = mantissa * 10 + digit
    i++
  }
  let count = i - digitsFrom
  let fraction = 0
  if (i < to && bytes[i] === decimal) {
    const fractionFrom = ++i
    while (i < to && (digit = (bytes[i] as number) - 48) >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit
      i++
    }
    fraction = i - fractionFrom
    count += fraction
  }
  if (count === 0) return Number.NaN
  if (i === to && count <= 15) {
    if (fraction > 0) mantissa /= powers[fraction] as number
    return negative ? -mantissa : mantissa
  }
  let exponent = 0
  const mantissaTo = i
  if (i < to) {
    if (((bytes[i] as number) | 32) !== 101) return Number.NaN
    i++
    const sign = bytes[i]
    if (i < to && (sign === 45 || sign === 43)) i++
    const exponentFrom = i
    while (i < to && (digit = (bytes[i] as number) - 48) >= 0 && digit <= 9) {
      if (exponent < 100_000) exponent = exponent * 10 + digit
      i++
    }
    if (i === exponentFrom || i !== to) return Number.NaN
    if (sign === 45) exponent = -exponent
  }
  const power = exponent - fraction
  if (count <= 15 && power >= -22 && power <= 22) {
    const value = power < 0 ? mantissa / (powers[-power] as number) : mantissa * (powers[power] as number)
    return negative ? -value : value
  }
  const value = power >= -22 && power <= 22 ? manyDigits(bytes, digitsFrom, mantissaTo, power) : Number.NaN
  if (!Number.isNaN(value)) return negative ? -value : value
  return viaNumber(bytes, from, to, decimal)
}

/** 16 to 19 significant digits, as 15 and the rest. */
function manyDigits(bytes: Uint8Array, from: number, to: number, power: number): number {
  let head = 0
  let headCount = 0
  let rest = 0
  let restCount = 0
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] as number) - 48
    if (digit < 0 || digit > 9) continue
    if (headCount === 0 && digit === 0) continue
    if (headCount < 15) {
      head = head * 10 + digit
      headCount++
    } else {
      rest = rest * 10 + digit
      restCount++
    }
  }
  if (headCount === 0) return 0
  return restCount > 4 ? Number.NaN : wide(head, restCount, rest, power)
}

/** What a cell's bytes are as a number: nothing, a decimal, a whole number, or a whole number with a leading zero ("007"). */
export const notNumber = 0
export const decimalNumber = 1
export const wholeNumber = 2
export const leadingZero = 3

/** Grammar only, without the value: the survey's half of `parseNumber`; 1e999 counts as a number here. */
export function numberClass(bytes: Uint8Array, from: number, to: number, decimal: number): number {
  while (from < to && (bytes[from] === 32 || bytes[from] === 9)) from++
  while (to > from && (bytes[to - 1] === 32 || bytes[to - 1] === 9)) to--
  let i = from
  if (i < to && (bytes[i] === 45 || bytes[i] === 43)) i++
  const digitsFrom = i
  let digit = 0
  while (i < to && (digit = (bytes[i] as number) - 48) >= 0 && digit <= 9) i++
  const whole = i - digitsFrom
  if (i === to) return whole === 0 ? notNumber : whole > 1 && bytes[digitsFrom] === 48 ? leadingZero : wholeNumber
  let fraction = 0
  if (bytes[i] === decimal) {
    const fractionFrom = ++i
    while (i < to && (digit = (bytes[i] as number) - 48) >= 0 && digit <= 9) i++
    fraction = i - fractionFrom
  }
  if (whole + fraction === 0) return notNumber
  if (i === to) return decimalNumber
  if (((bytes[i] as number) | 32) !== 101) return notNumber
  i++
  if (i < to && (bytes[i] === 45 || bytes[i] === 43)) i++
  const exponentFrom = i
  while (i < to && (digit = (bytes[i] as number) - 48) >= 0 && digit <= 9) i++
  return i === to && i > exponentFrom ? decimalNumber : notNumber
}
