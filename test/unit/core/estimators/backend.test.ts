/** Backends that answer wrongly, late or not at all are refused, with the reason, and the next one trains. */
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import * as tf from '@tensorflow/tfjs-core'
import { quietContext } from '../../../../src/core/context.ts'
import type { Matrix } from '../../../../src/core/data/matrix.ts'
import type { ClassTarget } from '../../../../src/core/data/target.ts'
import { openBackend } from '../../../../src/core/estimators/neural/backend.ts'
import { mlp } from '../../../../src/core/estimators/neural/mlp.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { defaultsOf } from '../../../../src/core/params.ts'
import { expectConsole } from '../../../support/fail-on-console.ts'
import { nodeContext } from '../../../support/node-context.ts'

// The graphics backends do not exist in Node: each test registers a stand-in under their names.
vi.mock('@tensorflow/tfjs-backend-webgpu', () => ({}))
vi.mock('@tensorflow/tfjs-backend-webgl', () => ({}))

// Compiled kernels that fold windows back wrongly or dawdle, when a test says so.
const folds = vi.hoisted(() => ({ wrongly: false, waits: 0 }))
vi.mock('../../../../src/kernels/neural.ts', async (original) => {
  const real = await original<typeof import('../../../../src/kernels/neural.ts')>()
  return {
    ...real,
    async compiledNeuralKernels(...given: Parameters<typeof real.compiledNeuralKernels>) {
      const kernels = await real.compiledNeuralKernels(...given)
      const adam: typeof kernels.adam = (...step) => {
        for (const until = performance.now() + folds.waits; performance.now() < until; );
        kernels.adam(...step)
      }
      return folds.wrongly ? { ...kernels, convolveWeightSlopes: () => undefined } : folds.waits > 0 ? { ...kernels, adam } : kernels
    },
  }
})

// Hundreds of small files, which a busy machine reads for longer than a test may take.
beforeAll(async () => {
  await import('@tensorflow/tfjs-core/dist/register_all_gradients.js')
  await import('@tensorflow/tfjs-backend-cpu')
}, 120_000)

// To the probe before admission the host looks as if a graphics card were there.
beforeAll(() => {
  vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => ({}) } })
  vi.stubGlobal('OffscreenCanvas', class { getContext = () => ({ getExtension: () => null }) })
})
afterAll(() => void vi.unstubAllGlobals())

type Spoil = (values: Float32Array) => void

/** A backend with the CPU's kernels, whose every float result is spoilt. */
async function spoiltBackend(name: string, spoil: Spoil, instead: () => Promise<never> | undefined = () => undefined): Promise<void> {
  const { MathBackendCPU } = await import('@tensorflow/tfjs-backend-cpu')
  class StandIn extends MathBackendCPU {
    override read(id: object): ReturnType<InstanceType<typeof MathBackendCPU>['read']> {
      return instead() ?? super.read(id)
    }
  }
  if (tf.findBackendFactory(name)) tf.removeBackend(name)
  tf.registerBackend(name, () => new StandIn())
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    if (tf.getKernel(kernel.kernelName, name)) tf.unregisterKernel(kernel.kernelName, name)
    tf.registerKernel({
      ...kernel,
      backendName: name,
      kernelFunc: (parameters) => {
        const result = kernel.kernelFunc(parameters)
        const backend = parameters.backend as InstanceType<typeof MathBackendCPU>
        for (const info of Array.isArray(result) ? result : [result]) {
          if (info.dtype !== 'float32') continue
          const values = backend.data.get(info.dataId).values
          if (values instanceof Float32Array) spoil(values)
        }
        return result
      },
    })
  }
}
const half: Spoil = (values) => values.forEach((value, i) => (values[i] = Number(value.toPrecision(3))))

describe('admission', () => {
  beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node|kernel .* is already registered|backend was already registered/))
  const open = () => openBackend('auto', ['wasm'], quietContext())
  const reasons = async () => Object.fromEntries((await open()).refused.map(({ backend, reason }) => [backend, reason]))

  test('right answers are trusted', async () => {
    await openBackend('cpu', [], quietContext())
    await spoiltBackend('webgpu', () => {})
    expect((await open()).backend.name).toBe('webgpu')
  })
  test.each<[string, Spoil]>([
    ['zeros', (values) => values.fill(0)],
    ['three digits', half],
    ['not a number', (values) => values.fill(Number.NaN)],
    ['one wrong entry in a large result', (values) => values.length > 500 && (values[417] = (values[417] as number) + 1e6)],
  ])('%s are refused', async (_, spoil) => {
    await spoiltBackend('webgpu', spoil)
    await spoiltBackend('webgl', spoil)
    const { backend, refused } = await open()
    expect(backend.name).toBe('cpu')
    expect(refused.filter((refusal) => refusal.backend.startsWith('webg')).map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^its answer to self-test \d was off by .* of the scale, more than 0.001$/),
      expect.stringMatching(/^its answer to self-test \d was off by/),
    ])
  })
  test('one that never starts is given up and cannot push in later', async () => {
    vi.useFakeTimers()
    try {
      if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu')
      const { MathBackendCPU } = await import('@tensorflow/tfjs-backend-cpu')
      let finish = (_: InstanceType<typeof MathBackendCPU>): void => {}
      tf.registerBackend('webgpu', () => new Promise<InstanceType<typeof MathBackendCPU>>((resolve) => (finish = resolve)))
      await spoiltBackend('webgl', half)
      const opened = open()
      await vi.advanceTimersByTimeAsync(20_000)
      const { backend, refused } = await opened
      expect(refused.find((refusal) => refusal.backend === 'webgpu')?.reason).toMatch(/webgpu did not start within 8 s/)
      finish(new MathBackendCPU())
      await vi.advanceTimersByTimeAsync(100)
      expect([backend.name, tf.getBackend()]).toEqual(['cpu', 'cpu'])
    } finally {
      vi.useRealTimers()
    }
  })
  test('kernels on WASM are tried on pictures where there are pictures', async () => {
    folds.wrongly = true
    try {
      await expect(openBackend('wasm', [], nodeContext(), true)).rejects.toMatchObject({ message: expect.stringContaining('wasm: its weights after three steps on pictures are not those of the plain kernels') })
      expect((await openBackend('wasm', [], nodeContext())).backend.name).toBe('wasm')
    } finally {
      folds.wrongly = false
    }
    expect((await openBackend('wasm', [], nodeContext(), true)).backend.name).toBe('wasm')
  })
  test('where none is left the error names every refusal', async () => {
    await spoiltBackend('webgpu', half)
    await spoiltBackend('webgl', half)
    await expect(openBackend('auto', ['wasm', 'cpu'], quietContext())).rejects.toMatchObject({ code: 'unsupported', message: expect.stringMatching(/webgpu: its answer.*webgl: its answer/) })
    expect(await reasons()).toMatchObject({ wasm: 'lost earlier in this run' })
  })
})

test.each<[what: string, instead: () => Promise<never>, words: RegExp]>([
  ['falls silent', () => new Promise(() => {}), /^webgpu in epoch 3: missing answer; a step on webgpu took more than \d+ s$/],
  ['fails before it is told to be lost', () => Promise.reject(new Error('Buffer was unmapped')), /^webgpu in epoch 3: missing webgpu device; it failed while in use: Buffer was unmapped$/],
])('a device that %s in the middle is given up within seconds; the next one goes on from the last epoch', async (_, instead, words) => {
  expectConsole(/TensorFlow\.js in Node|Platform node|kernel .* is already registered|backend was already registered/)
  const rng = createRng(1)
  const X: Matrix = { rows: 64, features: ['a', 'b'].map((name) => ({ name, source: name, values: Float32Array.from({ length: 64 }, () => rng.normal()) })) }
  const y: ClassTarget = { task: 'binary', column: 'y', classes: ['no', 'yes'], codes: Int32Array.from(X.features[0]?.values ?? [], (x) => (x > 0 ? 1 : 0)) }
  const params = { ...defaultsOf(mlp.params), hiddenLayerSizes: '4', batchSize: 16, maxIter: 6, earlyStopping: false }
  let silent = false
  await spoiltBackend('webgpu', () => {}, () => (silent ? instead() : undefined))
  await spoiltBackend('webgl', half)
  const begun = performance.now()
  const context = quietContext({
    now: () => performance.now(),
    report: (progress) => void (silent ||= progress.kind === 'step' && progress.done === 2),
  })
  const model = await mlp.fit(X, y, { params: { ...params, backend: 'webgpu' }, seed: 1 }, context)
  // Noticed after 2 s; four times that for a busy machine.
  expect(performance.now() - begun).toBeLessThan(8000)
  expect(model.facts).toMatchObject({ backend: 'cpu', epochs: 6, devicesLost: [expect.stringMatching(words)] })
  const undisturbed = await mlp.fit(X, y, { params: { ...params, backend: 'cpu' }, seed: 1 }, quietContext())
  expect(model.state().arrays['theta']).toEqual(undisturbed.state().arrays['theta'])
}, 30_000)

test('a card that is right but slower than WASM on these very steps is passed over, with both times', async () => {
  expectConsole(/TensorFlow\.js in Node|Platform node|kernel .* is already registered|backend was already registered/)
  const X: Matrix = { rows: 40, features: ['a', 'b'].map((name, j) => ({ name, source: name, values: Float32Array.from({ length: 40 }, (_, i) => Math.sin(i * (j + 1))) })) }
  const y: ClassTarget = { task: 'binary', column: 'y', classes: ['no', 'yes'], codes: Int32Array.from(X.features[0]?.values ?? [], (x) => (x > 0 ? 1 : 0)) }
  // The stand-in computes as the CPU does: right, and slow.
  await spoiltBackend('webgpu', () => {})
  const model = await mlp.fit(X, y, { params: { ...defaultsOf(mlp.params), hiddenLayerSizes: '8', maxIter: 2 }, seed: 1 }, nodeContext())
  expect(model.facts).toMatchObject({ backend: 'wasm', backendsRefused: expect.arrayContaining([expect.stringMatching(/^webgpu: slower here: a step took .* ms, on WASM .* ms$/)]) })
})

test('each card that is right is timed: where WebGPU loses, WebGL may still win', async () => {
  expectConsole(/TensorFlow\.js in Node|Platform node|kernel .* is already registered|backend was already registered/)
  const X: Matrix = { rows: 40, features: ['a', 'b'].map((name, j) => ({ name, source: name, values: Float32Array.from({ length: 40 }, (_, i) => Math.sin(i * (j + 1))) })) }
  const y: ClassTarget = { task: 'binary', column: 'y', classes: ['no', 'yes'], codes: Int32Array.from(X.features[0]?.values ?? [], (x) => (x > 0 ? 1 : 0)) }
  const training: { params: Record<string, unknown>; seed: number } = { params: { ...defaultsOf(mlp.params), hiddenLayerSizes: '8', maxIter: 2 }, seed: 1 }
  await spoiltBackend('webgpu', () => {
    // A card that needs long for every kernel; the stand-in for WebGL computes as the CPU does.
    for (const until = performance.now() + 0.2; performance.now() < until; );
  })
  await spoiltBackend('webgl', () => {})
  folds.waits = 30
  try {
    const model = await mlp.fit(X, y, training as never, nodeContext())
    expect(model.facts['backend']).toBe('webgl')
    expect([...(model.facts['backendsRefused'] as string[])].sort()).toEqual(['wasm', 'webgpu'].map((name) => expect.stringMatching(new RegExp(`^${name}: slower here: a step took .* ms, on WebGL .* ms$`))))
  } finally {
    folds.waits = 0
  }
})
