/** XGBoost's own JSON as a model of ours: the same answers, on values exactly at a condition and on missing ones, too. */
import { expect, test } from 'vitest'
import type { Matrix } from '../../src/core/data/matrix.ts'
import { below, fromXgboost } from '../../src/core/elsewhere/xgboost.ts'
import { histGradientBoosting } from '../../src/core/estimators/hist-gradient-boosting.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import golden from './boosters.json' with { type: 'json' }

type Case = (typeof golden.cases)[number]
const headOf = ({ task, rows, predictions }: Case) => ({
  task: task as 'binary' | 'multiclass' | 'regression',
  classes: task === 'regression' ? [] : task === 'binary' ? ['no', 'yes'] : Array.from({ length: (predictions[0] as number[]).length }, (_, i) => `c${i}`),
  categoryCounts: (rows[0] as unknown[]).map(() => 0),
})
const matrixOf = (rows: Case['rows']): Matrix => ({
  rows: rows.length,
  features: (rows[0] as unknown[]).map((_, f) => ({ name: `f${f}`, source: `f${f}`, values: Float32Array.from(rows, (row) => row[f] ?? Number.NaN) })),
})

test.each(golden.cases)('$name', async (item) => {
  const model = histGradientBoosting.revive(structuredClone(fromXgboost(item.booster, headOf(item), {})))
  const prediction = await model.predict(matrixOf(item.rows))
  const found = prediction.task === 'regression' ? prediction.values : prediction.task === 'binary' ? prediction.probabilities.filter((_, i) => i % 2 === 1) : prediction.probabilities
  // XGBoost sums leaves in float32.
  expectAllClose(found, item.predictions.flat(), item.task === 'regression' ? { relative: 1e-6 } : { absolute: 1e-6 })
})

test('a threshold lies just below its condition', () => {
  for (const value of [1, 1.5, -2.25, 3e-40, 0, 1e30].map(Math.fround)) {
    const under = below(value)
    expect(Math.fround(under)).toBe(under)
    expect(under).toBeLessThan(value)
    expect(Math.fround((under + value) / 2) === under || Math.fround((under + value) / 2) === value).toBe(true)
  }
})

test('a booster that is none, or of other features, is refused by name', () => {
  const item = golden.cases[0] as Case
  const bent = (change: (booster: Record<string, any>) => void): unknown => {
    const copy = structuredClone(item.booster) as Record<string, any>
    change(copy)
    return copy
  }
  const trees = (booster: Record<string, any>) => booster['learner'].gradient_booster.model.trees
  expect(() => fromXgboost({}, headOf(item), {})).toThrow('invalid booster; learner')
  expect(() => fromXgboost(item.booster, { ...headOf(item), categoryCounts: [0] }, {})).toThrow('it was trained on 6 features, and the recipe makes 1')
  expect(() => fromXgboost(item.booster, { ...headOf(item), task: 'regression' }, {})).toThrow('its objective must be reg:squarederror: binary:logistic')
  for (const score of ['[1E-1,2E-1]', '[]', '[1E-1,,2E-1]', 'x']) expect(() => fromXgboost(bent((booster) => (booster['learner'].learner_model_param.base_score = score)), headOf(item), {}), score).toThrow('its base score or its list of trees is not whole')
  expect(() => fromXgboost(bent((booster) => (trees(booster)[0].left_children[0] = 0)), headOf(item), {})).toThrow('tree 0 leads to node 0')
  expect(() => fromXgboost(bent((booster) => (trees(booster)[1].left_children[0] = 999)), headOf(item), {})).toThrow('tree 1 leads to node 999')
  expect(() => fromXgboost(bent((booster) => (trees(booster)[0].split_indices[0] = 77)), headOf(item), {})).toThrow('tree 0 asks for feature 77')
  expect(() => fromXgboost(bent((booster) => trees(booster)[0].right_children.pop()), headOf(item), {})).toThrow('the lists of tree 0 are not of one length')
})
