/** Forward, slopes by pixels and three steps of Adam as PyTorch has them (cnn.py). */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { openBackend } from '../../src/core/estimators/neural/backend.ts'
import { softmaxRows } from '../../src/core/estimators/neural/dense.ts'
import { openKernelTrainer } from '../../src/core/estimators/neural/kernel-trainer.ts'
import { planNetwork, type LayerSpec } from '../../src/core/estimators/neural/layer-table.ts'
import { flatWeightsOf, NetworkRun, openKernels, placeNetwork } from '../../src/core/estimators/neural/network.ts'
import { floatsOf } from '../../src/core/estimators/neural/layers/layer.ts'
import { Layout } from '../../src/kernels/layout.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'

interface Case {
  readonly name: string
  readonly layers: readonly LayerSpec[]
  readonly shape: readonly [number, number, number]
  readonly rows: number
  readonly classes: number
  readonly rate: number
  readonly inputs: readonly number[]
  readonly targets: readonly number[]
  readonly theta: readonly number[]
  readonly logits: readonly number[]
  readonly pixelSlopes: readonly number[]
  readonly losses: readonly number[]
  readonly thetaAfter: readonly number[]
}
const { cases } = JSON.parse(readFileSync(new URL('./cnn.json', import.meta.url), 'utf8')) as { cases: readonly Case[] }
const none = (): undefined => undefined

/** The network's raw outputs while answering, and the slopes of the first class's by the pixels. */
async function answers(wasm: ArrayBuffer | undefined, test: Case, theta: Float32Array) {
  const { network } = planNetwork(test.layers, test.shape, test.classes, true)
  const layout = new Layout()
  const places = placeNetwork(network, test.rows, layout)
  const run = new NetworkRun({ kernels: await openKernels(wasm, layout.bytes) }, network, places)
  run.write(places.theta, theta)
  const { channels, depth } = network.input
  const spread = run.floats(places.activations[0] as number, test.rows * floatsOf(network.input))
  test.inputs.forEach((value, i) => (spread[Math.floor(i / channels) * depth + (i % channels)] = value))
  const pass = { training: false }
  await run.do(run.forwardWork(test.rows, pass), test.rows, none)
  const outputs = run.floats(places.activations.at(-1) as number, test.rows * 8)
  const logits = Array.from({ length: test.rows * test.classes }, (_, i) => outputs[Math.floor(i / test.classes) * 8 + (i % test.classes)] as number)
  outputs.fill(0)
  for (let row = 0; row < test.rows; row++) outputs[row * 8] = 1
  run.turn()
  await run.do(run.backwardWork(test.rows, pass, 0, true), test.rows, none)
  const slopes = run.floats(places.deltas[0] as number, spread.length)
  return { logits, pixelSlopes: test.inputs.map((_, i) => slopes[Math.floor(i / channels) * depth + (i % channels)] as number) }
}

describe.each(cases)('$name', (test) => {
  const targets = new Float32Array(test.rows * test.classes)
  test.targets.forEach((code, row) => (targets[row * test.classes + code] = 1))
  const all = Uint32Array.from({ length: test.rows }, (_, i) => i)
  async function threeSteps(wasm: ArrayBuffer | undefined) {
    const { network } = planNetwork(test.layers, test.shape, test.classes)
    const theta = Float32Array.from(test.theta)
    expect(flatWeightsOf(network)).toBe(theta.length)
    const inputs = new Float32Array(test.rows * floatsOf(network.input))
    const { channels, depth } = network.input
    test.inputs.forEach((value, i) => (inputs[Math.floor(i / channels) * depth + (i % channels)] = value))
    const zeros = () => new Float32Array(theta.length)
    const trainer = await openKernelTrainer(wasm ? nodeContext() : quietContext(), network, { rows: test.rows, inputs, targets }, { classes: test.classes, learningRate: test.rate, alpha: 0, batchSize: test.rows }, { theta, m: zeros(), v: zeros(), steps: 0 })
    const losses: number[] = []
    for (let step = 0; step < 3; step++) losses.push((await trainer.learn(all)).loss)
    return { losses, read: await trainer.read() }
  }

  it('answers, and slopes down to the pixels', async () => {
    const found = await answers(await nodeContext().asset('neural.wasm'), test, Float32Array.from(test.theta))
    // Sums of some hundred float32 products in another order.
    expectAllClose(found.logits, test.logits, { absolute: 1e-5 })
    expectAllClose(found.pixelSlopes, test.pixelSlopes, { absolute: 1e-5 })
  })

  it('takes three steps', async () => {
    const { losses, read } = await threeSteps(await nodeContext().asset('neural.wasm'))
    expectAllClose(losses, test.losses, { relative: 2e-5 })
    // Adam moves by the rate whatever the gradient: a bias in front of batch normalisation has none but rounding, and may go anywhere within the steps taken.
    const far = read.theta.filter((value, i) => Math.abs(value - (test.thetaAfter[i] as number)) > 1e-2 * test.rate).length
    const free = test.layers.reduce((sum, layer, i) => sum + (layer.type === 'conv' && test.layers[i + 1]?.type === 'batch-norm' ? (layer['filters'] as number) : 0), 0)
    // Its running mean goes with it: a convolution's bias and the mean behind it.
    expect(far).toBeLessThanOrEqual(2 * free)
  })

  it('leaves the bits of the plain kernels', async () => {
    expect((await threeSteps(await nodeContext().asset('neural.wasm'))).read).toEqual((await threeSteps(undefined)).read)
  })
})

describe.each(cases)('$name on tfjs', (test) => {
  it('takes the same three steps, and judges as it does', async () => {
    expectConsole(/TensorFlow\.js in Node|Platform node has already been set/)
    const { backend } = await openBackend('cpu', [], nodeContext(), true)
    const targets = new Float32Array(test.rows * test.classes)
    test.targets.forEach((code, row) => (targets[row * test.classes + code] = 1))
    const theta = Float32Array.from(test.theta)
    const data = { rows: test.rows, inputs: Float32Array.from(test.inputs), targets }
    const options = { layers: test.layers, shape: test.shape, classes: test.classes, learningRate: test.rate, alpha: 0, batchSize: test.rows }
    const trainer = await backend.open(data, options, { theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 })
    const all = Uint32Array.from({ length: test.rows }, (_, i) => i)
    const losses: number[] = []
    const scores: number[] = []
    await trainer.judge(all, (_, probabilities) => scores.push(...probabilities))
    for (let step = 0; step < 3; step++) losses.push((await trainer.learn(all)).loss)
    const { theta: after } = await trainer.read()
    trainer.dispose()
    expectAllClose(losses, test.losses, { relative: 2e-5 })
    expectAllClose(scores, softmaxRows(Float32Array.from(test.logits), test.classes), { absolute: 1e-5 })
    const far = after.filter((value, i) => Math.abs(value - (test.thetaAfter[i] as number)) > 1e-2 * test.rate).length
    const free = test.layers.reduce((sum, layer, i) => sum + (layer.type === 'conv' && test.layers[i + 1]?.type === 'batch-norm' ? (layer['filters'] as number) : 0), 0)
    expect(far).toBeLessThanOrEqual(2 * free)
  })
})
