/** Standard errors of hundreds of logistic coefficients equal numpy's inverse of the information at scikit-learn's optimum. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import type { Matrix } from '../../src/core/data/matrix.ts'
import type { LinearModel } from '../../src/core/estimators/linear.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { checkParams } from '../../src/core/params.ts'
import { expectAllClose } from '../support/expect-all-close.ts'

interface Case {
  readonly rows: number
  readonly columns: number
  readonly classes: number
  readonly C: number
  readonly y: number[]
  readonly standardErrors: number[]
}
const { cases } = JSON.parse(readFileSync(new URL('./intervals.json', import.meta.url), 'utf8')) as { cases: Case[] }

it.each(cases.map((item) => [item.columns * (item.classes === 2 ? 1 : item.classes), item] as const))('%i coefficients', async (count, { rows, columns, classes, C, y, standardErrors }) => {
  const features = Array.from({ length: columns }, (_, j) => ({ name: `x${j}`, source: `x${j}`, values: Float32Array.from({ length: rows }, (_row, i) => ((i * i * 7 + (j + 3) * (i + 11) * 53 + j * j * 29) % 1009) / 1009 - 0.5) }))
  const X: Matrix = { rows, features }
  const names = Array.from({ length: classes }, (_, c) => String(c))
  const estimator = estimators.get('logistic-regression')
  const params = checkParams(estimator.id, estimator.params, { C, tol: 1e-10 })
  const model = await estimator.fit(X, { task: classes === 2 ? 'binary' : 'multiclass', column: 'y', classes: names, codes: Int32Array.from(y) }, { params, seed: 0 }, quietContext())
  const { linear } = model as Partial<LinearModel>
  expect(standardErrors).toHaveLength(count)
  // Both sides solve to about 1e-9; the inverse of the information carries that on, times how stiff it is.
  expectAllClose(linear?.standardErrors ?? [], standardErrors, { relative: 1e-6 })
})
