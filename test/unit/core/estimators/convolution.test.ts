/** A convolutional network on our own kernels trains as the same network does on tfjs. */
import v8 from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { quietContext } from '../../../../src/core/context.ts'
import { cnn } from '../../../../src/core/estimators/neural/cnn.ts'
import { openKernelTrainer, type Network } from '../../../../src/core/estimators/neural/kernel-trainer.ts'
import { conv2dLayer } from '../../../../src/core/estimators/neural/layers/conv2d.ts'
import { denseLayer } from '../../../../src/core/estimators/neural/layers/dense.ts'
import { maxPoolLayer } from '../../../../src/core/estimators/neural/layers/max-pool.ts'
import { adamRate } from '../../../../src/core/estimators/neural/trainer.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { defaultsOf } from '../../../../src/core/params.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { expectConsole } from '../../../support/fail-on-console.ts'
import { nodeContext } from '../../../support/node-context.ts'

const [height, width, channels, classes, rows] = [11, 10, 3, 4, 6]
const input = { height, width, channels, depth: channels }
const first = conv2dLayer(input, 5, 3, 'relu')
const pool = maxPoolLayer(first.output)
const second = conv2dLayer(pool.output, 9, 2, 'tanh')
const network: Network = { input, layers: [first, pool, second, denseLayer(second.output, classes)] }
const shapes = [[3, 3, channels, 5], [5], [2, 2, 5, 9], [9], [3 * 3 * 9, classes], [classes]]
const options = { classes, learningRate: 0.01, alpha: 0, batchSize: rows }

const rng = createRng(3)
const normal = (count: number, scale: number): Float32Array => Float32Array.from({ length: count }, () => rng.normal() * scale)
const theta = normal(network.layers.reduce((sum, layer) => sum + layer.flatWeights, 0), 0.3)
const targets = new Float32Array(rows * classes)
for (let row = 0; row < rows; row++) targets[row * classes + (row % classes)] = 1
const data = { rows, inputs: normal(rows * height * width * channels, 1), targets }
const zeros = () => ({ theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 })
const all = Uint32Array.from({ length: rows }, (_, i) => i)

/** The same steps on tfjs's CPU backend. */
async function onTfjs(steps: number): Promise<{ losses: number[]; theta: Float32Array }> {
  const tf = await import('@tensorflow/tfjs-core')
  await import('@tensorflow/tfjs-core/dist/register_all_gradients.js')
  await import('@tensorflow/tfjs-backend-cpu')
  await tf.setBackend('cpu')
  const x = tf.tensor4d(data.inputs, [rows, height, width, channels])
  const y = tf.tensor2d(targets, [rows, classes])
  const loss = (...weights: Tensor[]): Tensor => {
    const [k1, b1, k2, b2, w, b] = weights as [Tensor4D, Tensor1D, Tensor4D, Tensor1D, Tensor2D, Tensor1D]
    const a = tf.maxPool(tf.relu(tf.add(tf.conv2d(x, k1, 1, 'valid'), b1)) as Tensor4D, 2, 2, 'valid')
    const c = tf.tanh(tf.add(tf.conv2d(a, k2, 1, 'valid'), b2))
    const logits = tf.add(tf.matMul(tf.reshape(c, [rows, 3 * 3 * 9]) as Tensor2D, w), b)
    return tf.div(tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(logits)))), rows)
  }
  let at = 0
  let weights = shapes.map((shape) => {
    const count = shape.reduce((a, b) => a * b, 1)
    return tf.tensor(theta.slice(at, (at += count)), shape)
  })
  let moments = weights.map((weight) => ({ m: tf.zerosLike(weight), v: tf.zerosLike(weight) }))
  const losses: number[] = []
  for (let step = 1; step <= steps; step++) {
    const { value, grads } = tf.valueAndGrads(loss as never)(weights)
    losses.push((await value.data())[0] as number)
    const { rate, epsilon } = adamRate(options.learningRate, step)
    moments = moments.map(({ m, v }, i) => ({ m: tf.add(tf.mul(m, 0.9), tf.mul(grads[i] as Tensor, 0.1)), v: tf.add(tf.mul(v, 0.999), tf.mul(tf.square(grads[i] as Tensor), 0.001)) }))
    weights = weights.map((weight, i) => tf.sub(weight, tf.mul(tf.div(moments[i]!.m, tf.add(tf.sqrt(moments[i]!.v), epsilon)), rate)))
  }
  const parts = await Promise.all(weights.map((weight) => weight.data()))
  return { losses, theta: Float32Array.from(parts.flatMap((part) => [...part])) }
}

describe('convolution, pooling and dense layers', () => {
  it('take the steps of tfjs', async () => {
    expectConsole(/TensorFlow\.js in Node|Platform node|already registered/)
    const truth = await onTfjs(3)
    const trainer = await openKernelTrainer(nodeContext(), network, data, options, zeros())
    const losses: number[] = []
    for (let step = 0; step < 3; step++) losses.push((await trainer.learn(all)).loss)
    expectAllClose(losses, truth.losses, { relative: 1e-5 })
    // Adam moves by the rate whatever the gradient, so a gradient that is rounding moves as far: a share of a step.
    expectAllClose((await trainer.read()).theta, truth.theta, { absolute: 1e-2 * options.learningRate })
  })

  it('leave the bits of the plain kernels, and learn', async () => {
    const trainers = await Promise.all([nodeContext(), quietContext()].map((host) => openKernelTrainer(host, network, data, options, zeros())))
    const before = (await trainers[0]!.judge(all)).loss
    for (let step = 0; step < 5; step++) for (const trainer of trainers) await trainer.learn(all.subarray(step % 2))
    const [compiled, plain] = await Promise.all(trainers.map((trainer) => trainer.read()))
    expect(compiled).toEqual(plain)
    expect((await trainers[0]!.judge(all)).loss).toBeLessThan(before / 2)
  })

  it('leave no memory behind', async () => {
    v8.setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    // A thread of its own gives back what a collection found, and a loaded machine lets it wait.
    const held = async (): Promise<number> => {
      let least = Infinity
      for (let round = 0; round < 8; round++) {
        collect()
        await new Promise((resolve) => setTimeout(resolve, 20))
        const { heapUsed, external } = process.memoryUsage()
        least = Math.min(least, heapUsed + external)
      }
      return least
    }
    const params = { ...defaultsOf(cnn.params), layers: JSON.stringify([{ type: 'conv', filters: 8 }, { type: 'batch-norm' }, { type: 'dropout' }]), maxIter: 1, backend: 'wasm' }
    const pictures = { rows: 32, features: [{ name: 'p', source: 'p', shape: [12, 12, 1] as const, values: Float32Array.from({ length: 32 * 144 }, (_, i) => Math.sin(i)) }] }
    const y = { task: 'binary' as const, column: 'y', classes: ['a', 'b'], codes: Int32Array.from({ length: 32 }, (_, i) => i % 2) }
    const fit = (seed: number) => cnn.fit(pictures, y, { params, seed }, nodeContext())
    for (let round = 0; round < 5; round++) await fit(round)
    const before = await held()
    for (let round = 5; round < 35; round++) await fit(round)
    // The memory of one such training is over 1 MB: those of thirty would be thirty times that.
    expect((await held()) - before).toBeLessThan(2 * 2 ** 20)
  })

  it('go on from a checkpoint with the bits of an undisturbed run', async () => {
    const open = async (start: Parameters<typeof openKernelTrainer>[4]) => openKernelTrainer(nodeContext(), network, data, options, start)
    const whole = await open(zeros())
    const half = await open(zeros())
    for (let step = 0; step < 4; step++) await whole.learn(all)
    for (let step = 0; step < 2; step++) await half.learn(all)
    const rest = await open(await half.read())
    for (let step = 0; step < 2; step++) await rest.learn(all)
    expect(await rest.read()).toEqual(await whole.read())
  })
})
