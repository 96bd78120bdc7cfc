/**
 * Adam on our own kernels: the whole data set, weights and moments lie in one WASM memory, and a step is
 * about ten calls a layer with nothing copied between them. Measured beside tfjs's WASM backend, whose
 * steps are made of about a hundred small kernels, in the README.
 */
import { StudioError } from '../../errors.ts'
import { plainNeuralKernels } from '../../../kernels/neural-plain.ts'
import { activationCodes, compiledNeuralKernels, widthPadding, type NeuralKernels } from '../../../kernels/neural.ts'
import { Layout } from '../../../kernels/layout.ts'
import { layersOf, type LayerSlice, type Sizes } from './dense.ts'
import { adamRate, type AdamArrays, type MlpData, type StepOptions, type Trainer } from './trainer.ts'

interface PlacedLayer extends LayerSlice {
  /** Outputs padded to whole vectors. */
  readonly width: number
  /** Rows of the weights as they lie here: the padded width of the layer before. */
  readonly depth: number
  /** Offset in floats of weights and biases within theta, m, v and gradient as they lie here. */
  readonly at: number
  readonly biasesAt: number
}
interface Places {
  readonly layers: readonly PlacedLayer[]
  /** Floats of theta, padding included. */
  readonly weights: number
  readonly inputs: number
  readonly targets: number
  readonly theta: number
  readonly m: number
  readonly v: number
  readonly gradient: number
  readonly rows: number
  /** activations[0] are the inputs of the batch, activations[i] the outputs of layer i - 1. */
  readonly activations: readonly number[]
  readonly wanted: number
  readonly delta: number
  readonly nextDelta: number
  readonly turned: number
  readonly bytes: number
}

const padded = (width: number): number => Math.ceil(width / widthPadding) * widthPadding

function place(data: MlpData, options: StepOptions): Places {
  let at = 0
  const sizes: Sizes = options.sizes
  const layers = layersOf(sizes).map((layer, i): PlacedLayer => {
    const [width, depth] = [padded(layer.outputs), i === 0 ? layer.inputs : padded(layer.inputs)]
    const placed = { ...layer, width, depth, at, biasesAt: at + depth * width }
    at = placed.biasesAt + width
    return placed
  })
  const widest = Math.max(...layers.map(({ width }) => width))
  const layout = new Layout()
  const floats = (count: number): number => layout.take(count * 4)
  const batch = options.batchSize
  const inputs = sizes[0] as number
  return {
    layers,
    weights: at,
    inputs: floats(data.rows * inputs),
    targets: floats(data.rows * options.classes),
    theta: floats(at),
    m: floats(at),
    v: floats(at),
    gradient: floats(at),
    rows: floats(batch),
    activations: [floats(batch * inputs), ...layers.map(({ width }) => floats(batch * width))],
    wanted: floats(batch * options.classes),
    delta: floats(batch * widest),
    nextDelta: floats(batch * widest),
    turned: floats(Math.max(...layers.map(({ width, depth }) => width * padded(depth)))),
    bytes: layout.bytes,
  }
}

/** Copies between the flat order of dense.ts and the padded one here. */
function eachRow(layers: readonly PlacedLayer[], visit: (flat: number, here: number, count: number) => void): void {
  for (const layer of layers) {
    for (let i = 0; i < layer.inputs; i++) visit(layer.weights + i * layer.outputs, layer.at + i * layer.width, layer.outputs)
    visit(layer.biases, layer.biasesAt, layer.outputs)
  }
}

class KernelTrainer implements Trainer {
  readonly #kernels: NeuralKernels
  readonly #options: StepOptions
  readonly #places: Places
  #steps: number

  constructor(kernels: NeuralKernels, places: Places, data: MlpData, options: StepOptions, start: AdamArrays) {
    this.#kernels = kernels
    this.#places = places
    this.#options = options
    this.#steps = start.steps
    const { buffer } = kernels
    new Float32Array(buffer, places.inputs, data.inputs.length).set(data.inputs)
    new Float32Array(buffer, places.targets, data.targets.length).set(data.targets)
    for (const name of ['theta', 'm', 'v'] as const) {
      const here = new Float32Array(buffer, places[name], places.weights)
      eachRow(places.layers, (flat, at, count) => here.set(start[name].subarray(flat, flat + count), at))
    }
  }

  /** Fills the activations with these rows and their way through the network; the last are the raw outputs. */
  #forward(rows: Uint32Array): void {
    const { buffer, gather, multiply, activate } = this.#kernels
    const { sizes, classes, activation } = this.#options
    const places = this.#places
    const count = rows.length
    new Uint32Array(buffer, places.rows, count).set(rows)
    gather(places.inputs, (sizes[0] as number) * 4, places.rows, count, places.activations[0] as number)
    gather(places.targets, classes * 4, places.rows, count, places.wanted)
    places.layers.forEach((layer, i) => {
      const before = i === 0 ? layer.inputs : layer.depth
      const out = places.activations[i + 1] as number
      multiply(places.activations[i] as number, before * 4, 4, places.theta + layer.at * 4, layer.width * 4, out, layer.width * 4, places.theta + layer.biasesAt * 4, 0, count, layer.width, layer.inputs)
      if (i + 1 < places.layers.length) activate(out, count, layer.width, layer.outputs, activationCodes[activation])
    })
  }

  /** Loss of what `#forward` left; outputs become their slopes times `scale`. */
  #judge(count: number, scale: number): number {
    const { logLoss, squaredLoss } = this.#kernels
    const { classes } = this.#options
    const { activations, layers, wanted } = this.#places
    const out = activations[layers.length] as number
    const width = (layers.at(-1) as PlacedLayer).width
    return classes === 1 ? squaredLoss(out, count, width, wanted, scale) : logLoss(out, count, width, wanted, classes, scale)
  }

  #backward(count: number): void {
    const { multiply, sumColumns, transpose, slope } = this.#kernels
    const { activation } = this.#options
    const places = this.#places
    let delta = places.activations[places.layers.length] as number
    for (let i = places.layers.length - 1; i >= 0; i--) {
      const layer = places.layers[i] as PlacedLayer
      const before = places.activations[i] as number
      const beforeBytes = (i === 0 ? layer.inputs : layer.depth) * 4
      const widthBytes = layer.width * 4
      multiply(before, 4, beforeBytes, delta, widthBytes, places.gradient + layer.at * 4, widthBytes, 0, 0, layer.inputs, layer.width, count)
      sumColumns(delta, widthBytes, count, layer.width, places.gradient + layer.biasesAt * 4)
      if (i === 0) return
      transpose(places.theta + layer.at * 4, widthBytes, layer.depth, layer.width, places.turned, layer.depth * 4)
      const next = delta === places.delta ? places.nextDelta : places.delta
      multiply(delta, widthBytes, 4, places.turned, layer.depth * 4, next, layer.depth * 4, 0, 0, count, layer.depth, layer.outputs)
      slope(next, before, count * layer.depth, activationCodes[activation])
      delta = next
    }
  }

  async step(rows: Uint32Array): Promise<number> {
    this.#steps++
    const { rate, epsilon } = adamRate(this.#options.learningRate, this.#steps)
    const { theta, m, v, gradient, layers } = this.#places
    this.#forward(rows)
    const loss = this.#judge(rows.length, 1 / rows.length) / rows.length
    this.#backward(rows.length)
    for (const { at, biasesAt, width } of layers) {
      const update = (from: number, to: number, decay: number): void =>
        this.#kernels.adam(theta + from * 4, m + from * 4, v + from * 4, gradient + from * 4, to - from, decay, rate, epsilon)
      update(at, biasesAt, this.#options.alpha / rows.length)
      update(biasesAt, biasesAt + width, 0)
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
    const { layers, weights, ...places } = this.#places
    const copy = (from: number): Float32Array => {
      const here = new Float32Array(this.#kernels.buffer, from, weights)
      const last = layers.at(-1) as PlacedLayer
      const flat = new Float32Array(last.biases + last.outputs)
      eachRow(layers, (to, at, count) => flat.set(here.subarray(at, at + count), to))
      return flat
    }
    return { theta: copy(places.theta), m: copy(places.m), v: copy(places.v), steps: this.#steps }
  }

  dispose(): void {}
}

/**
 * @param wasm bytes of neural.wasm; without them the plain twin trains, with the same bits
 * @throws StudioError out-of-memory naming what it needs
 */
export async function openKernelTrainer(wasm: ArrayBuffer | undefined, data: MlpData, options: StepOptions, start: AdamArrays): Promise<Trainer> {
  const places = place(data, options)
  try {
    const kernels = wasm ? await compiledNeuralKernels(wasm, places.bytes) : plainNeuralKernels(places.bytes)
    return new KernelTrainer(kernels, places, data, options, start)
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
