import { expect, test } from 'vitest'
import { coefficientTable } from '../../../../src/core/estimators/coefficients.ts'
import { linearRegression } from '../../../../src/core/estimators/linear-regression.ts'
import type { LinearModel } from '../../../../src/core/estimators/linear.ts'
import { logisticRegression } from '../../../../src/core/estimators/logistic-regression.ts'
import { alphaMax, elasticNetPath } from '../../../../src/core/estimators/linear-parts/coordinate-descent.ts'
import { momentsOf } from '../../../../src/core/estimators/linear-parts/moments.ts'
import { checkParams } from '../../../../src/core/params.ts'
import { ridge } from '../../../../src/core/estimators/ridge.ts'
import { quietContext } from '../../../../src/core/context.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { matrixOf, targetFor } from '../../../support/tables.ts'

test('a line through four points: slope, its standardised form and its interval by hand', async () => {
  const X = { rows: 4, features: [{ name: 'x', source: 'x', values: Float32Array.of(0, 1, 2, 3) }] }
  const y = { task: 'regression' as const, column: 'y', values: Float64Array.of(0, 2, 1, 3) }
  const model = (await linearRegression.fit(X, y, { params: checkParams('l', linearRegression.params, {}), seed: 0 }, quietContext())) as LinearModel
  const [row] = coefficientTable(model.linear, ['x'])
  // Sxx = 5, Sxy = 4: slope 0.8; residuals -0.3, 0.9, -0.9, 0.3 of squares 1.8; error sqrt(1.8 / 2 / 5) = 0.424264; t(0.975, 2) = 4.302653.
  expectAllClose([row?.raw ?? 0, row?.standardised ?? 0, ...(row?.interval ?? [])], [0.8, 0.8 * Math.sqrt(1.25), 0.8 - 4.302653 * 0.424264, 0.8 + 4.302653 * 0.424264], { absolute: 1e-5 })
})

test('the same line with a penalty of 1 has an interval, too; at a penalty of 0 it is that of least squares', async () => {
  const X = { rows: 4, features: [{ name: 'x', source: 'x', values: Float32Array.of(0, 1, 2, 3) }] }
  const y = { task: 'regression' as const, column: 'y', values: Float64Array.of(0, 2, 1, 3) }
  const fit = async (alpha: number) => ((await ridge.fit(X, y, { params: checkParams('r', ridge.params, { alpha }), seed: 0 }, quietContext())) as LinearModel).linear
  // Sxx + 1 = 6, Sxy = 4: slope 2 / 3; squares left 5 - 2 (2 / 3) 4 + (2 / 3)^2 5 = 17 / 9; degrees of freedom 3 - 5 / 6.
  const one = await fit(1)
  expectAllClose([...(one.standardErrors ?? []), one.degreesOfFreedom ?? 0], [Math.sqrt(17 / 9 / (13 / 6) / 6), 13 / 6], { relative: 1e-12 })
  const none = await fit(0)
  expectAllClose([...(none.standardErrors ?? []), none.degreesOfFreedom ?? 0], [Math.sqrt(1.8 / 2 / 5), 2], { relative: 1e-12 })
})

test('without degrees of freedom the interval is normal', () => {
  const [row] = coefficientTable({ task: 'binary', classes: ['no', 'yes'], coefficients: Float64Array.of(2), intercepts: Float64Array.of(0), featureScales: Float64Array.of(3), standardErrors: Float64Array.of(1) }, ['x'])
  // 1.959964 standard errors either side; the reference's normal distribution is good to about 1e-7.
  expectAllClose([...(row?.interval ?? []), row?.standardised ?? 0], [2 - 1.959964, 2 + 1.959964, 6], { absolute: 1e-5 })
})

test('repeated features and an L1 penalty have coefficients, and no intervals; others keep theirs', async () => {
  const X = matrixOf()
  const twin = { ...X, features: [...X.features, { ...(X.features[0] as (typeof X.features)[number]), name: 'again' }] }
  const line = (await linearRegression.fit(twin, targetFor('regression', X), { params: checkParams('l', linearRegression.params, {}), seed: 0 }, quietContext())) as LinearModel
  const table = coefficientTable(line.linear, ['x0', 'x1', 'x2', 'again'])
  expect(table.map(({ interval }) => interval !== undefined)).toEqual([false, true, true, false])
  // What no repetition touches is known as well as without it.
  const alone = (await linearRegression.fit(X, targetFor('regression', X), { params: checkParams('l', linearRegression.params, {}), seed: 0 }, quietContext())) as LinearModel
  const own = coefficientTable(alone.linear, ['x0', 'x1', 'x2'])
  for (const j of [1, 2]) expectAllClose([...(table[j]?.interval ?? [])], [...(own[j]?.interval ?? [])], { absolute: 1e-9 })
  const params = (penalty: string) => checkParams('l', logisticRegression.params, { penalty })
  for (const [penalty, has] of [['l1', false], ['l2', true]] as const) {
    const model = (await logisticRegression.fit(X, targetFor('multiclass', X), { params: params(penalty), seed: 0 }, quietContext())) as LinearModel
    const table = coefficientTable(model.linear, ['x0', 'x1', 'x2'])
    expect(table).toHaveLength(9)
    for (const { raw, interval } of table) {
      expect(interval !== undefined).toBe(has)
      if (interval) expect(interval[0] < raw && raw < interval[1]).toBe(true)
    }
  }
})

test('the path begins with nothing, grows, and each point is proved by its gap', async () => {
  const X = matrixOf({ features: 6 })
  const y = targetFor('regression', X)
  if (y.task !== 'regression') throw new Error('a regression target was asked for')
  const moments = await momentsOf('lasso', X, y.values, new Float64Array(X.rows).fill(1), true, quietContext())
  const path = await elasticNetPath(moments, { l1Ratio: 0.9, tol: 1e-10, maxIter: 10_000, points: 20, shortest: 1e-3 }, quietContext())
  expect(path[0]?.alpha).toBe(alphaMax(moments, 0.9))
  const used = path.map(({ coefficients }) => coefficients.filter((w) => w !== 0).length)
  expect(used[0]).toBe(0)
  expect(used.at(-1)).toBe(6)
  expect(path.every(({ converged }) => converged)).toBe(true)
  for (let i = 1; i < path.length; i++) expect(path[i]?.alpha).toBeLessThan(path[i - 1]?.alpha as number)
})
