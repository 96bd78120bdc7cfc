/**
 * Adam on our own kernels: weights, moments and a batch (for tables the whole data set) lie in one WASM
 * memory, and a step is a few calls a layer. Measured beside tfjs's WASM backend, whose steps are made of
 * about a hundred small kernels, in the README.
 */
import type { Team } from '../../../kernels/crew.ts'
import { Layout } from '../../../kernels/layout.ts'
import type { Context } from '../../context.ts'
import { floatsOf, type Layer } from './layers/layer.ts'
import { NetworkRun, openEngine, placeNetwork, type Engine, type Network, type Pass, type Work } from './network.ts'
import { adamRate, chancesOf, type AdamArrays, type StepOptions, type Trainer, type TrainingData, type Verdict } from './trainer.ts'

export type { Network } from './network.ts'

export type NetworkOptions = Pick<StepOptions, 'classes' | 'learningRate' | 'alpha' | 'batchSize' | 'seed' | 'pause'>

/** Loss and rights of a part: two doubles, a cache line of their own. */
const verdictBytes = 64

function place(network: Network, data: TrainingData, { batchSize, classes }: NetworkOptions) {
  const layout = new Layout()
  const floats = (count: number): number => layout.take(count * 4)
  const run = placeNetwork(network, batchSize, layout)
  const parts = Math.ceil(batchSize / run.partRows)
  return { run, inputs: floats(data.inputs.length), targets: floats(data.targets.length), m: floats(run.weights), v: floats(run.weights), rows: floats(batchSize), wanted: floats(batchSize * classes), verdicts: layout.take((data.weights ? batchSize : parts) * verdictBytes), bytes: layout.bytes }
}

class OnKernels implements Trainer {
  readonly #run: NetworkRun
  readonly #options: NetworkOptions
  readonly #data: TrainingData
  readonly #places: ReturnType<typeof place>
  readonly #pause: () => Promise<void> | undefined
  readonly #team: Team | undefined
  #steps: number

  constructor(engine: Engine, network: Network, places: ReturnType<typeof place>, data: TrainingData, options: NetworkOptions, start: AdamArrays) {
    this.#run = new NetworkRun(engine, network, places.run)
    this.#team = engine.team
    this.#places = places
    this.#options = options
    this.#data = data
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
    const { classes } = this.#options
    const { fill } = this.#data
    const first = run.activations[0] as number
    const width = floatsOf(network.input)
    new Uint32Array(kernels.buffer, numbers, rows.length).set(rows)
    fill?.(rows, this.#run.floats(first, rows.length * width), network.input.depth, step)
    return {
      rows({ gather }, _, row, count) {
        gather(targets, classes * 4, numbers + row * 4, count, wanted + row * classes * 4)
        if (!fill) gather(inputs, width * 4, numbers + row * 4, count, first + row * width * 4)
      },
    }
  }

  /** Loss (sum) and rights of what went forward; outputs become their slopes times `scale`, and to learn from times the weights of the rows. */
  #judging(numbers: Uint32Array, scale: number, learning: boolean): Work {
    const { network, places } = this.#run
    const { classes } = this.#options
    const { wanted, verdicts } = this.#places
    const { depth } = (network.layers.at(-1) as Layer).output
    const outputs = places.activations.at(-1) as number
    const { weights } = this.#data
    if (weights) {
      return {
        rows({ squaredLoss, logLoss }, _, row, count) {
          for (let i = row; i < row + count; i++) {
            const [from, truth, out, own] = [outputs + i * depth * 4, wanted + i * classes * 4, verdicts + i * verdictBytes, learning ? scale * (weights[numbers[i] as number] as number) : scale]
            if (classes === 1) squaredLoss(from, 1, depth, truth, own, out)
            else logLoss(from, 1, depth, truth, classes, own, out)
          }
        },
      }
    }
    return {
      rows({ squaredLoss, logLoss }, part, row, count) {
        const [from, truth, out] = [outputs + row * depth * 4, wanted + row * classes * 4, verdicts + part * verdictBytes]
        if (classes === 1) squaredLoss(from, count, depth, truth, scale, out)
        else logLoss(from, count, depth, truth, classes, scale, out)
      },
    }
  }

  /** What `#judging` left, part by part, or row by row where they have weights. */
  #verdict(numbers: Uint32Array): Verdict {
    const { weights } = this.#data
    const found = new Float64Array(this.#run.kernels.buffer, this.#places.verdicts)
    let [loss, right] = [0, 0]
    if (weights) {
      numbers.forEach((row, i) => {
        // A row that does not count is not asked how wrong it is: nothing times infinity would be neither.
        if (weights[row] === 0) return
        loss += (found[(i * verdictBytes) / 8] as number) * (weights[row] as number)
        right += found[(i * verdictBytes) / 8 + 1] as number
      })
      return { loss, right }
    }
    for (let part = 0; part * this.#places.run.partRows < numbers.length; part++) {
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
    const chances = chancesOf(seed, this.#steps, this.#run.network.layers.length)
    const pass: Pass = { training: true, chance: (layer) => chances[layer] as number }
    const count = rows.length
    this.#run.turn()
    await this.#run.do([this.#take(rows, this.#steps), ...this.#run.forwardWork(count, pass), this.#judging(rows, 1 / count, true), ...this.#run.backwardWork(count, pass)], count, this.#pause)
    const { loss, right } = this.#verdict(rows)
    this.#run.update(count, ({ adam }, from, floats, isDecayed) => adam(run.theta + from * 4, m + from * 4, v + from * 4, run.gradient + from * 4, floats, isDecayed ? alpha / count : 0, rate, epsilon))
    return { loss: loss / count, right }
  }

  async judge(rows: Uint32Array, each?: (row: number, probabilities: Float32Array) => void): Promise<Verdict> {
    const { batchSize, classes } = this.#options
    const { depth } = (this.#run.network.layers.at(-1) as Layer).output
    let [loss, right] = [0, 0]
    for (let from = 0; from < rows.length; from += batchSize) {
      const part = rows.subarray(from, from + batchSize)
      await this.#run.do([this.#take(part, undefined), ...this.#run.forwardWork(part.length, { training: false }), this.#judging(part, 1, false)], part.length, this.#pause)
      const verdict = this.#verdict(part)
      loss += verdict.loss
      right += verdict.right
      if (!each || classes === 1) continue
      // What lies there now is probability - target.
      const slopes = this.#run.floats(this.#run.places.activations.at(-1) as number, part.length * depth)
      const targets = this.#run.floats(this.#places.wanted, part.length * classes)
      part.forEach((row, i) => each(row, Float32Array.from({ length: classes }, (_, c) => (slopes[i * depth + c] as number) + (targets[i * classes + c] as number))))
    }
    return { loss: loss / rows.length, right }
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
export async function openKernelTrainer(host: Pick<Context, 'asset' | 'crew'>, network: Network, data: TrainingData, options: NetworkOptions, start: AdamArrays): Promise<Trainer> {
  const places = place(network, data, options)
  // A step goes forward once and back twice.
  const work = 3 * options.batchSize * network.layers.reduce((sum, layer) => sum + layer.work, 0)
  return new OnKernels(await openEngine(places.bytes, work, host), network, places, data, options, start)
}
