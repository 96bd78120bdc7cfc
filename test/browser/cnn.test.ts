/** A network of pictures on every backend in a real browser: the same answers, no tensor left, and a lost device is survived. */
import { describe, expect, it } from 'vitest'
import neuralUrl from '../../src/kernels/neural.wasm?url'
import { quietContext, type Context } from '../../src/core/context.ts'
import type { Matrix } from '../../src/core/data/matrix.ts'
import type { ClassTarget } from '../../src/core/data/target.ts'
import { openBackend, type BackendName } from '../../src/core/estimators/neural/backend.ts'
import { cnn } from '../../src/core/estimators/neural/cnn.ts'
import { createRng } from '../../src/core/math/rng.ts'
import { defaultsOf } from '../../src/core/params.ts'
import { expectConsole } from '../support/fail-on-console.ts'

const context = (overrides: Partial<Context> = {}) => quietContext({ now: () => performance.now(), asset: async () => (await fetch(neuralUrl)).arrayBuffer(), checkpoint: () => new Promise((resolve) => setTimeout(resolve, 0)), ...overrides })

/** Bars, upright or lying, in colours that say nothing. */
function bars(rows: number): { X: Matrix; y: ClassTarget } {
  const rng = createRng(1)
  const shape = [8, 8, 3] as const
  const codes = Int32Array.from({ length: rows }, () => rng.int(2))
  const values = new Float32Array(rows * 192)
  codes.forEach((code, row) => {
    const at = rng.int(8)
    const colour = [rng.next(), rng.next(), rng.next()]
    for (let i = 0; i < 64; i++) for (let c = 0; c < 3; c++) values[row * 192 + i * 3 + c] = ((code === 0 ? i % 8 : Math.floor(i / 8)) === at ? (colour[c] as number) : 0.1) + 0.05 * rng.normal()
  })
  return { X: { rows, features: [{ name: 'image', source: 'image', shape, values }] }, y: { task: 'binary', column: 'y', classes: ['upright', 'lying'], codes } }
}
const layers = JSON.stringify([
  { type: 'conv', filters: 6, size: 3, padding: 'same', activation: 'none' },
  { type: 'batch-norm', activation: 'relu' },
  { type: 'max-pool' },
  { type: 'depthwise', size: 3, padding: 'same', activation: 'relu' },
  { type: 'dropout', rate: 0.2 },
  { type: 'dense', units: 12, activation: 'tanh' },
])
const params = (backend: string, maxIter: number) => ({ ...defaultsOf(cnn.params), layers, batchSize: 32, learningRateInit: 0.005, maxIter, backend })
const data = bars(96)

async function probabilities(model: Awaited<ReturnType<typeof cnn.fit>>): Promise<Float64Array> {
  const prediction = await model.predict(data.X, context())
  if (prediction.task === 'regression') throw new Error('not class predictions')
  return prediction.probabilities
}
const distance = (a: Float64Array, b: Float64Array): number => a.reduce((max, p, i) => Math.max(max, Math.abs(p - (b[i] as number))), 0)
const losses = (into: number[]) => (progress: Parameters<Context['report']>[0]): void => void (progress.kind === 'curve' && progress.series === 'training loss' && into.push(progress.y))

describe('cnn backends', () => {
  it.each(['webgl', 'webgpu', 'cpu'])('%s agrees with wasm: the loss within a fiftieth, answers within 1e-3', async (backend) => {
    expectConsole(/powerPreference/)
    const [own, truth]: [number[], number[]] = [[], []]
    const reference = await cnn.fit(data.X, data.y, { params: params('wasm', 3), seed: 2 }, context({ report: losses(truth) }))
    const model = await cnn.fit(data.X, data.y, { params: params(backend, 3), seed: 2 }, context({ report: losses(own) }))
    expect(reference.facts).toMatchObject({ backend: 'wasm' })
    expect(model.facts).toMatchObject({ backend, devicesLost: [], epochs: 3 })
    expect(Math.abs((own[2] as number) / (truth[2] as number) - 1)).toBeLessThan(0.02)
    expect(distance(await probabilities(model), await probabilities(reference))).toBeLessThan(1e-3)
  })

  it('leaves no tensor behind in 100 trainings', async () => {
    const tf = await import('@tensorflow/tfjs-core')
    const few = bars(24)
    const small = { ...params('cpu', 1), layers: JSON.stringify([{ type: 'conv', filters: 2 }, { type: 'batch-norm' }, { type: 'dropout' }]) }
    const fit = (seed: number) => cnn.fit(few.X, few.y, { params: small, seed }, context())
    await fit(0)
    const before = tf.memory().numTensors
    for (let round = 1; round <= 100; round++) await fit(round)
    expect(tf.memory().numTensors).toBe(before)
  })

  it.each(['webgl', 'webgpu'])('goes on on WASM when %s is lost in the middle', async (backend) => {
    expectConsole(/.*/)
    const tf = await import('@tensorflow/tfjs-core')
    let done = 0
    const lose = (): void => {
      const internals = tf.backend() as unknown as { gpgpu?: { gl: WebGL2RenderingContext }; device?: { destroy(): void } }
      internals.gpgpu?.gl.getExtension('WEBGL_lose_context')?.loseContext()
      internals.device?.destroy()
    }
    const model = await cnn.fit(data.X, data.y, { params: params(backend, 5), seed: 2 }, context({ report: (progress) => void (progress.kind === 'missed' && ++done === 2 && lose()) }))
    expect(String(model.facts['devicesLost'])).toMatch(new RegExp(`^${backend} in epoch 3`))
    expect(model.facts).toMatchObject({ epochs: 5, backend: 'wasm' })
    const undisturbed = await cnn.fit(data.X, data.y, { params: params('wasm', 5), seed: 2 }, context())
    expect(distance(await probabilities(model), await probabilities(undisturbed))).toBeLessThan(2e-3)
    // The next training gets a new device.
    expect((await openBackend(backend as BackendName, [], context())).backend.name).toBe(backend)
  })
})
