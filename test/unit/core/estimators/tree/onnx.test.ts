import * as ort from 'onnxruntime-node'
import { describe, expect, test } from 'vitest'
import type { Feature, Matrix } from '../../../../../src/core/data/matrix.ts'
import { labelsOf } from '../../../../../src/core/data/target.ts'
import type { ClassPrediction, RegressionPrediction, Target } from '../../../../../src/core/data/target.ts'
import { decisionTree } from '../../../../../src/core/estimators/decision-tree.ts'
import type { Estimator, Model } from '../../../../../src/core/estimators/estimator.ts'
import { histGradientBoosting } from '../../../../../src/core/estimators/hist-gradient-boosting.ts'
import type { TreeModel } from '../../../../../src/core/estimators/tree/head.ts'
import { createRng } from '../../../../../src/core/math/rng.ts'
import { GraphBuilder } from '../../../../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../../../../src/core/onnx/proto.ts'
import { checkParams } from '../../../../../src/core/params.ts'
import type { ParamValues } from '../../../../../src/core/params.ts'
import { expectAllClose } from '../../../../support/expect-all-close.ts'
import { nodeContext } from '../../../../support/node-context.ts'

const rows = 700
const categories = 40

/** Numbers with missing values, numbers on a coarse grid, a category with many levels. */
function table(): { X: Matrix; score: Float64Array } {
  const rng = createRng(11)
  const a = Float32Array.from({ length: rows }, () => (rng.next() < 0.1 ? Number.NaN : rng.normal()))
  const b = Float32Array.from({ length: rows }, () => (rng.int(20) - 10) / 10)
  const c = Float32Array.from({ length: rows }, () => (rng.next() < 0.05 ? Number.NaN : rng.int(categories)))
  const feature = (name: string, values: Float32Array): Feature => ({ name, source: name, values })
  const named = { ...feature('c', c), categories: Array.from({ length: categories }, (_, i) => `c${i}`) }
  const score = Float64Array.from({ length: rows }, (_, i) => (Number.isNaN(a[i]) ? 1 : Math.sin(2 * a[i]!)) + b[i]! + (c[i]! % 3 === 0 ? 1.5 : 0) + 0.3 * rng.normal())
  return { X: { rows, features: [feature('a', a), feature('b', b), named] }, score }
}

/** The training rows, and rows exactly on and beside every threshold, missing everywhere, every category. */
function probes(X: Matrix, model: TreeModel): Matrix {
  const columns: number[][] = X.features.map((feature) => Array.from(feature.values))
  const add = (feature: number, value: number): void => columns.forEach((column, f) => column.push(f === feature ? value : (column[(column.length * 31) % rows] as number)))
  const { trees } = model
  for (let node = 0; node < trees.feature.length; node++) {
    const threshold = trees.threshold[node]!
    if (trees.feature[node]! < 0 || !Number.isFinite(threshold)) continue
    const step = Math.max(Math.abs(threshold) * 2 ** -23, 2 ** -140)
    for (const value of [threshold, threshold + step, threshold - step]) add(trees.feature[node]!, value)
  }
  for (const f of [0, 1, 2]) add(f, Number.NaN)
  for (const f of [0, 1]) for (const value of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0]) add(f, value)
  for (let code = 0; code < categories; code++) add(2, code)
  columns.forEach((column) => column.push(Number.NaN))
  return { rows: columns[0]!.length, features: X.features.map((feature, f) => ({ ...feature, values: Float32Array.from(columns[f]!) })) }
}

async function runGraph(estimator: Pick<Estimator, 'toOnnx'>, model: Model, X: Matrix): Promise<{ values: Float32Array | Float64Array; dims: readonly number[] }> {
  const graph = new GraphBuilder()
  const input = graph.input('features', 'float', ['N', X.features.length])
  const { tensor } = estimator.toOnnx(model.state(), input, graph)
  graph.nameAs(tensor, 'out')
  graph.output('out', model.task === 'regression' ? 'double' : 'float', ['N', 'K'])
  const session = await ort.InferenceSession.create(encodeOnnx(graph.build('trees')))
  const data = new Float32Array(X.rows * X.features.length)
  X.features.forEach((feature, f) => feature.values.forEach((value, row) => (data[row * X.features.length + f] = value)))
  const { out } = await session.run({ features: new ort.Tensor('float32', data, [X.rows, X.features.length]) })
  await session.release()
  return { values: out!.data as Float32Array | Float64Array, dims: out!.dims }
}

const { X, score } = table()
const targets: Record<string, Target> = {
  numbers: { task: 'regression', column: 'y', values: score.map((s) => 100 + 20 * s) },
  'two classes': { task: 'binary', column: 'y', classes: ['no', 'yes'], codes: Int32Array.from(score, (s) => (s > 0.7 ? 1 : 0)) },
  'three classes': { task: 'multiclass', column: 'y', classes: ['a', 'b', 'c'], codes: Int32Array.from(score, (s) => (s > 1.2 ? 2 : s > 0.2 ? 1 : 0)) },
}
const fits: readonly [string, Estimator, ParamValues][] = [
  ['boosting', histGradientBoosting as unknown as Estimator, { maxIter: 30, minSamplesLeaf: 5 }],
  ['boosting without a split', histGradientBoosting as unknown as Estimator, { maxIter: 2, maxLeafNodes: 1 }],
  ['decision tree', decisionTree as unknown as Estimator, { maxDepth: 0, minSamplesLeaf: 1 }],
  ['decision tree without a split', decisionTree as unknown as Estimator, { minSamplesLeaf: 600 }],
]

describe.each(fits)('%s as a graph', (_, estimator, params) => {
  test.each(Object.keys(targets))('%s: the same on training rows, on thresholds, missing values and every category', async (name) => {
    const y = targets[name]!
    const model = (await estimator.fit(X, y, { params: checkParams(estimator.id, estimator.params, params), seed: 1 }, nodeContext())) as TreeModel
    const rowsToTry = probes(X, model)
    const prediction = await model.predict(rowsToTry)
    const { values, dims } = await runGraph(estimator, model, rowsToTry)
    if (prediction.task === 'regression') {
      expect(dims).toEqual([rowsToTry.rows, 1])
      // The graph sums leaves in float32: a few units of values near 100.
      expectAllClose(values, (prediction as RegressionPrediction).values, { relative: 1e-6 })
      return
    }
    expect(dims).toEqual([rowsToTry.rows, prediction.classes.length])
    expectAllClose(values, prediction.probabilities, { absolute: 2e-6 })
    const graphPrediction: ClassPrediction = { ...prediction, probabilities: Float64Array.from(values) }
    expect(labelsOf(graphPrediction)).toEqual(labelsOf(prediction))
  })
})
