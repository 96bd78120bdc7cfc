/** Every backend in a real browser: same answers, and a lost device is survived. */
import { describe, expect, it } from 'vitest'
import neuralUrl from '../../src/kernels/neural.wasm?url'
import { quietContext, type Context } from '../../src/core/context.ts'
import type { Matrix } from '../../src/core/data/matrix.ts'
import type { ClassTarget } from '../../src/core/data/target.ts'
import { mlp } from '../../src/core/estimators/neural/mlp.ts'
import { createRng } from '../../src/core/math/rng.ts'
import { defaultsOf } from '../../src/core/params.ts'
import { expectConsole } from '../support/fail-on-console.ts'

const context = (overrides: Partial<Context> = {}) => quietContext({ asset: async () => (await fetch(neuralUrl)).arrayBuffer(), checkpoint: () => new Promise((resolve) => setTimeout(resolve, 0)), ...overrides })

function rings(rows: number): { X: Matrix; y: ClassTarget } {
  const rng = createRng(1)
  const a = Float32Array.from({ length: rows }, () => rng.normal())
  const b = Float32Array.from({ length: rows }, () => rng.normal())
  const codes = Int32Array.from(a, (x, i) => (x ** 2 + (b[i] as number) ** 2 > 1.4 ? 1 : 0))
  return { X: { rows, features: [{ name: 'a', source: 'a', values: a }, { name: 'b', source: 'b', values: b }] }, y: { task: 'binary', column: 'y', classes: ['in', 'out'], codes } }
}
const params = (backend: string, maxIter: number) => ({ ...defaultsOf(mlp.params), hiddenLayerSizes: '8', batchSize: 64, learningRateInit: 0.02, maxIter, backend })
const data = rings(256)

async function probabilities(model: Awaited<ReturnType<typeof mlp.fit>>): Promise<Float64Array> {
  const prediction = await model.predict(data.X)
  if (prediction.task === 'regression') throw new Error('not class predictions')
  return prediction.probabilities
}
/** How far a model that lost its device is from the run that did not. */
async function distanceFromUndisturbed(model: Awaited<ReturnType<typeof mlp.fit>>): Promise<number> {
  const truth = await probabilities(await mlp.fit(data.X, data.y, { params: params('cpu', 8), seed: 2 }, context()))
  const own = await probabilities(model)
  return own.reduce((max, p, i) => Math.max(max, Math.abs(p - (truth[i] as number))), 0)
}

describe('mlp backends', () => {
  it.each(['wasm', 'webgl', 'webgpu'])('%s agrees with cpu within 1e-3 and is recorded', async (backend) => {
    expectConsole(/powerPreference/)
    const truth = await (await mlp.fit(data.X, data.y, { params: params('cpu', 4), seed: 2 }, context())).predict(data.X)
    const model = await mlp.fit(data.X, data.y, { params: params(backend, 4), seed: 2 }, context())
    expect(model.facts).toMatchObject({ backend, devicesLost: [], epochs: 4 })
    const prediction = await model.predict(data.X)
    if (truth.task === 'regression' || prediction.task === 'regression') throw new Error('not class predictions')
    const worst = prediction.probabilities.reduce((max, p, i) => Math.max(max, Math.abs(p - (truth.probabilities[i] as number))), 0)
    expect(worst).toBeLessThan(1e-3)
  })

  it('wasm repeats its bits for a seed and leaves no tensor behind', async () => {
    const tf = await import('@tensorflow/tfjs-core')
    const first = await mlp.fit(data.X, data.y, { params: params('wasm', 3), seed: 5 }, context())
    const before = tf.memory().numTensors
    const second = await mlp.fit(data.X, data.y, { params: params('wasm', 3), seed: 5 }, context())
    expect(second.state().arrays['theta']).toEqual(first.state().arrays['theta'])
    expect(tf.memory().numTensors).toBe(before)
  })

  it('takes WASM by itself where there is no graphics card, and says why the others were refused', async () => {
    expectConsole(/powerPreference/)
    const model = await mlp.fit(data.X, data.y, { params: params('auto', 2), seed: 2 }, context())
    expect(model.facts['backend']).toBe('wasm')
    expect(String(model.facts['backendsRefused'])).toMatch(/webgpu: no graphics card.*webgl: no graphics card/)
  })

  it('goes on on the next backend when the WebGL context is lost in the middle', async () => {
    expectConsole(/.*/)
    const tf = await import('@tensorflow/tfjs-core')
    let done = 0
    const model = await mlp.fit(
      data.X,
      data.y,
      { params: params('webgl', 8), seed: 2 },
      context({
        report: (progress) => {
          if (progress.kind !== 'step' || ++done !== 3) return
          const { gl } = (tf.backend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } }).gpgpu
          gl.getExtension('WEBGL_lose_context')?.loseContext()
        },
      }),
    )
    expect(String(model.facts['devicesLost'])).toMatch(/^webgl in epoch 4/)
    expect(model.facts).toMatchObject({ epochs: 8 })
    expect(model.facts['backend']).toBe('wasm')
    // Going on from the checkpoint of an epoch is the same training: only the backends' rounding remains.
    expect(await distanceFromUndisturbed(model)).toBeLessThan(2e-3)
  })

  it('goes on on the next backend when the WebGPU device is lost in the middle', async () => {
    expectConsole(/.*/)
    const tf = await import('@tensorflow/tfjs-core')
    let done = 0
    const model = await mlp.fit(
      data.X,
      data.y,
      { params: params('webgpu', 8), seed: 2 },
      context({
        report: (progress) => {
          if (progress.kind === 'step' && ++done === 3) (tf.backend() as unknown as { device: { destroy(): void } }).device.destroy()
        },
      }),
    )
    expect(String(model.facts['devicesLost'])).toMatch(/^webgpu in epoch 4/)
    expect(model.facts).toMatchObject({ epochs: 8 })
    expect(model.facts['backend']).toBe('wasm')
    expect(await distanceFromUndisturbed(model)).toBeLessThan(2e-3)
  })
})
