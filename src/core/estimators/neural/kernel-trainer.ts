/**
 * Adam on our own kernels: the whole data set, weights and moments lie in one WASM memory, and a step is
 * a few calls a layer with nothing copied between them. Measured beside tfjs's WASM backend, whose steps
 * are made of about a hundred small kernels, in the README.
 */
import { StudioError } from '../../errors.ts'
import { Layout } from '../../../kernels/layout.ts'
import { compiledNeuralKernels, type NeuralKernels } from '../../../kernels/neural.ts'
import { plainNeuralKernels } from '../../../kernels/neural-plain.ts'
import { denseLayer } from './layers/dense.ts'
import { floatsOf, type Layer, type Shape } from './layers/layer.ts'
import { adamRate, type AdamArrays, type MlpData, type StepOptions, type Trainer } from './trainer.ts'

/** Layers in order; the last has as many outputs as there are classes, or one. */
export interface Network {
  /** The input's channels are not padded: depth = channels. */
  readonly input: Shape
  readonly layers: readonly Layer[]
}
type NetworkOptions = Pick<StepOptions, 'classes' | 'learningRate' | 'alpha' | 'batchSize'>

/** The layers of a multi-layer perceptron. */
export function denseNetwork({ sizes, activation }: Pick<StepOptions, 'sizes' | 'activation'>): Network {
  const input: Shape = { height: 1, width: 1, channels: sizes[0] as number, depth: sizes[0] as number }
  let shape = input
  const layers = sizes.slice(1).map((outputs, i) => {
    const layer = denseLayer(shape, outputs, i + 2 < sizes.length ? activation : undefined)
    shape = layer.output
    return layer
  })
  return { input, layers }
}

function place({ input, layers }: Network, data: MlpData, { batchSize, classes }: NetworkOptions) {
  const layout = new Layout()
  const floats = (count: number): number => layout.take(count * 4)
  const sum = (read: (layer: Layer) => number): number => layers.reduce((total, layer) => total + read(layer), 0)
  const weights = sum((layer) => layer.weights)
  const widest = Math.max(...layers.map(({ output }) => floatsOf(output)))
  return {
    weights,
    flatWeights: sum((layer) => layer.flatWeights),
    inputs: floats(data.inputs.length),
    targets: floats(data.targets.length),
    theta: floats(weights),
    m: floats(weights),
    v: floats(weights),
    gradient: floats(weights),
    rows: floats(batchSize),
    /** The first holds the inputs of the batch, the others the outputs of the layers. */
    activations: [floats(batchSize * floatsOf(input)), ...layers.map(({ output }) => floats(batchSize * floatsOf(output)))],
    wanted: floats(batchSize * classes),
    deltas: [floats(batchSize * widest), floats(batchSize * widest)] as const,
    scratch: floats(Math.max(...layers.map((layer) => layer.scratch))),
    bytes: layout.bytes,
  }
}
type Places = ReturnType<typeof place>

class KernelTrainer implements Trainer {
  readonly #kernels: NeuralKernels
  readonly #network: Network
  readonly #options: NetworkOptions
  readonly #places: Places
  #steps: number

  constructor(kernels: NeuralKernels, network: Network, places: Places, data: MlpData, options: NetworkOptions, start: AdamArrays) {
    this.#kernels = kernels
    this.#network = network
    this.#places = places
    this.#options = options
    this.#steps = start.steps
    const { buffer } = kernels
    new Float32Array(buffer, places.inputs, data.inputs.length).set(data.inputs)
    new Float32Array(buffer, places.targets, data.targets.length).set(data.targets)
    for (const name of ['theta', 'm', 'v'] as const) {
      const here = new Float32Array(buffer, places[name], places.weights)
      this.#eachRun((flat, at, count) => here.set(start[name].subarray(flat, flat + count), at))
    }
  }

  #eachRun(visit: (flat: number, here: number, count: number) => void): void {
    let [flatFrom, from] = [0, 0]
    for (const layer of this.#network.layers) {
      layer.eachRun((flat, here, count) => visit(flatFrom + flat, from + here, count))
      flatFrom += layer.flatWeights
      from += layer.weights
    }
  }

  /** Fills the activations with these rows and their way through the network; the last are the raw outputs. */
  #forward(rows: Uint32Array): void {
    const { buffer, gather } = this.#kernels
    const { input, layers } = this.#network
    const places = this.#places
    new Uint32Array(buffer, places.rows, rows.length).set(rows)
    gather(places.inputs, floatsOf(input) * 4, places.rows, rows.length, places.activations[0] as number)
    gather(places.targets, this.#options.classes * 4, places.rows, rows.length, places.wanted)
    let weights = places.theta
    layers.forEach((layer, i) => {
      layer.forward(this.#kernels, { input: places.activations[i] as number, output: places.activations[i + 1] as number, weights, scratch: places.scratch }, rows.length)
      weights += layer.weights * 4
    })
  }

  /** Loss of what `#forward` left; outputs become their slopes times `scale`. */
  #judge(count: number, scale: number): number {
    const { logLoss, squaredLoss } = this.#kernels
    const { classes } = this.#options
    const { activations, wanted } = this.#places
    const { output } = this.#network.layers.at(-1) as Layer
    const outputs = activations.at(-1) as number
    return classes === 1 ? squaredLoss(outputs, count, output.depth, wanted, scale) : logLoss(outputs, count, output.depth, wanted, classes, scale)
  }

  #backward(count: number): void {
    const { layers } = this.#network
    const places = this.#places
    let delta = places.activations.at(-1) as number
    let from = places.weights
    for (let i = layers.length - 1; i >= 0; i--) {
      const layer = layers[i] as Layer
      from -= layer.weights
      const at = { input: places.activations[i] as number, output: places.activations[i + 1] as number, weights: places.theta + from * 4, gradient: places.gradient + from * 4, scratch: places.scratch, delta }
      const inputDelta = places.deltas[i % 2] as number
      layer.backward(this.#kernels, i > 0 ? { ...at, inputDelta } : at, count)
      delta = inputDelta
    }
  }

  async step(rows: Uint32Array): Promise<number> {
    this.#steps++
    const { alpha, learningRate } = this.#options
    const { rate, epsilon } = adamRate(learningRate, this.#steps)
    const { theta, m, v, gradient } = this.#places
    this.#forward(rows)
    const loss = this.#judge(rows.length, 1 / rows.length) / rows.length
    this.#backward(rows.length)
    const update = (from: number, count: number, decay: number): void => {
      if (count > 0) this.#kernels.adam(theta + from * 4, m + from * 4, v + from * 4, gradient + from * 4, count, decay, rate, epsilon)
    }
    let from = 0
    for (const { weights, decayed } of this.#network.layers) {
      update(from, decayed, alpha / rows.length)
      update(from + decayed, weights - decayed, 0)
      from += weights
    }
    return loss
  }

  async loss(rows: Uint32Array): Promise<number> {
    const { batchSize } = this.#options
    let sum = 0
    for (let from = 0; from < rows.length; from += batchSize) {
      const part = rows.subarray(from, from + batchSize)
      this.#forward(part)
      sum += this.#judge(part.length, 1)
    }
    return sum / rows.length
  }

  async read(): Promise<AdamArrays> {
    const { weights, flatWeights, theta, m, v } = this.#places
    const copy = (from: number): Float32Array => {
      const here = new Float32Array(this.#kernels.buffer, from, weights)
      const flat = new Float32Array(flatWeights)
      this.#eachRun((to, at, count) => flat.set(here.subarray(at, at + count), to))
      return flat
    }
    return { theta: copy(theta), m: copy(m), v: copy(v), steps: this.#steps }
  }

  dispose(): void {}
}

/**
 * @param wasm bytes of neural.wasm; without them the plain twin trains, with the same bits
 * @throws StudioError out-of-memory naming what it needs
 */
export async function openKernelTrainer(wasm: ArrayBuffer | undefined, network: Network, data: MlpData, options: NetworkOptions, start: AdamArrays): Promise<Trainer> {
  const places = place(network, data, options)
  try {
    const kernels = wasm ? await compiledNeuralKernels(wasm, places.bytes) : plainNeuralKernels(places.bytes)
    return new KernelTrainer(kernels, network, places, data, options, start)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new StudioError({
      code: 'out-of-memory',
      message: `missing memory; a network of this size on these rows needs ${Math.ceil(places.bytes / 2 ** 20)} MiB`,
      hint: 'Use fewer rows, smaller layers or smaller batches, or close other tabs.',
      cause,
    })
  }
}
