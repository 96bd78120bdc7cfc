import { expect, test } from 'vitest'
import { quietContext } from '../../../../src/core/context.ts'
import type { Matrix } from '../../../../src/core/data/matrix.ts'
import type { ClassPrediction, ClassTarget, RegressionTarget } from '../../../../src/core/data/target.ts'
import { decisionTree } from '../../../../src/core/estimators/decision-tree.ts'
import { extraTrees } from '../../../../src/core/estimators/extra-trees.ts'
import { randomForest } from '../../../../src/core/estimators/random-forest.ts'
import { featuresPerSplit } from '../../../../src/core/estimators/tree/forest-estimator.ts'
import type { TreeModel } from '../../../../src/core/estimators/tree/head.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { checkParams, type ParamValues } from '../../../../src/core/params.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { nodeContext } from '../../../support/node-context.ts'

function table(rows: number, features: number, seed: number): Matrix {
  const rng = createRng(seed)
  return { rows, features: Array.from({ length: features }, (_, f) => ({ name: `x${f}`, source: `x${f}`, values: Float32Array.from({ length: rows }, () => rng.normal()) })) }
}
const value = (X: Matrix, row: number): number => X.features[0]!.values[row]! * 2 + (X.features[1]!.values[row]! > 0 ? 1 : -1) + Math.sin(3 * X.features[2]!.values[row]!)
const numbers = (X: Matrix): RegressionTarget => ({ task: 'regression', column: 'y', values: Float64Array.from({ length: X.rows }, (_, row) => value(X, row)) })
const classes = (X: Matrix): ClassTarget => ({ task: 'binary', column: 'y', classes: ['no', 'yes'], codes: Int32Array.from({ length: X.rows }, (_, row) => (value(X, row) > 0.7 ? 1 : 0)) })
const paramsOf = (values: ParamValues) => checkParams('random-forest', randomForest.params, values) as never

test('one tree on all rows and features answers its training rows as the exact decision tree does', async () => {
  // Up to 255 rows every value has a bin to itself, so the search sees all splits.
  const X = table(200, 4, 1)
  const y = numbers(X)
  for (const minSamplesLeaf of [1, 7]) {
    const forest = await randomForest.fit(X, y, { params: paramsOf({ nEstimators: 1, bootstrap: false, maxFeatures: 'all', minSamplesLeaf }), seed: 1 }, nodeContext())
    const tree = await decisionTree.fit(X, y, { params: checkParams('t', decisionTree.params, { maxDepth: 0, minSamplesLeaf }), seed: 1 }, nodeContext())
    const [a, b] = [await forest.predict(X), await tree.predict(X)]
    if (a.task !== 'regression' || b.task !== 'regression') throw new Error('values were asked for')
    expectAllClose(a.values, b.values, { absolute: 1e-12 })
    expect(forest.facts['leaves']).toBe(tree.facts['leaves'])
  }
})

test.each([randomForest, extraTrees])('$id: the plain kernels grow the same forest', async (estimator) => {
  const X = table(250, 5, 2)
  for (const y of [numbers(X), classes(X)]) {
    const params = paramsOf({ nEstimators: 5 })
    const compiled = (await estimator.fit(X, y, { params, seed: 3 }, nodeContext())) as TreeModel
    const plain = (await estimator.fit(X, y, { params, seed: 3 }, quietContext())) as TreeModel
    expect([compiled.facts['kernels'], plain.facts['kernels']]).toEqual(['compiled', 'plain'])
    expect(plain.trees).toEqual(compiled.trees)
  }
})

test('the out-of-bag score is near the score on fresh rows, has a curve, and needs a bootstrap', async () => {
  const X = table(1500, 5, 4)
  const fresh = table(1500, 5, 5)
  const curve: number[] = []
  const report = nodeContext({ report: (progress) => progress.kind === 'curve' && curve.push(progress.y) })
  const model = await randomForest.fit(X, classes(X), { params: paramsOf({ nEstimators: 40 }), seed: 1 }, report)
  const prediction = (await model.predict(fresh)) as ClassPrediction
  const truth = classes(fresh).codes
  const accuracy = truth.reduce((right, code, i) => right + (prediction.probabilities[2 * i + 1]! > 0.5 === (code === 1) ? 1 : 0), 0) / fresh.rows
  expect(curve).toHaveLength(40)
  expect(curve.at(-1)).toBe(model.facts['oobScore'])
  expect(model.facts['oobRows']).toBe(1500)
  // Two shares of 1500 rows near 0.93: four standard errors of their difference are 0.037.
  expect(Math.abs((model.facts['oobScore'] as number) - accuracy)).toBeLessThan(0.04)
  expect(curve.at(-1)!).toBeGreaterThan(curve[0]!)
  const whole = await randomForest.fit(X, classes(X), { params: paramsOf({ nEstimators: 3, bootstrap: false }), seed: 1 }, nodeContext())
  expect(whole.facts['oobScore']).toBeUndefined()
})

test('rows without weight are as good as absent, and weights that cannot be are refused', async () => {
  const X = table(300, 4, 6)
  const y = classes(X)
  const weights = Float64Array.from({ length: 300 }, (_, row) => (row < 150 ? 1 : 0))
  const params = paramsOf({ nEstimators: 1, bootstrap: false, maxFeatures: 'all' })
  const model = (await randomForest.fit(X, y, { params, seed: 1, weights }, nodeContext())) as TreeModel
  expect(model.trees.cover[0]).toBe(150)
  await expect(randomForest.fit(X, y, { params, seed: 1, weights: weights.map((w) => -w) }, nodeContext())).rejects.toThrow('invalid weight')
  await expect(randomForest.fit(X, y, { params, seed: 1, weights: new Float64Array(300) }, nodeContext())).rejects.toThrow('sum must be above 0')
})

test('a stop keeps the trees so far', async () => {
  const X = table(100, 3, 7)
  let asked = 0
  const context = nodeContext({ stopping: () => ++asked > 3 })
  const model = await randomForest.fit(X, numbers(X), { params: paramsOf({ nEstimators: 50 }), seed: 1 }, context)
  expect(model.facts).toMatchObject({ trees: 4, stopped: 'stopped on request' })
})

test('features a question may choose from', () => {
  expect(featuresPerSplit('auto', 'binary', 28)).toBe(5)
  expect(featuresPerSplit('auto', 'regression', 28)).toBe(28)
  expect(featuresPerSplit('log2', 'binary', 28)).toBe(4)
  expect(featuresPerSplit('third', 'regression', 10)).toBe(3)
  expect(featuresPerSplit('third', 'regression', 2)).toBe(1)
})
