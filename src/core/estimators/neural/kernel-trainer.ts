/**
 * Adam on our own kernels: weights, moments and a batch (for tables the whole data set) lie in one WASM
 * memory, and a step is a few calls a layer. Measured beside tfjs's WASM backend, whose steps are made of
 * about a hundred small kernels, in the README.
 */
import { Layout } from '../../../kernels/layout.ts'
import type { NeuralKernels } from '../../../kernels/neural.ts'
import { createRng } from '../../math/rng.ts'
import { denseLayer } from './layers/dense.ts'
import { floatsOf, type Layer, type Shape } from './layers/layer.ts'
import { NetworkRun, openKernels, placeNetwork, type Network, type Pass } from './network.ts'
import { adamRate, type AdamArrays, type MlpData, type StepOptions, type Trainer } from './trainer.ts'

export type { Network } from './network.ts'

export interface NetworkOptions extends Pick<StepOptions, 'classes' | 'learningRate' | 'alpha' | 'batchSize'> {
  /** Where dropout takes its chance from; default 0. */
  readonly seed?: number
  /**
   * Writes the inputs of these rows, where `data.inputs` is empty: pictures are too large to lie in the memory twice.
   * @param step the training step they are for (from 1), undefined where they are judged
   */
  fill?(rows: Uint32Array, into: Float32Array, step: number | undefined): void
  /** Awaited between layers, so that a long step can be cancelled. */
  pause?(): Promise<void> | undefined
}
export interface Verdict {
  /** Mean over the rows. */
  readonly loss: number
  /** Rows whose largest output is their class; 0 for regression. */
  readonly right: number
}
/** What a network of our own adds to a trainer. */
export interface KernelTrainer extends Trainer {
  /** Adam's step with the verdict on its rows before it. */
  learn(rows: Uint32Array): Promise<Verdict>
  judge(rows: Uint32Array): Promise<Verdict>
}

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

function place(network: Network, data: MlpData, { batchSize, classes }: NetworkOptions) {
  const layout = new Layout()
  const floats = (count: number): number => layout.take(count * 4)
  const run = placeNetwork(network, batchSize, layout)
  return { run, inputs: floats(data.inputs.length), targets: floats(data.targets.length), m: floats(run.weights), v: floats(run.weights), rows: floats(batchSize), wanted: floats(batchSize * classes), bytes: layout.bytes }
}

class OnKernels implements KernelTrainer {
  readonly #run: NetworkRun
  readonly #options: NetworkOptions
  readonly #places: ReturnType<typeof place>
  readonly #pause: () => Promise<void> | undefined
  #steps: number

  constructor(kernels: NeuralKernels, network: Network, places: ReturnType<typeof place>, data: MlpData, options: NetworkOptions, start: AdamArrays) {
    this.#run = new NetworkRun(kernels, network, places.run)
    this.#places = places
    this.#options = options
    this.#pause = () => options.pause?.()
    this.#steps = start.steps
    this.#run.floats(places.inputs, data.inputs.length).set(data.inputs)
    this.#run.floats(places.targets, data.targets.length).set(data.targets)
    this.#run.write(places.run.theta, start.theta)
    this.#run.write(places.m, start.m)
    this.#run.write(places.v, start.v)
  }

  #take(rows: Uint32Array, step: number | undefined): void {
    const { kernels, network } = this.#run
    const { inputs, targets, wanted, run, rows: numbers } = this.#places
    const first = run.activations[0] as number
    const width = floatsOf(network.input)
    new Uint32Array(kernels.buffer, numbers, rows.length).set(rows)
    kernels.gather(targets, this.#options.classes * 4, numbers, rows.length, wanted)
    if (this.#options.fill) this.#options.fill(rows, this.#run.floats(first, rows.length * width), step)
    else kernels.gather(inputs, width * 4, numbers, rows.length, first)
  }

  /** Loss (sum) and rights of what `forward` left; outputs become their slopes times `scale`. */
  #verdict(count: number, scale: number): Verdict {
    const { kernels, network, places } = this.#run
    const { classes } = this.#options
    const { wanted } = this.#places
    const { depth } = (network.layers.at(-1) as Layer).output
    const outputs = places.activations.at(-1) as number
    if (classes === 1) return { loss: kernels.squaredLoss(outputs, count, depth, wanted, scale), right: 0 }
    const scores = this.#run.floats(outputs, count * depth)
    const truth = this.#run.floats(wanted, count * classes)
    let right = 0
    for (let row = 0; row < count; row++) {
      let best = 0
      for (let c = 1; c < classes; c++) if ((scores[row * depth + c] as number) > (scores[row * depth + best] as number)) best = c
      if (truth[row * classes + best] === 1) right++
    }
    return { loss: kernels.logLoss(outputs, count, depth, wanted, classes, scale), right }
  }

  async learn(rows: Uint32Array): Promise<Verdict> {
    this.#steps++
    const { alpha, learningRate, seed = 0 } = this.#options
    const { rate, epsilon } = adamRate(learningRate, this.#steps)
    const { m, v, run } = this.#places
    const rng = createRng(seed).fork(`step ${this.#steps}`)
    const chances = this.#run.network.layers.map(() => rng.int(2 ** 32))
    const pass: Pass = { training: true, chance: (layer) => chances[layer] as number }
    this.#take(rows, this.#steps)
    await this.#run.forward(rows.length, pass, this.#pause)
    const { loss, right } = this.#verdict(rows.length, 1 / rows.length)
    await this.#run.backward(rows.length, pass, this.#pause)
    const update = (from: number, count: number, decay: number): void => {
      if (count > 0) this.#run.kernels.adam(run.theta + from * 4, m + from * 4, v + from * 4, run.gradient + from * 4, count, decay, rate, epsilon)
    }
    let from = 0
    for (const { weights, decayed } of this.#run.network.layers) {
      update(from, decayed, alpha / rows.length)
      update(from + decayed, weights - decayed, 0)
      from += weights
    }
    return { loss: loss / rows.length, right }
  }

  async judge(rows: Uint32Array): Promise<Verdict> {
    const { batchSize } = this.#options
    let [loss, right] = [0, 0]
    for (let from = 0; from < rows.length; from += batchSize) {
      const part = rows.subarray(from, from + batchSize)
      this.#take(part, undefined)
      await this.#run.forward(part.length, { training: false }, this.#pause)
      const verdict = this.#verdict(part.length, 1)
      loss += verdict.loss
      right += verdict.right
    }
    return { loss: loss / rows.length, right }
  }

  async step(rows: Uint32Array): Promise<number> {
    return (await this.learn(rows)).loss
  }

  async loss(rows: Uint32Array): Promise<number> {
    return (await this.judge(rows)).loss
  }

  async read(): Promise<AdamArrays> {
    const { m, v, run } = this.#places
    return { theta: this.#run.read(run.theta), m: this.#run.read(m), v: this.#run.read(v), steps: this.#steps }
  }

  dispose(): void {}
}

/**
 * @param wasm bytes of neural.wasm; without them the plain twin trains, with the same bits
 * @throws StudioError out-of-memory naming what it needs
 */
export async function openKernelTrainer(wasm: ArrayBuffer | undefined, network: Network, data: MlpData, options: NetworkOptions, start: AdamArrays): Promise<KernelTrainer> {
  const places = place(network, data, options)
  return new OnKernels(await openKernels(wasm, places.bytes), network, places, data, options, start)
}
