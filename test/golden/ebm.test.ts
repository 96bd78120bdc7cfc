/** Explainable boosting finds curves and the one pair, and stands beside scikit-learn's boosted trees on held-out rows. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { takeRows, type Matrix } from '../../src/core/data/matrix.ts'
import type { ClassPrediction, RegressionPrediction } from '../../src/core/data/target.ts'
import { explainableBoosting, type AdditiveModel } from '../../src/core/estimators/explainable-boosting.ts'
import { checkParams } from '../../src/core/params.ts'
import { nodeContext } from '../support/node-context.ts'

interface Golden {
  readonly rows: number
  readonly X: number[][]
  readonly value: number[]
  readonly label: number[]
  readonly noise: number
  readonly rmse: { readonly line: number; readonly trees: number }
  readonly logLoss: { readonly line: number; readonly trees: number }
}
const golden = JSON.parse(readFileSync(new URL('./ebm.json', import.meta.url), 'utf8')) as Golden
const { rows } = golden
const all: Matrix = { rows: golden.value.length, features: golden.X.map((values, j) => ({ name: `x${j}`, source: `x${j}`, values: Float32Array.from(values) })) }
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const train = takeRows(all, range(0, rows))
const held = takeRows(all, range(rows, all.rows))
const params = checkParams('ebm', explainableBoosting.params, { interactions: 1 })

test('numbers: no worse than boosted trees, and the pair is the right one', async () => {
  const y = { task: 'regression' as const, column: 'y', values: Float64Array.from(golden.value.slice(0, rows)) }
  const model = (await explainableBoosting.fit(train, y, { params, seed: 1 }, nodeContext())) as AdditiveModel
  const { values } = (await model.predict(held)) as RegressionPrediction
  const rmse = Math.sqrt(values.reduce((sum, value, i) => sum + (value - (golden.value[rows + i] as number)) ** 2, 0) / values.length)
  // The model has the truth's own form; trees must learn it from corners.
  expect(rmse).toBeLessThan(golden.rmse.trees)
  expect(rmse).toBeGreaterThan(golden.noise * 0.9)
  expect(model.facts['pairs']).toEqual([['x0', 'x3']])
  // A drawn curve is the function itself: x2 adds 0.5 a unit.
  const shape = model.shapes[2]
  const axis = shape?.axes[0]
  const at = (x: number): number => shape?.values[axis?.thresholds.filter((t) => t < x).length ?? 0] as number
  expect(at(1) - at(-1)).toBeGreaterThan(0.7)
  expect(at(1) - at(-1)).toBeLessThan(1.3)
})

test('classes: as good as boosted trees within 3 %', async () => {
  const y = { task: 'binary' as const, column: 'y', classes: ['no', 'yes'], codes: Int32Array.from(golden.label.slice(0, rows)) }
  const model = await explainableBoosting.fit(train, y, { params, seed: 1 }, nodeContext())
  const { probabilities } = (await model.predict(held)) as ClassPrediction
  let loss = 0
  for (let i = 0; i < held.rows; i++) loss -= Math.log(probabilities[2 * i + (golden.label[rows + i] as number)] as number) / held.rows
  expect(loss).toBeLessThan(golden.logLoss.trees * 1.03)
  expect(loss).toBeLessThan(golden.logLoss.line * 0.9)
})
