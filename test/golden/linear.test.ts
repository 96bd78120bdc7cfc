/** Coefficients and predictions equal scikit-learn's (ridge svd, logistic newton-cg at tol 1e-12). */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import type { Matrix } from '../../src/core/data/matrix.ts'
import type { Target } from '../../src/core/data/target.ts'
import type { LinearModel } from '../../src/core/estimators/linear.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { checkParams, type ParamValues } from '../../src/core/params.ts'
import { expectAllClose } from '../support/expect-all-close.ts'

interface Case {
  readonly name: string
  readonly estimator: string
  readonly params: ParamValues
  /** Which of the tables. */
  readonly X: number
  readonly y: number[]
  readonly weights: number[] | null
  readonly coefficients: number[] | null
  readonly intercepts: number[] | null
  readonly standardErrors: number[] | null
  readonly predictions: number[]
}
const { tables, cases } = JSON.parse(readFileSync(new URL('./linear.json', import.meta.url), 'utf8')) as { tables: number[][][]; cases: Case[] }

function targetOf({ estimator, y, predictions }: Case): Target {
  if (!estimator.startsWith('logistic') && predictions.length === 20) return { task: 'regression', column: 'y', values: Float64Array.from(y) }
  const classes = [...new Set(y)].sort((a, b) => a - b).map(String)
  return { task: classes.length === 2 ? 'binary' : 'multiclass', column: 'y', classes, codes: Int32Array.from(y) }
}

describe('linear models equal scikit-learn', () => {
  it.each(cases.map((item) => [item.name, item] as const))('%s', async (_name, item) => {
    const X: Matrix = { rows: item.y.length, features: (tables[item.X] as number[][]).map((values, j) => ({ name: `x${j}`, source: `x${j}`, values: Float32Array.from(values) })) }
    const y = targetOf(item)
    const estimator = estimators.get(item.estimator)
    const params = checkParams(estimator.id, estimator.params, item.params)
    const model = await estimator.fit(X, y, { params, seed: 0, ...(item.weights ? { weights: Float64Array.from(item.weights) } : {}) }, quietContext())
    // 1e-6 is the contract; both sides solve to about 1e-9, the rest is the reference's own stopping rule.
    const { linear } = model as Partial<LinearModel>
    if (item.coefficients) expectAllClose(linear?.coefficients ?? [], item.coefficients, { absolute: 1e-6, relative: 1e-6 })
    if (item.intercepts) expectAllClose(linear?.intercepts ?? [], item.intercepts, { absolute: 1e-6, relative: 1e-6 })
    if (item.standardErrors) expectAllClose(linear?.standardErrors ?? [], item.standardErrors, { relative: 1e-6 })
    const head: Matrix = { rows: 20, features: X.features.map((feature) => ({ ...feature, values: feature.values.slice(0, 20) })) }
    const prediction = await model.predict(head)
    expectAllClose(prediction.task === 'regression' ? prediction.values : prediction.probabilities, item.predictions, { absolute: 1e-6, relative: 1e-6 })
  })
  it('covers the family', () => {
    expect(new Set(cases.map((item) => item.estimator))).toEqual(new Set(['linear-regression', 'ridge', 'lasso', 'elastic-net', 'logistic-regression', 'baseline']))
  })
})
