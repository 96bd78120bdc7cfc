import { beforeEach, describe, expect, it } from 'vitest'
import { quietContext } from '../../../../src/core/context.ts'
import type { Matrix } from '../../../../src/core/data/matrix.ts'
import type { ClassTarget, RegressionTarget, Target } from '../../../../src/core/data/target.ts'
import { cancelled } from '../../../../src/core/errors.ts'
import { mlp } from '../../../../src/core/estimators/neural/mlp.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { GraphBuilder } from '../../../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../../../src/core/onnx/proto.ts'
import { defaultsOf } from '../../../../src/core/params.ts'
import { denseTable } from '../../../../src/core/estimators/neural/trainer.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { expectConsole } from '../../../support/fail-on-console.ts'
import { nodeContext } from '../../../support/node-context.ts'
import { floatFeed, runOnnx } from '../../../support/ort.ts'

function rings(rows: number, seed: number): { X: Matrix; y: ClassTarget } {
  const rng = createRng(seed)
  const a = new Float32Array(rows)
  const b = new Float32Array(rows)
  const codes = new Int32Array(rows)
  for (let i = 0; i < rows; i++) {
    a[i] = rng.normal()
    b[i] = rng.normal()
    codes[i] = (a[i] as number) ** 2 + (b[i] as number) ** 2 > 1.4 ? 1 : 0
  }
  return {
    X: { rows, features: [{ name: 'a', source: 'a', values: a }, { name: 'b', source: 'b', values: b }] },
    y: { task: 'binary', column: 'y', classes: ['in', 'out'], codes },
  }
}
const params = { ...defaultsOf(mlp.params), hiddenLayerSizes: '16', maxIter: 40, learningRateInit: 0.02, backend: 'cpu' as string }

describe('mlp on the CPU backend', () => {
  beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

  it('learns a ring that no line can, repeats its bits, and leaves no tensor behind', async () => {
    const tf = await import('@tensorflow/tfjs-core')
    const { X, y } = rings(400, 1)
    const first = await mlp.fit(X, y, { params, seed: 3 }, quietContext())
    const before = tf.memory().numTensors
    const second = await mlp.fit(X, y, { params, seed: 3 }, quietContext())
    expect(tf.memory().numTensors).toBe(before)
    expect(second.state().arrays['theta']).toEqual(first.state().arrays['theta'])
    const { X: newX, y: newY } = rings(500, 2)
    const prediction = await first.predict(newX)
    if (prediction.task === 'regression') throw new Error('not a class prediction')
    const hits = newY.codes.filter((code, i) => ((prediction.probabilities[i * 2 + 1] as number) >= 0.5 ? 1 : 0) === code).length
    expect(hits / 500).toBeGreaterThan(0.93)
  })

  it('leaves no tensor behind in 20 fits, whether they end, stop, are cancelled or diverge', async () => {
    const tf = await import('@tensorflow/tfjs-core')
    const { X, y } = rings(40, 9)
    const small = { ...params, hiddenLayerSizes: '3', maxIter: 3, batchSize: 16 }
    const fit = (round: number): Promise<unknown> => {
      if (round % 4 === 1) return mlp.fit(X, y, { params: small, seed: round }, quietContext({ stopping: () => true }))
      let checkpoints = 0
      if (round % 4 === 2) return mlp.fit(X, y, { params: small, seed: round }, quietContext({ checkpoint: () => (++checkpoints > 3 ? Promise.reject(cancelled()) : Promise.resolve()) })).catch(() => {})
      if (round % 4 === 3) return mlp.fit(X, y, { params: { ...small, learningRateInit: 1e9 }, seed: round }, quietContext()).catch(() => {})
      return mlp.fit(X, y, { params: small, seed: round }, quietContext())
    }
    await fit(0)
    const before = tf.memory().numTensors
    for (let round = 0; round < 20; round++) await fit(round)
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each(['binary', 'multiclass', 'regression'] as const)('its ONNX graph answers as it does: %s', async (task) => {
    const { X } = rings(120, 10)
    const sum = (row: number): number => X.features.reduce((total, feature) => total + (feature.values[row] as number), 0)
    const target: Target =
      task === 'regression'
        ? { task, column: 'y', values: Float64Array.from({ length: 120 }, (_, row) => 700 + 50 * sum(row)) }
        : { task, column: 'y', classes: task === 'binary' ? ['a', 'b'] : ['a', 'b', 'c'], codes: Int32Array.from({ length: 120 }, (_, row) => (sum(row) > 0 ? 1 : task === 'multiclass' && sum(row) < -1 ? 2 : 0)) }
    for (const activation of ['relu', 'tanh', 'logistic']) {
      const model = await mlp.fit(X, target, { params: { ...params, activation, hiddenLayerSizes: '7, 5', maxIter: 3 }, seed: 1 }, quietContext())
      const graph = new GraphBuilder()
      const { tensor } = mlp.toOnnx(model.state(), graph.input('X', 'float', ['N', 2]), graph)
      graph.nameAs(tensor, 'out')
      graph.output('out', task === 'regression' ? 'double' : 'float', ['N', task === 'regression' ? 1 : task === 'binary' ? 2 : 3])
      const rows = Float32Array.from({ length: 240 }, (_, i) => X.features[i % 2]?.values[i >> 1] as number)
      const answers = (await runOnnx(encodeOnnx(graph.build('mlp')), { X: floatFeed(rows, [120, 2]) })).get('out')?.values as Float32Array
      const own = await mlp.revive(model.state()).predict(X)
      // The tolerance of served models: 1e-5 for probabilities, times the spread (50) for values.
      expectAllClose(answers, own.task === 'regression' ? own.values : own.probabilities, { absolute: task === 'regression' ? 1e-5 * 50 : 1e-5 })
    }
  })

  it('keeps the last finite weights when the loss explodes after an epoch', async () => {
    const { X, y } = rings(300, 11)
    // One feature of 3e18 in one row: its gradient is ordinary at first, then the weights carry it out of range.
    const wild = { ...X, features: X.features.map((feature, f) => (f === 0 ? { ...feature, values: feature.values.map((value, row) => (row === 7 ? 3e18 : value)) } : feature)) }
    const model = await mlp.fit(wild, y, { params: { ...params, earlyStopping: false }, seed: 1 }, quietContext())
    expect(model.facts).toMatchObject({ stoppedBecause: 'loss left the finite range', epochs: expect.toSatisfy((epochs: number) => epochs >= 1 && epochs < 40) })
    const prediction = await model.predict(X)
    expect(prediction.task === 'regression' ? false : prediction.probabilities.every(Number.isFinite)).toBe(true)
  })

  it('learns a bent line in the target own units', async () => {
    const rng = createRng(4)
    const a = Float32Array.from({ length: 300 }, () => rng.normal())
    const X: Matrix = { rows: 300, features: [{ name: 'a', source: 'a', values: a }] }
    const y: RegressionTarget = { task: 'regression', column: 'y', values: Float64Array.from(a, (x) => 5000 + 900 * Math.abs(x)) }
    const model = await mlp.fit(X, y, { params: { ...params, maxIter: 80 }, seed: 1 }, quietContext())
    const prediction = await model.predict(X)
    if (prediction.task !== 'regression') throw new Error('not a value')
    const rmse = Math.sqrt(prediction.values.reduce((sum, value, i) => sum + (value - (y.values[i] as number)) ** 2, 0) / 300)
    expect(rmse).toBeLessThan(120)
  })

  it('says that the learning rate is likely to blame when the loss explodes', async () => {
    const { X, y } = rings(100, 5)
    await expect(mlp.fit(X, y, { params: { ...params, learningRateInit: 1e9 }, seed: 1 }, quietContext())).rejects.toMatchObject({ code: 'diverged', message: expect.stringContaining('learningRateInit 1000000000') })
  })

  it('keeps the best so far when stopped', async () => {
    const { X, y } = rings(200, 6)
    let epochs = 0
    const model = await mlp.fit(X, y, { params, seed: 1 }, quietContext({ report: (p) => void (p.kind === 'step' && epochs++), stopping: () => epochs >= 3 }))
    expect(model.facts).toMatchObject({ epochs: 3, stoppedBecause: 'stopped by you', backend: 'cpu' })
  })

  it.each(['cpu', 'wasm'] as const)('goes on from the same checkpoint on %s: training in two halves gives the bits of one', async (name) => {
    const { initialWeights } = await import('../../../../src/core/estimators/neural/dense.ts')
    const { openBackend } = await import('../../../../src/core/estimators/neural/backend.ts')
    const { backend } = await openBackend(name, [], nodeContext())
    const sizes = [2, 4, 2]
    const options = { ...denseTable(sizes, 'tanh'), learningRate: 0.01, alpha: 0.1, batchSize: 2 }
    const theta = initialWeights(sizes, 'tanh', 1)
    const start = { theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 }
    const data = { rows: 2, inputs: Float32Array.from([1, 2, -1, 0.5]), targets: Float32Array.from([1, 0, 0, 1]) }
    const both = Uint32Array.from([0, 1])
    const whole = await backend.open(data, options, start)
    for (let i = 0; i < 6; i++) await whole.learn(both)
    const half = await backend.open(data, options, start)
    for (let i = 0; i < 3; i++) await half.learn(both)
    const resumed = await backend.open(data, options, await half.read())
    for (let i = 0; i < 3; i++) await resumed.learn(both)
    expect(await resumed.read()).toEqual(await whole.read())
    for (const trainer of [whole, half, resumed]) trainer.dispose()
  })

  it.each(['cpu', 'wasm'] as const)('takes the same gradient step on %s as central differences of the plain forward pass', async (name) => {
    const { forward, initialWeights, softmaxRows } = await import('../../../../src/core/estimators/neural/dense.ts')
    const { openBackend } = await import('../../../../src/core/estimators/neural/backend.ts')
    const { backend } = await openBackend(name, [], nodeContext())
    const sizes = [3, 5, 2]
    const theta = initialWeights(sizes, 'tanh', 2)
    const x = Float32Array.from([0.3, -1, 2, 1, 0.2, -0.7])
    const t = Float32Array.from([0, 1, 1, 0])
    const trainer = await backend.open({ rows: 2, inputs: x, targets: t }, { ...denseTable(sizes, 'tanh'), learningRate: 0.01, alpha: 0, batchSize: 2 }, { theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 })
    await trainer.learn(Uint32Array.from([0, 1]))
    const { m } = await trainer.read()
    trainer.dispose()
    const loss = (weights: Float32Array) => {
      const shares = softmaxRows(forward(weights, sizes, 'tanh', x, 2), 2)
      return -(Math.log(shares[1] as number) + Math.log(shares[2] as number)) / 2
    }
    const slopes = Float64Array.from(theta, (_, i) => {
      const up = Float32Array.from(theta)
      const down = Float32Array.from(theta)
      up[i] = (theta[i] as number) + 1e-2
      down[i] = (theta[i] as number) - 1e-2
      return (loss(up) - loss(down)) / ((up[i] as number) - (down[i] as number))
    })
    // After one step m = 0.1 * gradient; central differences at 1e-2 in float32 are good to about 1e-4.
    expectAllClose(Float64Array.from(m, (value) => value * 10), slopes, { absolute: 2e-4 })
  })

  it('refuses layers it cannot build and features with holes, by name', async () => {
    const { X, y } = rings(50, 7)
    await expect(mlp.fit(X, y, { params: { ...params, hiddenLayerSizes: '0, x' }, seed: 1 }, quietContext())).rejects.toMatchObject({ code: 'bad-param', message: expect.stringContaining('hiddenLayerSizes') })
    const holed = { ...X, features: [{ name: 'a', source: 'a', values: new Float32Array(50).fill(Number.NaN) }] }
    await expect(mlp.fit(holed, y, { params, seed: 1 }, quietContext())).rejects.toMatchObject({ code: 'bad-data', details: { column: 'a' } })
  })
})
