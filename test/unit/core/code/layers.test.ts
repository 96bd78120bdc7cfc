/** The layers model of a network, loaded by plain TensorFlow.js: the same answers for the same features. */
import { readFileSync } from 'node:fs'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { loadLayersModel } from '@tensorflow/tfjs-layers'
import { beforeEach, expect, test } from 'vitest'
import { layersFiles, type LayersModel } from '../../../../src/core/code/layers.ts'
import { pictureLayers } from '../../../../src/core/code/picture-layers.ts'
import { cnn } from '../../../../src/core/estimators/neural/cnn.ts'
import { presets } from '../../../../src/core/estimators/neural/layer-table.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import { backboneNodes, backboneSize } from '../../../../src/core/images/backbone/mobilenet-v2.ts'
import { GraphBuilder } from '../../../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../../../src/core/onnx/proto.ts'
import { nodeRunner } from '../../../../src/core/onnx/runner-node.ts'
import type { Pipeline } from '../../../../src/core/run/pipeline.ts'
import { logisticRegression } from '../../../../src/core/estimators/logistic-regression.ts'
import { mlp } from '../../../../src/core/estimators/neural/mlp.ts'
import { nodeContext } from '../../../support/node-context.ts'
import { expectConsole } from '../../../support/fail-on-console.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { matrixOf, targetFor } from '../../../support/tables.ts'
import { checkParams } from '../../../../src/core/params.ts'

beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

test.each(['binary', 'multiclass'] as const)('logistic regression, %s', async (task) => {
  const X = matrixOf({ rows: 60, features: 4 })
  const model = await logisticRegression.fit(X, targetFor(task, X), { params: checkParams(logisticRegression.id, logisticRegression.params, {}), seed: 1 }, nodeContext())
  const { json, weights } = layersFiles((logisticRegression.toLayers as NonNullable<typeof logisticRegression.toLayers>)(model.state()), 'weights.bin')
  const { modelTopology, weightsManifest } = JSON.parse(json) as { modelTopology: object; weightsManifest: tf.io.WeightsManifestConfig }
  await tf.setBackend('cpu')
  const loaded = await loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest.flatMap((group) => group.weights), weightData: weights.buffer }))
  const answer = loaded.predict(tf.tensor2d(Array.from({ length: X.rows }, (_, row) => X.features.map(({ values }) => values[row] as number)))) as tf.Tensor
  const prediction = await model.predict(X)
  if (prediction.task === 'regression') throw new Error('not class predictions')
  expectAllClose(await answer.data(), prediction.probabilities, { absolute: 1e-5 })
  answer.dispose()
  loaded.dispose()
})

test.each([
  ['binary', 'relu'],
  ['multiclass', 'tanh'],
  ['regression', 'logistic'],
] as const)('%s, %s', async (task, activation) => {
  const X = matrixOf({ rows: 60, features: 4 })
  const model = await mlp.fit(X, targetFor(task, X), { params: checkParams('mlp', mlp.params, { hiddenLayerSizes: '6, 5', activation, maxIter: 3, backend: 'cpu' }), seed: 1 }, nodeContext())
  const state = model.state()
  const { json, weights } = layersFiles((mlp.toLayers as NonNullable<typeof mlp.toLayers>)(state), 'weights.bin')
  const { modelTopology, weightsManifest } = JSON.parse(json) as { modelTopology: object; weightsManifest: tf.io.WeightsManifestConfig }
  expect(weightsManifest[0]?.paths).toEqual(['weights.bin'])
  await tf.setBackend('cpu')
  const loaded = await loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest.flatMap((group) => group.weights), weightData: weights.buffer }))
  const rows = Array.from({ length: X.rows }, (_, row) => X.features.map(({ values }) => values[row] as number))
  const answer = loaded.predict(tf.tensor2d(rows)) as tf.Tensor
  const prediction = await model.predict(X)
  // Two float32 sums in another order; values have a mean near 50.
  expectAllClose(await answer.data(), prediction.task === 'regression' ? prediction.values : prediction.probabilities, { absolute: 1e-5, relative: 1e-5 })
  answer.dispose()
  loaded.dispose()
})

const everyLayer = JSON.stringify([
  { type: 'conv', filters: 5, size: 2, padding: 'same', activation: 'tanh' },
  { type: 'average-pool' },
  { type: 'dropout' },
  { type: 'dense', units: 6, activation: 'logistic' },
  { type: 'batch-norm', activation: 'relu' },
])
test.each(['logistic-regression', 'mlp'] as const)('a head on the network that ships: %s', async (id) => {
  const [rows, classes, names] = [30, ['a', 'b', 'c'], Array.from({ length: backboneSize }, (_, i) => `image[${i}]`)]
  const rng = createRng(5)
  const states = names.map((name) => ({ name, state: { center: Math.fround(rng.normal()), scale: Math.fround(0.5 + rng.next()) } }))
  const X = { rows, features: names.map((name) => ({ name, source: 'image', values: Float32Array.from({ length: rows }, () => rng.normal()) })) }
  const estimator = estimators.get(id)
  const params = checkParams(id, estimator.params, id === 'mlp' ? { hiddenLayerSizes: '8', maxIter: 2, backend: 'cpu' } : {})
  const model = await estimator.fit(X, { task: 'multiclass', column: 'y', classes, codes: Int32Array.from({ length: rows }, (_, row) => row % 3) }, { params, seed: 1 }, nodeContext())
  const recipe = { inputs: [{ name: 'image', kind: 'image' }], learnt: [{ step: 'image-embedding', series: [] }, { step: 'scale', series: states }], features: names.map((name) => ({ name, source: 'image' })) }
  const backbone = new Uint8Array(readFileSync('src/core/images/backbone/mobilenet-v2.bin'))
  const { json, weights } = layersFiles(pictureLayers({ recipe, model } as unknown as Pipeline, backbone) as LayersModel, 'weights.bin')
  // Its layers take any size; plain JavaScript takes its time over the whole one.
  const side = 48
  const { modelTopology, weightsManifest } = JSON.parse(json.replaceAll(/(null,\s+)224(,\s+)224/g, `$1${side}$2${side}`)) as { modelTopology: object; weightsManifest: tf.io.WeightsManifestConfig }
  await tf.setBackend('cpu')
  const loaded = await loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest.flatMap((group) => group.weights), weightData: weights.buffer }))
  const pixels = Float32Array.from({ length: side * side * 3 }, () => rng.next())
  const answer = loaded.predict(tf.tensor4d(pixels, [1, side, side, 3])) as tf.Tensor

  const graph = new GraphBuilder()
  graph.nameAs(backboneNodes(graph, graph.node('Transpose', [graph.input('x', 'float', [1, side, side, 3])], { perm: { kind: 'ints', value: [0, 3, 1, 2] } }), backbone), 'y')
  graph.output('y', 'float', [1, backboneSize])
  const session = await nodeRunner().open(encodeOnnx(graph.build('backbone')))
  const seen = (await session.run(new Map([['x', { type: 'float', values: pixels, dims: [1, side, side, 3] }]]), 1)).get('y') as Float32Array
  await session.close()
  const prediction = await model.predict({ rows: 1, features: states.map(({ name, state }, i) => ({ name, source: 'image', values: Float32Array.of(((seen[i] as number) - state.center) / state.scale) })) }, nodeContext())
  if (prediction.task === 'regression') throw new Error('not class predictions')
  // Float32 sums in another order, through 37 convolutions.
  expectAllClose(await answer.data(), prediction.probabilities, { absolute: 1e-4 })
  answer.dispose()
  loaded.dispose()
})

test.each([
  ['a preset with depthwise convolutions', 'medium'],
  ['a preset with pooling', 'small'],
  ['other layers', everyLayer],
])('a network of pictures: %s', async (_, layers) => {
  const rng = createRng(3)
  const [rows, shape] = [16, [10, 9, 3] as const]
  const values = Float32Array.from({ length: rows * 270 }, () => rng.next())
  const X = { rows, features: [{ name: 'image', source: 'image', shape, values }] }
  const y = { task: 'multiclass' as const, column: 'y', classes: ['a', 'b', 'c'], codes: Int32Array.from({ length: rows }, (_, row) => row % 3) }
  expect(layers in presets || layers === everyLayer).toBe(true)
  const model = await cnn.fit(X, y, { params: checkParams('cnn', cnn.params, { layers, maxIter: 2, backend: 'wasm' }), seed: 1 }, nodeContext())
  const { json, weights } = layersFiles((cnn.toLayers as NonNullable<typeof cnn.toLayers>)(model.state()), 'weights.bin')
  const { modelTopology, weightsManifest } = JSON.parse(json) as { modelTopology: object; weightsManifest: tf.io.WeightsManifestConfig }
  await tf.setBackend('cpu')
  const loaded = await loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest.flatMap((group) => group.weights), weightData: weights.buffer }))
  const answer = loaded.predict(tf.tensor4d(values, [rows, ...shape])) as tf.Tensor
  const prediction = await model.predict(X, nodeContext())
  if (prediction.task === 'regression') throw new Error('not class predictions')
  // Float32 sums in another order, through up to a dozen layers.
  expectAllClose(await answer.data(), prediction.probabilities, { absolute: 1e-5 })
  answer.dispose()
  loaded.dispose()
})
