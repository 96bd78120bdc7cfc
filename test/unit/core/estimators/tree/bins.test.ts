import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findBins } from '../../../../../src/core/estimators/tree/bins.ts'
import type { CategoryBins, NumericBins } from '../../../../../src/core/estimators/tree/bins.ts'
import { argsort, sorted } from '../../../../../src/kernels/sort.ts'
import { thresholdBetween } from '../../../../../src/kernels/thresholds.ts'
import { createRng } from '../../../../../src/core/math/rng.ts'

const all = (length: number): Uint32Array => Uint32Array.from({ length }, (_, row) => row)
const numeric = (values: readonly number[], maxBins = 255): NumericBins =>
  findBins({ name: 'x', source: 'x', values: Float32Array.from(values) }, all(values.length), maxBins) as NumericBins
const float32 = fc.float({ noNaN: true })

describe('threshold between two values', () => {
  test('a <= t < b in float32, for any a < b', () => {
    fc.assert(
      fc.property(float32, float32, (x, y) => {
        const [a, b] = x < y ? [x, y] : [y, x]
        if (a === b) return
        const t = thresholdBetween(a, b)
        expect(Math.fround(t)).toBe(t)
        expect(a <= t && t < b).toBe(true)
      }),
    )
  })
  test('neighbours have no value between them: the lower one', () => {
    const a = 1
    const b = 1 + 2 ** -23
    expect(thresholdBetween(a, b)).toBe(a)
    expect(thresholdBetween(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe('numeric bins', () => {
  test('few distinct values: midpoints between neighbours', () => {
    expect(Array.from(numeric([3, 1, 1, 2, Number.NaN]).thresholds)).toEqual([1.5, 2.5])
    expect(numeric([3, 1, 1, 2, Number.NaN]).missing).toBe(true)
  })
  test('a constant, and nothing but missing: one bin', () => {
    expect(numeric([7, 7, 7]).thresholds).toHaveLength(0)
    expect(numeric([Number.NaN, Number.NaN])).toMatchObject({ missing: true, thresholds: new Float32Array(0) })
  })
  test('many values: about as many in each bin', () => {
    const rng = createRng(3)
    const values = Array.from({ length: 10_000 }, () => Math.fround(rng.normal()))
    const { thresholds } = numeric(values, 100)
    expect(thresholds).toHaveLength(99)
    const counts = new Array<number>(100).fill(0)
    for (const x of values) counts[thresholds.filter((t) => t < x).length]!++
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(95)
    expect(Math.max(...counts)).toBeLessThanOrEqual(105)
  })
  test('one value that most rows have does not take the bins of the others', () => {
    const values = [...new Array<number>(9000).fill(0), ...Array.from({ length: 1000 }, (_, i) => i + 1)]
    expect(numeric(values, 64).thresholds.length).toBe(63)
  })
  test('thresholds ascend and stay below the limit', () => {
    fc.assert(
      fc.property(fc.array(float32, { maxLength: 400 }), fc.integer({ min: 2, max: 40 }), (values, maxBins) => {
        const { thresholds } = numeric(values, maxBins)
        expect(thresholds.length).toBeLessThan(maxBins)
        for (let i = 1; i < thresholds.length; i++) expect(thresholds[i] as number).toBeGreaterThan(thresholds[i - 1] as number)
      }),
    )
  })
})

describe('category bins', () => {
  const categorical = (codes: readonly number[], categories: number, maxBins: number): CategoryBins =>
    findBins({ name: 'c', source: 'c', values: Float32Array.from(codes), categories: Array.from({ length: categories }, (_, i) => `c${i}`) }, all(codes.length), maxBins) as CategoryBins
  test('a category that no row has counts as missing', () => {
    expect(categorical([0, 2, 2, Number.NaN], 4, 255)).toMatchObject({ bins: 2, missing: true, binOfCode: Uint8Array.of(0, 255, 1, 255) })
  })
  test('too many: the rarest share the last bin', () => {
    expect(categorical([0, 1, 1, 1, 2, 2, 3], 4, 3)).toMatchObject({ bins: 3, binOfCode: Uint8Array.of(2, 0, 1, 2) })
  })
})

describe('sorting', () => {
  test.each([10, 5000, 20_000])('%i values, signs and infinities included', (length) => {
    const rng = createRng(length)
    const values = Float32Array.from({ length }, () => Math.round(rng.normal() * 1000) * 10 ** rng.int(8))
    values.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0])
    const expected = Array.from(values, (v) => v + 0).sort((a, b) => a - b)
    expect(Array.from(sorted(values), (v) => v + 0)).toEqual(expected)
    expect(Array.from(argsort(values), (i) => (values[i] as number) + 0)).toEqual(expected)
  })
  test('equal values keep their order', () => {
    expect(Array.from(argsort(Float32Array.of(1, 0, -0, 1, 0)))).toEqual([1, 2, 4, 0, 3])
  })
})
