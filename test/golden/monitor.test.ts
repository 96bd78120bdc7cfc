import { expect, test } from 'vitest'
import { chiSquareUpper } from '../../src/core/math/distributions.ts'
import { countBetween, jensenShannon, populationStability, sharesOf, sturgesEdges, totalVariation, wasserstein, wassersteinNormed } from '../../src/core/monitor/distances.ts'
import { chiSquareFit, kolmogorovSmirnov, kolmogorovTail, proportionsZ } from '../../src/core/monitor/hypotheses.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import golden from './monitor.json' with { type: 'json' }

/** Sums in another order, and a log-gamma of 13 digits. */
const close = { relative: 1e-10, absolute: 1e-14 }

test("exact p of Kolmogorov and Smirnov's test equals scipy's, ties included", () => {
  for (const { a, b, statistic, p } of golden.exact) {
    const made = kolmogorovSmirnov(a, b)
    expectAllClose([made.statistic, made.p], [statistic, p], close)
    const turned = kolmogorovSmirnov(b, a)
    expectAllClose([turned.statistic, turned.p], [statistic, p], close)
  }
})

test('for many rows the limit with its correction is near the exact distribution of one sample', () => {
  // The limit is asymptotic: at 500 rows it is off by 0.003, at 50,000 by 0.0002.
  expectAllClose(golden.tails.map(({ d, n }) => kolmogorovTail(d, n)), golden.tails.map(({ p }) => p), { absolute: 4e-3 })
})

test("tails of chi-square equal scipy's", () => {
  // Far tails are exp(a log x - x - ...): the error of log-gamma at a = 100 is 1e-12 of some hundreds.
  expectAllClose(golden.gammas.map(({ x, df }) => chiSquareUpper(x, df)), golden.gammas.map(({ p }) => p), { relative: 1e-9, absolute: 1e-14 })
})

test('goodness of fit with scaled counts, new categories expected as half a row', () => {
  for (const { reference, current, statistic, p } of golden.fits) {
    const made = chiSquareFit(reference, current)
    expectAllClose([made.statistic, made.p], [statistic, p], close)
  }
})

test('two shares', () => {
  for (const { x, m, y, n, statistic, p } of golden.zs) {
    const made = proportionsZ(x, m, y, n)
    expectAllClose([made.statistic, made.p], [statistic, p], close)
  }
})

test("distances equal scipy's, bins numpy's", () => {
  for (const pair of golden.pairs) {
    expectAllClose([wasserstein(pair.a, pair.b), wassersteinNormed(pair.a, pair.b)], [pair.wasserstein, pair.normed], close)
    const low = Math.min(pair.a[0] as number, pair.b[0] as number)
    const high = Math.max(pair.a.at(-1) as number, pair.b.at(-1) as number)
    const edges = sturgesEdges(low, high, pair.a.length + pair.b.length)
    expectAllClose(edges, pair.edges, { relative: 1e-14, absolute: 1e-14 })
    expect([...sharesOf(countBetween(pair.a, pair.edges))]).toEqual(pair.p)
    expect([...sharesOf(countBetween(pair.b, pair.edges))]).toEqual(pair.q)
    expectAllClose([jensenShannon(pair.p, pair.q), populationStability(pair.p, pair.q), totalVariation(pair.p, pair.q)], [pair.jensenShannon, pair.psi, pair.totalVariation], close)
  }
})
