import { expect, test } from 'vitest'
import { correctedResampledT, holm, mcNemar } from '../../src/core/evaluate/compare.ts'
import { studentTwoSided } from '../../src/core/math/distributions.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import golden from './compare.json' with { type: 'json' }

/** The log-gamma of Lanczos keeps about 13 digits at 1,000 degrees of freedom. */
const close = { relative: 1e-9, absolute: 1e-15 }

test("Student's tails equal scipy's", () => {
  expectAllClose(golden.tails.map(({ t, df }) => studentTwoSided(t, df)), golden.tails.map(({ p }) => p), close)
})

test('the corrected resampled t-test equals its formula with scipy', () => {
  for (const { a, b, ratio, difference, low, high, p } of golden.folds) {
    const made = correctedResampledT(a, b, ratio)
    expectAllClose([made.difference, made.low!, made.high!, made.p], [difference, low, high, p], close)
  }
})

test("McNemar's p equals scipy's binomial test of the rows that one model had right alone", () => {
  for (const { first, second, p } of golden.coins) {
    const [both, neither] = [20, 7]
    const right = (mine: number, before: number): Uint8Array => Uint8Array.from({ length: first + second + both + neither }, (_, i) => (i >= first + second ? +(i < first + second + both) : +(i >= before && i < before + mine)))
    const made = mcNemar(right(first, 0), right(second, first))
    expectAllClose([made.p], [p], close)
    expect(made.n).toBe(first + second)
    expect(made.difference).toBeCloseTo((first - second) / (first + second + 27), 12)
  }
})

test("Holm's correction", () => {
  expectAllClose(holm(golden.holm.ps), golden.holm.corrected, { relative: 1e-15 })
})
