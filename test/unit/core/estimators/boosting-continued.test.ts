/** Boosting that goes on from an earlier model gives the bits of one training that did both. */
import { describe, expect, test } from 'vitest'
import type { Matrix } from '../../../../src/core/data/matrix.ts'
import type { Target } from '../../../../src/core/data/target.ts'
import type { ModelState } from '../../../../src/core/estimators/estimator.ts'
import { histGradientBoosting } from '../../../../src/core/estimators/hist-gradient-boosting.ts'
import { ridge } from '../../../../src/core/estimators/ridge.ts'
import type { TreeModel } from '../../../../src/core/estimators/tree/head.ts'
import { treeCount } from '../../../../src/core/estimators/tree/tree.ts'
import { checkParams, type ParamValues } from '../../../../src/core/params.ts'
import { nodeContext } from '../../../support/node-context.ts'
import { matrixOf, targetFor } from '../../../support/tables.ts'

const X = matrixOf({ rows: 400, features: 5, missing: true, categories: true, seed: 3 })
const fit = async (y: Target, params: ParamValues, over: { readonly earlier?: ModelState; readonly seed?: number; readonly weights?: Float64Array; readonly X?: Matrix } = {}): Promise<TreeModel> => {
  const { X: rows = X, seed = 5, ...more } = over
  return (await histGradientBoosting.fit(rows, y, { params: checkParams('boosting', histGradientBoosting.params, { minSamplesLeaf: 3, earlyStopping: 'off', ...params }), seed, ...more }, nodeContext())) as TreeModel
}
const asStored = (model: TreeModel): ModelState => histGradientBoosting.revive(model.state()).state()

const drawn = { subsample: 0.7, maxFeatures: 0.5, featuresPerTree: 0.8 }
test.each([
  ['binary', {}],
  ['binary', drawn],
  ['multiclass', drawn],
  ['regression', drawn],
  ['regression', { loss: 'absolute' }],
  ['regression', { loss: 'quantile', quantile: 0.8, ...drawn }],
  ['regression', { maxLeafNodes: 0, maxDepth: 4, ...drawn }],
] as const)('%s, %j: 7 rounds and 5 more are 12 rounds', async (task, params) => {
  const y = targetFor(task, X, 4)
  const weights = Float64Array.from({ length: X.rows }, (_, i) => 0.5 + (i % 3))
  const whole = await fit(y, { ...params, maxIter: 12 }, { weights })
  const first = await fit(y, { ...params, maxIter: 7 }, { weights })
  const both = await fit(y, { ...params, maxIter: 5 }, { weights, earlier: asStored(first) })
  expect(both.trees).toEqual(whole.trees)
  expect(both.head).toEqual(whole.head)
  expect(both.facts).toMatchObject({ rounds: 12, roundsRun: 12, roundsBefore: 7 })
  // Once more, and where it stands is where the whole one stands.
  const { facts: _, ...state } = both.state().json
  const { facts: __, ...wanted } = whole.state().json
  expect({ json: state, arrays: both.state().arrays }).toEqual({ json: wanted, arrays: whole.state().arrays })
})

describe('stopping early', () => {
  const y = targetFor('binary', X, 4)
  test('rounds after the best are learnt again the same way', async () => {
    const early = { earlyStopping: 'on', nIterNoChange: 2, validationFraction: 0.3, ...drawn }
    const first = await fit(y, { ...early, maxIter: 60 })
    const kept = first.facts['rounds'] as number
    expect(first.facts['roundsRun']).toBeGreaterThan(kept)
    const again = await fit(y, { ...early, maxIter: 1, nIterNoChange: 1 }, { earlier: asStored(first) })
    // The next round is the one that had not helped: it is not kept, and the model stays as it was.
    expect(again.facts).toMatchObject({ rounds: kept, roundsRun: kept + 1 })
    expect(again.trees).toEqual(first.trees)
  })
})

test('on other rows the base score stays, and what comes on top is learnt from them', async () => {
  const y = targetFor('regression', X, 4)
  const first = await fit(y, { maxIter: 4 })
  const moved: Target = { task: 'regression', column: 'y', values: (y as Target & { task: 'regression' }).values.map((value) => value + 10) }
  const more = await fit(moved, { maxIter: 60, learningRate: 0.3 }, { earlier: first.state() })
  expect(more.head.base).toEqual(first.head.base)
  expect(treeCount(more.trees)).toBe(64)
  const answers = await more.predict(X)
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length
  // 0.7 ^ 60 of the distance of 10 is left.
  if (answers.task === 'regression' && moved.task === 'regression') expect(Math.abs(mean(answers.values) - mean(moved.values))).toBeLessThan(0.05)
})

describe('what does not fit is refused by name', () => {
  const y = targetFor('binary', X, 4) as Target & { task: 'binary' }
  test.each([
    ['invalid seed; going on from an earlier model needs its own, 5: 6', y, { seed: 6 }],
    [/the classes must be its own, .*: yes, no/, { ...y, classes: ['yes', 'no'] }, {}],
    [/the task must be its own, binary: regression/, targetFor('regression', X, 4), {}],
    [/the number of features must be its own/, y, { X: { rows: X.rows, features: X.features.slice(1) } }],
  ] as const)('%s', async (message, target, over) => {
    const earlier = (await fit(y, { maxIter: 2 })).state()
    await expect(fit(target, { maxIter: 2 }, { ...over, earlier })).rejects.toThrow(message)
  })
  test('another loss, and a model of an older version', async () => {
    const values = targetFor('regression', X, 4)
    const { arrays, json, ...state } = (await fit(values, { maxIter: 2 })).state()
    await expect(fit(values, { maxIter: 2, loss: 'poisson' }, { earlier: { arrays, json, ...state } })).rejects.toThrow()
    await expect(fit(values, { maxIter: 2, loss: 'absolute' }, { earlier: { arrays, json, ...state } })).rejects.toThrow(/the loss must be its own/)
    const { splitPlace: _, ...old } = arrays
    await expect(fit(values, { maxIter: 2 }, { earlier: { arrays: old, json, ...state } })).rejects.toThrow(/missing places of chance/)
  })
  test('others have no such tag', () => {
    expect(histGradientBoosting.tags.continues).toBe('maxIter')
    expect(ridge.tags.continues).toBeUndefined()
  })
})
