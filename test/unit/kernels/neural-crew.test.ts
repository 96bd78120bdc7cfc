/** Networks trained on several threads have the bits of one thread, and of the plain kernels. */
import { afterAll, expect, test } from 'vitest'
import { quietContext } from '../../../src/core/context.ts'
import { openKernelTrainer } from '../../../src/core/estimators/neural/kernel-trainer.ts'
import { planNetwork, startWeights, type LayerSpec } from '../../../src/core/estimators/neural/layer-table.ts'
import { floatsOf } from '../../../src/core/estimators/neural/layers/layer.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { nodeContext } from '../../support/node-context.ts'
import { nodeCrew } from '../../support/node-crew.ts'

const crews = [2, 3].map(nodeCrew)
afterAll(async () => {
  await Promise.all(crews.map((crew) => crew.dismiss()))
})

const everyLayer: readonly LayerSpec[] = [
  { type: 'conv', filters: 8, size: 3, padding: 'same', activation: 'none' },
  { type: 'batch-norm', activation: 'relu' },
  { type: 'max-pool' },
  { type: 'depthwise', size: 3, padding: 'same', activation: 'relu' },
  { type: 'conv', filters: 20, size: 1, padding: 'same', activation: 'none' },
  { type: 'batch-norm', activation: 'tanh' },
  { type: 'average-pool' },
  { type: 'dropout', rate: 0.3 },
  { type: 'conv', filters: 10, size: 2, padding: 'valid', activation: 'relu' },
  { type: 'global-average' },
]
const dense: readonly LayerSpec[] = [64, 48].map((units) => ({ type: 'dense', units, activation: 'relu' }))

test.each([
  { name: 'every layer', layers: everyLayer, shape: [9, 10, 3] as const },
  { name: 'dense layers', layers: dense, shape: [1, 1, 90] as const },
])('$name', async ({ layers, shape }) => {
  const [rows, classes] = [70, 3]
  const plan = planNetwork(layers, shape, classes)
  const rng = createRng(4)
  const theta = startWeights(layers, plan, shape, rng)
  const inputs = Float32Array.from({ length: rows * floatsOf(plan.network.input) }, () => rng.normal())
  const targets = new Float32Array(rows * classes)
  for (let row = 0; row < rows; row++) targets[row * classes + rng.int(classes)] = 1
  const asked: string[] = []
  async function trained(host: Parameters<typeof openKernelTrainer>[0]) {
    const trainer = await openKernelTrainer({ ...host, asset: (name) => (asked.push(name), host.asset(name)) }, plan.network, { rows, inputs, targets }, { classes, learningRate: 0.01, alpha: 0.1, batchSize: rows, seed: 2 }, { theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 })
    // The last part of a batch may be a small one, or missing.
    const all = Uint32Array.from({ length: rows }, (_, i) => i)
    for (const count of [70, 65, 20, 64]) await trainer.learn(all.subarray(0, count))
    const verdict = await trainer.judge(all)
    trainer.dispose()
    return { verdict, read: await trainer.read() }
  }
  const one = await trained(nodeContext())
  for (const crew of crews) expect(await trained(nodeContext({ crew }))).toEqual(one)
  expect(await trained(nodeContext({ crew: { threads: 4, enlist() {} } }))).toEqual(one)
  expect(asked).toEqual(['neural.wasm', 'neural-shared.wasm', 'neural-shared.wasm', 'neural-shared.wasm'])
  expect(await trained(quietContext())).toEqual(one)
})
