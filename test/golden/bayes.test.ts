/** Probabilities of the naive Bayes models equal scikit-learn's. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { takeRows, type Matrix } from '../../src/core/data/matrix.ts'
import type { ClassPrediction } from '../../src/core/data/target.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { checkParams, type ParamValues } from '../../src/core/params.ts'
import { expectAllClose } from '../support/expect-all-close.ts'

interface Case {
  readonly name: string
  readonly estimator: string
  readonly params: ParamValues
  readonly X: number[][]
  readonly y: number[]
  readonly weights: number[] | null
  readonly probabilities: number[]
}
const { cases } = JSON.parse(readFileSync(new URL('./bayes.json', import.meta.url), 'utf8')) as { cases: Case[] }

test.each(cases)('$name', async (item) => {
  const X: Matrix = { rows: item.y.length, features: item.X.map((values, j) => ({ name: `x${j}`, source: `x${j}`, values: Float32Array.from(values) })) }
  const classes = [...new Set(item.y)].sort((a, b) => a - b).map(String)
  const estimator = estimators.get(item.estimator)
  const params = checkParams(estimator.id, estimator.params, item.params)
  const y = { task: classes.length === 2 ? ('binary' as const) : ('multiclass' as const), column: 'y', classes, codes: Int32Array.from(item.y) }
  const model = await estimator.fit(X, y, { params, seed: 0, ...(item.weights && { weights: Float64Array.from(item.weights) }) }, quietContext())
  const { probabilities } = (await model.predict(takeRows(X, Array.from({ length: 25 }, (_, i) => i)))) as ClassPrediction
  // Closed forms on both sides; logarithms of many terms are summed in another order.
  expectAllClose(probabilities, item.probabilities, { absolute: 1e-9 })
})

test('every model of the family is covered', () => {
  expect(new Set(cases.map(({ estimator }) => estimator))).toEqual(new Set(['gaussian-nb', 'multinomial-nb', 'bernoulli-nb']))
})
