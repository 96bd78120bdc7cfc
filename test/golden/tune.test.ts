import { expect, test } from 'vitest'
import { normalCumulative } from '../../src/core/math/distributions.ts'
import { expectedImprovement } from '../../src/core/tune/bayesian.ts'
import { fitGaussianProcess } from '../../src/core/tune/gaussian-process.ts'
import type { Space } from '../../src/core/tune/space.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import golden from './tune.json' with { type: 'json' }

const space: Space = ['a', 'b'].map((name) => ({ kind: 'number', name, low: 0, high: 1, scale: 'linear' }))

test("the surrogate chooses, and answers as, scikit-learn's Gaussian process", () => {
  const made = fitGaussianProcess(space, golden.X, golden.y)!
  expect([made.length, made.noise]).toEqual([golden.length, golden.noise])
  // A kernel matrix with a condition number near 1e4 costs four of sixteen digits.
  const close = { relative: 1e-8, absolute: 1e-8 }
  expectAllClose([made.logLikelihood], [golden.likelihood], close)
  expectAllClose(golden.at.map((point) => made.at(point).mean), golden.mean, close)
  expectAllClose(golden.at.map((point) => made.at(point).sd), golden.sd, close)
})

test("expected improvement and the normal distribution equal scipy's", () => {
  // The gain far below the best is a difference of two nearly equal terms.
  expectAllClose(golden.gains.map(({ mean, sd, best }) => expectedImprovement(mean, sd, best)), golden.gains.map(({ gain }) => gain), { relative: 1e-11, absolute: 1e-15 })
  expectAllClose(golden.tails.map(({ z }) => normalCumulative(z)), golden.tails.map(({ p }) => p), { relative: 1e-12 })
})
