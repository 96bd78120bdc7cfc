/** Nearest neighbours answer as scikit-learn's, rows of the training themselves among the questions. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { takeRows, type Matrix } from '../../src/core/data/matrix.ts'
import type { Target } from '../../src/core/data/target.ts'
import { kNeighbors } from '../../src/core/estimators/k-neighbors.ts'
import { checkParams, type ParamValues } from '../../src/core/params.ts'
import { expectAllClose } from '../support/expect-all-close.ts'

interface Case {
  readonly name: string
  readonly task: 'classes' | 'numbers'
  readonly params: ParamValues
  readonly X: number[][]
  readonly y: number[]
  readonly predictions: number[]
}
const { cases } = JSON.parse(readFileSync(new URL('./neighbors.json', import.meta.url), 'utf8')) as { cases: Case[] }
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

test.each(cases)('$name', async (item) => {
  const all: Matrix = { rows: 150, features: item.X.map((values, j) => ({ name: `x${j}`, source: `x${j}`, values: Float32Array.from(values) })) }
  const classes = [...new Set(item.y)].sort((a, b) => a - b).map(String)
  const y: Target = item.task === 'numbers' ? { task: 'regression', column: 'y', values: Float64Array.from(item.y) } : { task: classes.length === 2 ? 'binary' : 'multiclass', column: 'y', classes, codes: Int32Array.from(item.y) }
  const model = await kNeighbors.fit(takeRows(all, range(0, 120)), y, { params: checkParams('k', kNeighbors.params, item.params), seed: 0 }, quietContext())
  const prediction = await model.predict(takeRows(all, range(100, 150)))
  // The same neighbours; sums of a few doubles.
  expectAllClose(prediction.task === 'regression' ? prediction.values : prediction.probabilities, item.predictions, { relative: 1e-12, absolute: 1e-12 })
})

test('a wrong number of neighbours is refused by name', async () => {
  const X: Matrix = { rows: 4, features: [{ name: 'x', source: 'x', values: Float32Array.of(1, 2, 3, 4) }] }
  const y: Target = { task: 'regression', column: 'y', values: Float64Array.of(1, 2, 3, 4) }
  await expect(kNeighbors.fit(X, y, { params: checkParams('k', kNeighbors.params, {}), seed: 0 }, quietContext())).rejects.toMatchObject({ code: 'bad-data', message: expect.stringContaining('nNeighbors') })
})
