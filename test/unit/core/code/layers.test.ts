/** The layers model of a network, loaded by plain TensorFlow.js: the same answers for the same features. */
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { loadLayersModel } from '@tensorflow/tfjs-layers'
import { beforeEach, expect, test } from 'vitest'
import { layersFiles } from '../../../../src/core/code/layers.ts'
import { mlp } from '../../../../src/core/estimators/neural/mlp.ts'
import { nodeContext } from '../../../support/node-context.ts'
import { expectConsole } from '../../../support/fail-on-console.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { matrixOf, targetFor } from '../../../support/tables.ts'
import { checkParams } from '../../../../src/core/params.ts'

beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

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
