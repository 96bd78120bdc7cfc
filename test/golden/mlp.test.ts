import { beforeEach, describe, expect, test } from 'vitest'
import { openBackend } from '../../src/core/estimators/neural/backend.ts'
import { countWeights, forward, type Activation } from '../../src/core/estimators/neural/dense.ts'
import { denseTable } from '../../src/core/estimators/neural/trainer.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'
import golden from './mlp.json' with { type: 'json' }

describe.each(golden.cases)('PyTorch: $name', (item) => {
  beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))
  const activation = item.activation as Activation
  const theta = Float32Array.from(item.theta)
  const inputs = Float32Array.from(item.inputs)

  test('the plain forward pass', () => {
    expect(theta.length).toBe(countWeights(item.sizes))
    // Both sum in float32 or better, in another order.
    expectAllClose(forward(theta, item.sizes, activation, inputs, item.rows), item.output, { absolute: 2e-6, relative: 1e-5 })
  })

  test.each(['cpu', 'wasm'] as const)('three Adam steps with L2 on %s', async (name) => {
    const { backend } = await openBackend(name, [], nodeContext())
    const options = { ...denseTable(item.sizes, activation), learningRate: item.learningRate, alpha: item.alpha, batchSize: item.rows }
    const data = { rows: item.rows, inputs, targets: Float32Array.from(item.targets), ...('weights' in item && { weights: Float32Array.from(item.weights as number[]) }) }
    const rows = Uint32Array.from({ length: item.rows }, (_, i) => i)
    const trainer = await backend.open(data, options, { theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 })
    for (const [step, wanted] of item.steps.entries()) {
      expectAllClose([(await trainer.judge(rows)).loss], [item.losses[step] as number], { relative: 1e-5 })
      expectAllClose([(await trainer.learn(rows)).loss], [item.losses[step] as number], { relative: 1e-5 })
      // A step moves a weight by about the learning rate, whatever the gradient: one that is rounding
      // itself (1e-7) against epsilon 1e-8 is off by that share of a step.
      expectAllClose((await trainer.read()).theta, wanted, { absolute: 1e-3 * item.learningRate, relative: 1e-6 })
    }
    trainer.dispose()
  })
})
