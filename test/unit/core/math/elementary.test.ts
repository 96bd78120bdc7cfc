import { describe, expect, it } from 'vitest'
import { exp, log, log2, tanh, wholePowerOf } from '../../../../src/core/math/elementary.ts'
import { createRng } from '../../../../src/core/math/rng.ts'

/** Distance in units of the last place of the larger. */
function ulps(a: number, b: number): number {
  if (Object.is(a, b) || a === b) return 0
  const size = Math.max(Math.abs(a), Math.abs(b))
  const unit = Math.max(2 ** (Math.floor(Math.log2(size)) - 52), 5e-324)
  return Math.abs(a - b) / unit
}
const rng = createRng(1)
const between = (low: number, high: number, count = 20_000): number[] => Array.from({ length: count }, () => low + rng.next() * (high - low))

describe('against the engine', () => {
  // Math's own are within one unit of the exact value; exp and log too, so they may be two apart. log2 and tanh round once or twice more.
  it.each<[string, number, (x: number) => number, (x: number) => number, number[]]>([
    ['exp', 2, exp, Math.exp, [...between(-745, 709), ...between(-1, 1), ...between(-1e-9, 1e-9)]],
    ['log', 2, log, Math.log, [...between(0, 1), ...between(0, 1e9), ...between(0.99, 1.01), ...between(-700, 700).map(Math.exp), ...between(0, 1e-310, 100)]],
    ['log2', 3, log2, Math.log2, between(0, 1000)],
    ['tanh', 4, tanh, Math.tanh, [...between(-25, 25), ...between(-0.5, 0.5), ...between(-1e-9, 1e-9)]],
  ])('%s is within %i units in the last place', (_name, limit, own, engine, at) => {
    let worst = 0
    for (const x of at) worst = Math.max(worst, ulps(own(x), engine(x)))
    expect(worst).toBeLessThanOrEqual(limit)
  })
  it('powers by squaring are within a few units for each squaring', () => {
    for (const n of [0, 1, 2, 10, 999, 100_000]) expect(Math.abs(wholePowerOf(0.999, n) / 0.999 ** n - 1)).toBeLessThan(1e-10)
  })
})

it('gives the exact values where there are any', () => {
  expect([exp(0), exp(-0), exp(710), exp(-746), exp(Number.POSITIVE_INFINITY), exp(Number.NEGATIVE_INFINITY), exp(Number.NaN)]).toEqual([1, 1, Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY, 0, Number.NaN])
  expect([log(1), log(0), log(-0), log(-1), log(Number.POSITIVE_INFINITY), log(Number.NaN)]).toEqual([0, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, Number.POSITIVE_INFINITY, Number.NaN])
  expect([log2(8), log2(0.25), log2(1), log2(2 ** -1000)]).toEqual([3, -2, 0, -1000])
  expect([tanh(0), tanh(100), tanh(-100), tanh(Number.POSITIVE_INFINITY)]).toEqual([0, 1, -1, 1])
  expect(wholePowerOf(3, 5)).toBe(243)
})

it('has these bits, here and in every engine', () => {
  // Made once by this code in Node; another engine, or another order of operations, would not meet them.
  const bits = new Float64Array([exp(-0.7), exp(3.3), exp(1e-3), log(0.3), log(7.7), log(1.0001), log2(0.7), tanh(0.2), tanh(1.7), wholePowerOf(0.999, 777)])
  expect([...new BigUint64Array(bits.buffer)].map((word) => word.toString(16))).toMatchInlineSnapshot(`
    [
      "3fdfc80db9dd5542",
      "403b1cd5e7807b7b",
      "3ff0041919b7ee34",
      "bff34378fcbda721",
      "4000546b52e30f62",
      "3f1a368d0657fcd4",
      "bfe0776228967d13",
      "3fc9439830b3a591",
      "3fedeedf00d3e7f5",
      "3fdd6a2958545178",
    ]
  `)
})
