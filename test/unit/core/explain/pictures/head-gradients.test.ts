/** Integrated gradients of a head on the network that ships: the way back against tfjs, then the parts against the scores. */
import { readFileSync } from 'node:fs'
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import { loadLayersModel } from '@tensorflow/tfjs-layers'
import { expect, test } from 'vitest'
import { layersFiles } from '../../../../../src/core/code/layers.ts'
import { headIntegratedGradients } from '../../../../../src/core/explain/pictures/head-gradients.ts'
import { backboneLayers, backboneSize } from '../../../../../src/core/images/backbone/mobilenet-v2.ts'
import { slopeGraph } from '../../../../../src/core/images/backbone/slopes.ts'
import { createRng } from '../../../../../src/core/math/rng.ts'
import { encodeOnnx } from '../../../../../src/core/onnx/proto.ts'
import { nodeRunner } from '../../../../../src/core/onnx/runner-node.ts'
import { expectAllClose } from '../../../../support/expect-all-close.ts'
import { expectConsole } from '../../../../support/fail-on-console.ts'
import { nodeContext } from '../../../../support/node-context.ts'

const backbone = new Uint8Array(readFileSync('src/core/images/backbone/mobilenet-v2.bin'))

test('slopes of two answers by the pixels are those of tfjs', async () => {
  expectConsole(/TensorFlow\.js in Node|Platform node has already been set/)
  const side = 32
  const rng = createRng(4)
  const pixels = Float32Array.from({ length: side * side * 3 }, () => rng.next())
  const slopes = Float32Array.from({ length: 2 * backboneSize }, () => rng.normal())
  const session = await nodeRunner().open(encodeOnnx(slopeGraph(backbone, side)))
  const found = (await session.run(new Map([['pixels', { type: 'float', values: pixels, dims: [1, side, side, 3] }], ['slopes', { type: 'float', values: slopes, dims: [2, backboneSize] }]]), 2)).get('by_pixels') as Float32Array
  await session.close()

  const { json, weights } = layersFiles({ inputShape: [side, side, 3], layers: backboneLayers(backbone) }, 'weights.bin')
  const { modelTopology, weightsManifest } = JSON.parse(json) as { modelTopology: object; weightsManifest: tf.io.WeightsManifestConfig }
  await tf.setBackend('cpu')
  const network = await loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest.flatMap((group) => group.weights), weightData: weights.buffer }))
  for (const k of [0, 1]) {
    const own = slopes.slice(k * backboneSize, (k + 1) * backboneSize)
    const expected = tf.tidy(() => tf.grad((x: tf.Tensor) => tf.sum(tf.mul(network.apply(x) as tf.Tensor, tf.tensor2d(own, [1, backboneSize]))))(tf.tensor4d(pixels, [1, side, side, 3])).dataSync() as Float32Array)
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    // Float32 sums in another order, through 37 convolutions and back.
    expectAllClose(found.slice(k * pixels.length, (k + 1) * pixels.length), expected, { absolute: largest * 1e-4 })
  }
  network.dispose()
})

test('the parts of a network without kinks add up, pixel by pixel as its weights say', async () => {
  // Two numbers: the sum of the squares of the left pixels, and of the right ones.
  const see = async (pixels: Float32Array) => Float32Array.of((pixels[0] as number) ** 2, (pixels[1] as number) ** 2)
  const back = { find: async (pixels: Float32Array, slopes: Float32Array) => slopes.map((slope, i) => slope * 2 * (pixels[i % 2] as number)) }
  const score = async (seen: Float32Array, count: number) => Float64Array.from({ length: count * 2 }, (_, i) => {
    const z = 3 * (seen[i - (i % 2)] as number) - 2 * (seen[i - (i % 2) + 1] as number)
    return 1 / (1 + Math.exp(i % 2 === 1 ? -z : z))
  })
  const told: number[] = []
  const context = { ...nodeContext(), report: (progress: { kind: string; done?: number }) => void (progress.kind === 'step' && told.push(progress.done as number)) }
  const { heat, total, gap, sanity } = await headIntegratedGradients({ see, score, back, classes: 2 }, Float32Array.of(0.2, 0.8), [1, 2, 1], 1, 6, createRng(1), context)
  // 3 x (0.2² - 0.5²) and -2 x (0.8² - 0.5²): midpoints are exact for squares; slopes come from differences of float32 numbers.
  expectAllClose(heat.values, [-0.63, -0.78], { absolute: 1e-3 })
  expect(total).toBeCloseTo(-1.41, 3)
  expect(gap).toBeLessThan(1e-3)
  expect(Math.abs(sanity as number)).toBeCloseTo(1)
  expect(told).toEqual([0, 1, 2, 3, 4, 5, 6])
})
