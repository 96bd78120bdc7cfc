/**
 * A small convolutional network on 2,048 images of 28 x 28, batches of 128, Adam: one epoch on our kernels. Quality is the held-out log loss after that epoch; the images are digits of scikit-learn, enlarged.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openKernelTrainer, type Network } from '../../../src/core/estimators/neural/kernel-trainer.ts'
import { conv2dLayer } from '../../../src/core/estimators/neural/layers/conv2d.ts'
import { denseLayer } from '../../../src/core/estimators/neural/layers/dense.ts'
import { maxPoolLayer } from '../../../src/core/estimators/neural/layers/max-pool.ts'
import type { Layer } from '../../../src/core/estimators/neural/layers/layer.ts'
import { createRng, shuffle } from '../../../src/core/math/rng.ts'
import { nodeContext } from '../../support/node-context.ts'
import { nodeCrew } from '../../support/node-crew.ts'
import type { Bench } from '../harness.ts'

const [rows, batch, side, classes] = [2048, 128, 28, 10]
const input = { height: side, width: side, channels: 1, depth: 1 }
const conv1 = conv2dLayer(input, 16, 3, 'relu')
const pool1 = maxPoolLayer(conv1.output)
const conv2 = conv2dLayer(pool1.output, 32, 3, 'relu')
const pool2 = maxPoolLayer(conv2.output)
const hidden = denseLayer(pool2.output, 64, 'relu')
const layers: readonly Layer[] = [conv1, pool1, conv2, pool2, hidden, denseLayer(hidden.output, classes)]
const network: Network = { input, layers }

/** PyTorch's default start: uniform within 1 / sqrt(inputs of a neuron). */
function start(): Float32Array {
  const rng = createRng(0)
  return Float32Array.from(
    [[9, 16], [144, 32], [800, 64], [64, classes]].flatMap(([fanIn, outputs]) => Array.from({ length: ((fanIn as number) + 1) * (outputs as number) }, () => (2 * rng.next() - 1) / Math.sqrt(fanIn as number))),
  )
}

export const benchOn = (threads: number): Bench => ({
  threads,
  gate: { ratio: threads > 1 ? 2.5 : 4 },
  peer: 'neural-cnn.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['sklearn', 'python3-sklearn'],
    ['torch', 'python3-torch'],
  ],
  async load(folder) {
    const pixels = readFileSync(join(folder, 'images.f32'))
    const inputs = new Float32Array(pixels.buffer.slice(pixels.byteOffset, pixels.byteOffset + pixels.byteLength))
    const codes = readFileSync(join(folder, 'target.u8'))
    const targets = new Float32Array(codes.length * classes)
    codes.forEach((code, row) => (targets[row * classes + code] = 1))
    const crew = threads > 1 ? nodeCrew(threads) : undefined
    const host = nodeContext(crew ? { crew } : {})
    return async () => {
      const begun = performance.now()
      const theta = start()
      const zeros = { theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 }
      const trainer = await openKernelTrainer(host, network, { rows: codes.length, inputs, targets }, { classes, learningRate: 0.001, alpha: 0, batchSize: batch }, zeros)
      const order = shuffle(Uint32Array.from({ length: rows }, (_, i) => i), createRng(1))
      for (let from = 0; from < rows; from += batch) await trainer.learn(order.subarray(from, from + batch))
      const ms = performance.now() - begun
      const held = Uint32Array.from({ length: codes.length - rows }, (_, i) => rows + i)
      const quality = (await trainer.judge(held)).loss
      trainer.dispose()
      return { ms, quality }
    }
  },
})
export const bench = benchOn(1)
