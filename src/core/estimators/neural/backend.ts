/**
 * What trains: tfjs on WebGPU, then WebGL; our own kernels on WASM; tfjs on the CPU. Each is trusted only
 * after it has solved small problems with the right answers in time. A wrong, slow or hanging backend is
 * refused with the reason, which the run keeps. tfjs is imported here, dynamically, when its turn comes.
 */
import type { Context } from '../../context.ts'
import { StudioError } from '../../errors.ts'
import { createRng } from '../../math/rng.ts'
import type { Param } from '../../params.ts'
import { smallNumber } from '../../powers.ts'
import { initialWeights, type Activation } from './dense.ts'
import { openKernelTrainer } from './kernel-trainer.ts'
import { planNetwork, startWeights, type LayerSpec } from './layer-table.ts'
import { TfjsTrainer, type Tf } from './tfjs-trainer.ts'
import { denseTable, type AdamArrays, type StepOptions, type Trainer, type TrainingData } from './trainer.ts'

export type BackendName = 'webgpu' | 'webgl' | 'wasm' | 'cpu'
export const backendOrder: readonly BackendName[] = ['webgpu', 'webgl', 'wasm', 'cpu']

/** Where a network trains, as its table of parameters has it. */
export const backendParam = {
  kind: 'choice',
  default: 'auto',
  options: [
    { value: 'auto', label: 'Automatic' },
    { value: 'webgpu', label: 'WebGPU' },
    { value: 'webgl', label: 'WebGL' },
    { value: 'wasm', label: 'WebAssembly' },
    { value: 'cpu', label: 'JavaScript' },
  ],
  label: 'Compute backend',
  help: 'Where the arithmetic runs. Automatic takes the fastest on these very steps of those that pass their self-test.',
  advanced: true,
} as const satisfies Param

export interface Backend {
  readonly name: BackendName
  open(data: TrainingData, options: StepOptions, start: AdamArrays): Promise<Trainer>
  /** Rejects when the device or context is lost; never resolves. Absent where nothing can be lost. */
  readonly lost?: Promise<never>
}
export interface Refusal {
  readonly backend: BackendName
  readonly reason: string
}

/** Milliseconds to start, its code and WASM fetched; a broken backend may otherwise never answer. */
const startLimit = 8000
/** Milliseconds for the self-test, which takes 0.1 s on a card and some seconds where shaders are compiled for a software one. */
const testLimit = 10_000
/** For a backend that a person asked for, who would rather wait. */
const patientLimit = 30_000
/** Allowed deviation from the CPU backend, relative to the largest answer of each problem. */
const tolerance = 1e-3

const loaders: Readonly<Record<Exclude<BackendName, 'wasm'>, () => Promise<unknown>>> = {
  webgpu: () => import('@tensorflow/tfjs-backend-webgpu'),
  webgl: () => import('@tensorflow/tfjs-backend-webgl'),
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
}

export function within<T>(milliseconds: number, work: Promise<T>, message: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new StudioError({ code: 'device-lost', message })), milliseconds)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

interface GlCanvas {
  addEventListener(type: 'webglcontextlost', listener: () => void): void
}
interface Internals {
  readonly gpgpu?: { readonly gl: { readonly canvas: GlCanvas; isContextLost(): boolean } }
  readonly device?: { readonly lost: Promise<{ readonly message: string; readonly reason: string }> }
}

function lossOf(tf: Tf, name: BackendName): Promise<never> {
  const internals = tf.backend() as unknown as Internals
  return new Promise<never>((_resolve, reject) => {
    const lose = (why: string): void => {
      gone.add(name)
      reject(new StudioError({ code: 'device-lost', message: `missing ${name} device; it was lost while in use: ${why}` }))
    }
    const gl = internals.gpgpu?.gl
    gl?.canvas.addEventListener('webglcontextlost', () => lose('context lost'))
    if (gl?.isContextLost()) lose('context lost before it began')
    void internals.device?.lost.then((info) => lose(info.message || info.reason))
  })
}

const softwareNames = /swiftshader|llvmpipe|software|basic render/i

interface ProbeGl {
  getExtension(name: 'WEBGL_debug_renderer_info'): { readonly UNMASKED_RENDERER_WEBGL: number } | null
  getExtension(name: 'WEBGL_lose_context'): { loseContext(): void } | null
  getParameter(name: number): unknown
}
interface ProbeHost {
  readonly OffscreenCanvas?: new (width: number, height: number) => { getContext(kind: 'webgl2'): ProbeGl | null }
  readonly navigator?: { readonly gpu?: { requestAdapter(): Promise<ProbeAdapter | null> } }
}
interface ProbeAdapter {
  readonly isFallbackAdapter?: boolean
  readonly info?: { readonly vendor?: string; readonly architecture?: string; readonly description?: string }
}

/**
 * Why "auto" passes a graphics interface over: it is not there, or there is no graphics card behind it,
 * which is slower than WASM by far. Asked of the host directly: loading the backend and compiling its
 * shaders to find out takes seconds.
 */
async function obstacle(name: BackendName): Promise<string | undefined> {
  const host = globalThis as ProbeHost
  const software = (renderer: string): string => `no graphics card behind it (${renderer}), so WASM is faster`
  if (name === 'webgl') {
    const gl = host.OffscreenCanvas && new host.OffscreenCanvas(1, 1).getContext('webgl2')
    if (!gl) return 'not to be had here'
    const names = gl.getExtension('WEBGL_debug_renderer_info')
    const renderer = names ? String(gl.getParameter(names.UNMASKED_RENDERER_WEBGL)) : ''
    gl.getExtension('WEBGL_lose_context')?.loseContext()
    return softwareNames.test(renderer) ? software(renderer) : undefined
  }
  if (name === 'webgpu') {
    const adapter = await host.navigator?.gpu?.requestAdapter()
    if (!adapter) return 'not to be had here'
    const text = `${adapter.info?.vendor ?? ''} ${adapter.info?.architecture ?? ''} ${adapter.info?.description ?? ''}`.trim()
    return adapter.isFallbackAdapter || softwareNames.test(text) ? software(text || 'a fallback adapter') : undefined
  }
  return undefined
}

/** Small problems whose answers are known from the CPU backend: product, softmax, a long sum, a gradient, three training steps. */
async function selfTest(tf: Tf, pictures: boolean): Promise<readonly Float32Array[]> {
  const tensors = tf.tidy(() => {
    const a = tf.tensor2d(ramp(48 * 40, 0.37), [48, 40])
    const b = tf.tensor2d(ramp(40 * 24, 0.11), [40, 24])
    const product = tf.matMul(a, b)
    const long = tf.sum(tf.tensor1d(ramp(100_000, 0.001)))
    const slope = tf.grad((w) => tf.sum(tf.square(tf.relu(tf.matMul(a, w as typeof b)))))(b)
    return [product, tf.softmax(product), long, slope]
  })
  const answers = await Promise.all(tensors.map((tensor) => tensor.data() as Promise<Float32Array>))
  tf.dispose(tensors)
  const open: Backend['open'] = async (...problem) => new TfjsTrainer(tf, ...problem)
  const trained = await threeSteps('relu', open)
  return [...answers, trained.m, ...(pictures ? [(await threePictureSteps(open)).m] : [])]
}

const ramp = (length: number, step: number): Float32Array => Float32Array.from({ length }, (_, i) => Math.sin(i * step))

/** Trains a small network for three steps: ten rows, six features, three classes. */
async function threeSteps(activation: Activation, open: Backend['open']): Promise<AdamArrays> {
  const sizes = [6, 8, 3]
  const theta = initialWeights(sizes, activation, 1)
  const data = { rows: 10, inputs: ramp(60, 0.7), targets: Float32Array.from({ length: 30 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)) }
  return steps(data, { ...denseTable(sizes, activation), learningRate: 0.01, alpha: 0.1, batchSize: 10 }, theta, open)
}

const pictureLayers: readonly LayerSpec[] = [
  { type: 'conv', filters: 4, size: 3, padding: 'same', activation: 'none' },
  { type: 'batch-norm', activation: 'relu' },
  { type: 'max-pool' },
  { type: 'depthwise', size: 3, padding: 'same', activation: 'tanh' },
]
/** The same of a small network of pictures: ten of 6 x 6 pixels. */
async function threePictureSteps(open: Backend['open']): Promise<AdamArrays> {
  const shape = [6, 6, 2] as const
  const theta = startWeights(pictureLayers, planNetwork(pictureLayers, shape, 3), shape, createRng(1))
  const data = { rows: 10, inputs: ramp(720, 0.7), targets: Float32Array.from({ length: 30 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)) }
  return steps(data, { layers: pictureLayers, shape, classes: 3, learningRate: 0.01, alpha: 0.1, batchSize: 10 }, theta, open)
}

async function steps(data: TrainingData, options: StepOptions, theta: Float32Array, open: Backend['open']): Promise<AdamArrays> {
  const trainer = await open(data, options, { theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 })
  try {
    for (let step = 0; step < 3; step++) await trainer.learn(Uint32Array.from({ length: 10 }, (_, i) => i))
    return await trainer.read()
  } finally {
    trainer.dispose()
  }
}

function deviation(answer: Float32Array, truth: Float32Array): number {
  let scale = 1e-12
  let worst = 0
  for (let i = 0; i < truth.length; i++) {
    scale = Math.max(scale, Math.abs(truth[i] as number))
    const difference = Math.abs((answer[i] as number) - (truth[i] as number))
    worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference)
  }
  return worst / scale
}

const references = new Map<boolean, readonly Float32Array[]>()

async function referenceAnswers(tf: Tf, pictures: boolean): Promise<readonly Float32Array[]> {
  const known = references.get(pictures)
  if (known) return known
  await loaders.cpu()
  await tf.setBackend('cpu')
  const answers = await selfTest(tf, pictures)
  references.set(pictures, answers)
  return answers
}

/** Backends whose device went: tfjs would hand out the dead one for ever. */
const gone = new Set<BackendName>()

/** A lost backend makes way, so that the next training gets a new device where there is one. */
function startAfresh(tf: Tf, name: BackendName): void {
  const make = tf.findBackendFactory(name)
  if (!gone.delete(name) || !make) return
  try {
    tf.removeBackend(name)
  } catch {
    // A dead device may fail to give its memory back; there is none left to give.
  }
  if (!tf.findBackendFactory(name)) tf.registerBackend(name, make)
}

async function start(tf: Tf, name: Exclude<BackendName, 'wasm'>): Promise<void> {
  await loaders[name]()
  startAfresh(tf, name)
  if (!(await tf.setBackend(name))) throw new Error('it did not start here')
  await tf.ready()
  if (tf.getBackend() !== name) throw new Error('it did not start here')
}

const onKernels =
  (host: Pick<Context, 'asset' | 'crew'>): Backend['open'] =>
  (data, options, start) =>
    openKernelTrainer(host, planNetwork(options.layers, options.shape, options.classes).network, data, options, start)

/** Our own kernels, where they leave the same bits as their plain twin. */
async function admitKernels(context: Context, pictures: boolean): Promise<Backend> {
  const wasm = await within(startLimit, context.asset('neural.wasm'), `missing answer; the WASM kernels did not come within ${startLimit / 1000} s`)
  const [compiled, twin] = [{ asset: async () => wasm }, { asset: () => Promise.reject(new Error('plain kernels need none')) }]
  const problems = [...(['relu', 'tanh', 'logistic'] as const).map((activation) => [`with ${activation}`, (open: Backend['open']) => threeSteps(activation, open)] as const), ...(pictures ? [['on pictures', threePictureSteps] as const] : [])]
  for (const [what, solve] of problems) {
    const [own, plain] = await Promise.all([compiled, twin].map((host) => solve(onKernels(host))))
    if (own?.theta.some((value, i) => value !== plain?.theta[i])) throw new Error(`its weights after three steps ${what} are not those of the plain kernels`)
  }
  return { name: 'wasm', open: onKernels(context) }
}

async function loadTfjs(): Promise<Tf> {
  const tf = await import('@tensorflow/tfjs-core')
  await import('@tensorflow/tfjs-core/dist/register_all_gradients.js')
  return tf
}

async function admitTfjs(name: Exclude<BackendName, 'wasm'>, pictures: boolean, limit: number): Promise<Backend> {
  const tf = await loadTfjs()
  const truth = await referenceAnswers(tf, pictures)
  try {
    await within(startLimit, start(tf, name), `missing answer; ${name} did not start within ${startLimit / 1000} s`)
  } catch (error) {
    // A start that is still under way would take the place of the next backend when it ends.
    if (error instanceof StudioError && error.code === 'device-lost') tf.removeBackend(name)
    throw error
  }
  const lost = lossOf(tf, name)
  // The loss is awaited in races only; without a listener an early one would be an unhandled rejection.
  lost.catch(() => {})
  const answers = await within(limit, Promise.race([selfTest(tf, pictures), lost]), `missing answer; ${name} did not pass its self-test within ${limit / 1000} s`)
  truth.forEach((expected, i) => {
    const found = deviation(answers[i] as Float32Array, expected)
    if (!(found <= tolerance)) throw new Error(`its answer to self-test ${i + 1} was off by ${smallNumber(found)} of the scale, more than ${tolerance}`)
  })
  async function open(...problem: Parameters<Backend['open']>): Promise<Trainer> {
    // Another may have been admitted since.
    await tf.setBackend(name)
    return new TfjsTrainer(tf, ...problem)
  }
  return { name, lost, open }
}

/** A backend that passes, or why it does not. `wanted`: a named one is taken whatever stands behind it. */
async function admit(name: BackendName, wanted: BackendName | 'auto', context: Context, pictures: boolean): Promise<Backend | Refusal> {
  await context.checkpoint()
  try {
    const reason = wanted === name ? undefined : await obstacle(name)
    if (reason !== undefined) return { backend: name, reason }
    return await (name === 'wasm' ? admitKernels(context, pictures) : admitTfjs(name, pictures, wanted === name ? patientLimit : testLimit))
  } catch (error) {
    return { backend: name, reason: error instanceof Error ? error.message : String(error) }
  }
}

/** The first backend that passes, and why those before it did not. */
export interface Opened {
  readonly backend: Backend
  readonly refused: readonly Refusal[]
}

/**
 * The first backend that passes. `wanted` names one, or "auto" tries all in order, skipping software
 * renderers.
 * @param skip backends already lost in this run
 * @param pictures whether it has to convolve too
 * @throws StudioError unsupported where none is left, naming every refusal
 */
export async function openBackend(wanted: BackendName | 'auto', skip: readonly BackendName[], context: Context, pictures = false): Promise<Opened> {
  const refused: Refusal[] = skip.map((backend) => ({ backend, reason: 'lost earlier in this run' }))
  // A named backend comes first; after its loss the run goes on with the others rather than fail.
  const order = wanted === 'auto' ? backendOrder : [wanted, ...backendOrder.filter((name) => name !== wanted && skip.length > 0)]
  for (const name of order) {
    if (skip.includes(name)) continue
    const found = await admit(name, wanted, context, pictures)
    if ('open' in found) return { backend: found, refused }
    refused.push(found)
  }
  throw new StudioError({
    code: 'unsupported',
    message: `missing backend; none of ${order.join(', ')} can train here: ${refused.map(({ backend, reason }) => `${backend}: ${reason}`).join('; ')}`,
    hint: 'Choose the backend "auto", or use another estimator.',
  })
}

/** Those after `first` that pass too, WASM the last: tfjs on the CPU is never faster than that. */
export async function openRivals(first: BackendName, skip: readonly BackendName[], context: Context, pictures: boolean): Promise<{ readonly backends: readonly Backend[]; readonly refused: readonly Refusal[] }> {
  const [backends, refused]: [Backend[], Refusal[]] = [[], []]
  for (const name of backendOrder.slice(backendOrder.indexOf(first) + 1)) {
    if (name === 'cpu' || skip.includes(name)) continue
    const found = await admit(name, 'auto', context, pictures)
    if ('open' in found) backends.push(found)
    else refused.push(found)
  }
  return { backends, refused }
}
