/**
 * Adam on our own kernels: weights, moments and a batch (for tables the whole data set) lie in one WASM
 * memory, and a step is a few calls a layer. Measured beside tfjs's WASM backend, whose steps are made of
 * about a hundred small kernels, in the README.
 */
import type { Team } from '../../../kernels/crew.ts'
import { Layout } from '../../../kernels/layout.ts'
import type { Context } from '../../context.ts'
import { createRng } from '../../math/rng.ts'
import { denseLayer } from './layers/dense.ts'
import { floatsOf, type Layer, type Shape } from './layers/layer.ts'
import { NetworkRun, openEngine, placeNetwork, type Engine, type Network, type Pass, type Work } from './network.ts'
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

/** Loss and rights of a part: two doubles, a cache line of their own. */
const verdictBytes = 64

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
  const parts = Math.ceil(batchSize / run.partRows)
  return { run, inputs: floats(data.inputs.length), targets: floats(data.targets.length), m: floats(run.weights), v: floats(run.weights), rows: floats(batchSize), wanted: floats(batchSize * classes), verdicts: layout.take(parts * verdictBytes), bytes: layout.bytes }
}

class OnKernels implements KernelTrainer {
  readonly #run: NetworkRun
  readonly #options: NetworkOptions
  readonly #places: ReturnType<typeof place>
  readonly #pause: () => Promise<void> | undefined
  readonly #team: Team | undefined
  #steps: number

  constructor(engine: Engine, network: Network, places: ReturnType<typeof place>, data: MlpData, options: NetworkOptions, start: AdamArrays) {
    this.#run = new NetworkRun(engine, network, places.run)
    this.#team = engine.team
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

  /** Brings rows into the first activation: here, or in the piece of work that it returns. */
  #take(rows: Uint32Array, step: number | undefined): Work {
    const { kernels, network } = this.#run
    const { inputs, targets, wanted, run, rows: numbers } = this.#places
    const { classes, fill } = this.#options
    const first = run.activations[0] as number
    const width = floatsOf(network.input)
    new Uint32Array(kernels.buffer, numbers, rows.length).set(rows)
    fill?.(rows, this.#run.floats(first, rows.length * width), step)
    return {
      rows({ gather }, _, row, count) {
        gather(targets, classes * 4, numbers + row * 4, count, wanted + row * classes * 4)
        if (!fill) gather(inputs, width * 4, numbers + row * 4, count, first + row * width * 4)
      },
    }
  }

  /** Loss (sum) and rights of what went forward; outputs become their slopes times `scale`. */
  #judging(scale: number): Work {
    const { network, places } = this.#run
    const { classes } = this.#options
    const { wanted, verdicts } = this.#places
    const { depth } = (network.layers.at(-1) as Layer).output
    const outputs = places.activations.at(-1) as number
    return {
      rows({ squaredLoss, logLoss }, part, row, count) {
        const [from, truth, out] = [outputs + row * depth * 4, wanted + row * classes * 4, verdicts + part * verdictBytes]
        if (classes === 1) squaredLoss(from, count, depth, truth, scale, out)
        else logLoss(from, count, depth, truth, classes, scale, out)
      },
    }
  }

  /** What `#judging` left, part by part. */
  #verdict(count: number): Verdict {
    const found = new Float64Array(this.#run.kernels.buffer, this.#places.verdicts)
    let [loss, right] = [0, 0]
    for (let part = 0; part * this.#places.run.partRows < count; part++) {
      loss += found[(part * verdictBytes) / 8] as number
      right += found[(part * verdictBytes) / 8 + 1] as number
    }
    return { loss, right }
  }

  async learn(rows: Uint32Array): Promise<Verdict> {
    this.#steps++
    const { alpha, learningRate, seed = 0 } = this.#options
    const { rate, epsilon } = adamRate(learningRate, this.#steps)
    const { m, v, run } = this.#places
    const rng = createRng(seed).fork(`step ${this.#steps}`)
    const chances = this.#run.network.layers.map(() => rng.int(2 ** 32))
    const pass: Pass = { training: true, chance: (layer) => chances[layer] as number }
    const count = rows.length
    this.#run.turn()
    await this.#run.do([this.#take(rows, this.#steps), ...this.#run.forwardWork(count, pass), this.#judging(1 / count), ...this.#run.backwardWork(count, pass)], count, this.#pause)
    const { loss, right } = this.#verdict(count)
    this.#run.update(count, ({ adam }, from, floats, isDecayed) => adam(run.theta + from * 4, m + from * 4, v + from * 4, run.gradient + from * 4, floats, isDecayed ? alpha / count : 0, rate, epsilon))
    return { loss: loss / count, right }
  }

  async judge(rows: Uint32Array): Promise<Verdict> {
    const { batchSize } = this.#options
    let [loss, right] = [0, 0]
    for (let from = 0; from < rows.length; from += batchSize) {
      const part = rows.subarray(from, from + batchSize)
      await this.#run.do([this.#take(part, undefined), ...this.#run.forwardWork(part.length, { training: false }), this.#judging(1)], part.length, this.#pause)
      const verdict = this.#verdict(part.length)
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

  dispose(): void {
    this.#team?.end()
  }
}

/** @throws StudioError out-of-memory naming what it needs */
export async function openKernelTrainer(host: Pick<Context, 'asset' | 'crew'>, network: Network, data: MlpData, options: NetworkOptions, start: AdamArrays): Promise<KernelTrainer> {
  const places = place(network, data, options)
  // A step goes forward once and back twice.
  const work = 3 * options.batchSize * network.layers.reduce((sum, layer) => sum + layer.work, 0)
  return new OnKernels(await openEngine(places.bytes, work, host), network, places, data, options, start)
}
