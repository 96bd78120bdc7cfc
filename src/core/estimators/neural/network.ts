/** A network laid out in one memory of our kernels: forward and backward through its layers, batch by batch, on one thread or several. */
import { compiledNeuralKernels, sharedNeuralKernels, type NeuralKernels } from '../../../kernels/neural.ts'
import { plainNeuralKernels } from '../../../kernels/neural-plain.ts'
import type { Call, Team } from '../../../kernels/crew.ts'
import type { Layout } from '../../../kernels/layout.ts'
import type { Context } from '../../context.ts'
import { StudioError } from '../../errors.ts'
import { floatsOf, type BackwardPlaces, type Layer, type Shape } from './layers/layer.ts'

/** Layers in order; the last has as many outputs as there are classes, or one. */
export interface Network {
  /** The depth is that of the numbers as they come in: often the channels, without padding. */
  readonly input: Shape
  readonly layers: readonly Layer[]
}
export const flatWeightsOf = ({ layers }: Network): number => layers.reduce((sum, layer) => sum + layer.flatWeights, 0)

/** Byte offsets of what a pass through the network needs. */
export interface NetworkPlaces {
  /** Floats of weights, padding included. */
  readonly weights: number
  readonly theta: number
  /** One behind the other for each part of a batch, `gradientBytes` apart; their sum ends in the first. */
  readonly gradient: number
  readonly gradientBytes: number
  /** The first holds the inputs of the batch, the others the outputs of the layers. */
  readonly activations: readonly number[]
  readonly memories: readonly number[]
  readonly turned: readonly number[]
  /** Slopes by the input of each layer. */
  readonly deltas: readonly number[]
  /** One behind the other for each part. */
  readonly scratch: number
  readonly scratchBytes: number
  /** Rows of a part. Slopes are added up part by part, so the bits do not depend on how many threads there are. */
  readonly partRows: number
}

/** Rows of a part at least: fewer are not worth their own slopes. */
const fewRows = 16
/** Each part has slopes of its own, so large networks get few of them. */
const mostParts = (weights: number): number => (weights > 2 ** 20 ? 2 : weights > 2 ** 17 ? 4 : 8)

/** @param learns whether slopes will be asked for; without them the pass takes half the room */
export function placeNetwork({ input, layers }: Network, batchSize: number, layout: Layout, learns = true): NetworkPlaces {
  const floats = (count: number): number => layout.take(count * 4)
  const aligned = (count: number): number => Math.ceil(count / 16) * 64
  const weights = layers.reduce((total, layer) => total + layer.weights, 0)
  const partRows = Math.max(fewRows, Math.ceil(batchSize / mostParts(weights)))
  const parts = Math.ceil(batchSize / partRows)
  const [gradientBytes, scratchBytes] = [aligned(weights), aligned(Math.max(...layers.map((layer) => layer.scratch)))]
  const shapes = [input, ...layers.map(({ output }) => output)]
  return {
    weights,
    theta: floats(weights),
    gradient: learns ? layout.take(parts * gradientBytes) : 0,
    gradientBytes,
    activations: shapes.map((shape) => floats(batchSize * floatsOf(shape))),
    memories: layers.map((layer) => floats(layer.memory ?? 0)),
    turned: layers.map((layer) => (learns ? floats(layer.turned ?? 0) : 0)),
    deltas: shapes.slice(0, -1).map((shape) => (learns ? floats(batchSize * floatsOf(shape)) : 0)),
    scratch: layout.take(parts * scratchBytes),
    scratchBytes,
    partRows,
  }
}

/** Kernels, and who helps. */
export interface Engine {
  readonly kernels: NeuralKernels
  /** Whoever opened it lets it go. */
  readonly team?: Team
}

const asked = (bytes: number, cause: unknown): unknown =>
  cause instanceof RangeError
    ? new StudioError({
        code: 'out-of-memory',
        message: `missing memory; a network of this size on these rows needs ${Math.ceil(bytes / 2 ** 20)} MiB`,
        hint: 'Use fewer rows, smaller layers or smaller batches, or close other tabs.',
        cause,
      })
    : cause

/**
 * Kernels over a memory of this size: compiled from neural.wasm, or the plain twin where there is none, with the same bits.
 * @throws StudioError out-of-memory naming what it needs
 */
export async function openKernels(wasm: ArrayBuffer | undefined, bytes: number): Promise<NeuralKernels> {
  try {
    return wasm ? await compiledNeuralKernels(wasm, bytes) : plainNeuralKernels(bytes)
  } catch (cause) {
    throw asked(bytes, cause)
  }
}

/** Multiplications of a step below which sharing it costs more than it saves. */
const workWorthSharing = 2 ** 19

/** Kernels on as many threads as there are and the work is worth. @param work multiplications of a step */
export async function openEngine(bytes: number, work: number, context: Pick<Context, 'asset' | 'crew'>): Promise<Engine> {
  const { crew } = context
  if (crew && crew.threads > 1 && work >= workWorthSharing) {
    const shared = await context.asset('neural-shared.wasm').catch(() => undefined)
    // Where memory that is shared is refused, plain memory may be had.
    const engine = shared && (await sharedNeuralKernels(shared, bytes, crew).catch(() => undefined))
    if (engine) return engine
  }
  return { kernels: await openKernels(await context.asset('neural.wasm').catch(() => undefined), bytes) }
}

/** How a batch goes forward. Chance: u32 for a layer; a pause lets cancel through between layers that take long. */
export interface Pass {
  readonly training: boolean
  chance?(layer: number): number
}

/** A piece of work on a batch: for some rows by themselves, in kernel calls alone, or for all of them at once. */
export type Work = { rows(kernels: NeuralKernels, part: number, first: number, count: number): void } | { all(): void }

/** Multiplications after which a piece of work ends a round, so that cancel gets its chance: some 20 ms. */
const longRound = 2 ** 28

export class NetworkRun {
  readonly kernels: NeuralKernels
  readonly network: Network
  readonly places: NetworkPlaces
  readonly #team: Team | undefined
  /** The same functions; they write calls down. */
  readonly #recorder: NeuralKernels
  #list: Call[] = []
  readonly #work: number

  constructor({ kernels, team }: Engine, network: Network, places: NetworkPlaces) {
    this.kernels = kernels
    this.network = network
    this.places = places
    this.#team = team
    this.#work = network.layers.reduce((sum, layer) => sum + layer.work, 0)
    const names = Object.keys(kernels).filter((name) => typeof kernels[name as keyof NeuralKernels] === 'function')
    this.#recorder = { ...Object.fromEntries(names.map((name) => [name, (...numbers: number[]) => void this.#list.push([name, ...numbers])])), buffer: kernels.buffer } as unknown as NeuralKernels
  }

  /** Lists of calls, each made in order, that do not touch one another's results. */
  eachList(lists: readonly ((kernels: NeuralKernels) => void)[]): void {
    if (!this.#team) {
      for (const make of lists) make(this.kernels)
      return
    }
    this.#team.runLists(
      lists.map((make) => {
        this.#list = []
        make(this.#recorder)
        return this.#list
      }),
    )
  }

  readonly #each = (calls: readonly Call[]): void => {
    this.eachList(calls.map(([name, ...numbers]) => (kernels) => (kernels as unknown as Record<string, (...numbers: number[]) => void>)[name]?.(...numbers)))
  }

  /** Does pieces of work in order; rows that lie in one part stay together through as many as possible. @param pause awaited where a round took long */
  async do(works: readonly Work[], count: number, pause: () => Promise<void> | undefined): Promise<void> {
    const { partRows } = this.places
    const isLong = this.#work * count > longRound
    for (let from = 0; from < works.length; ) {
      const first = works[from] as Work
      let to = from + 1
      if ('all' in first) first.all()
      else {
        while (to < works.length && !isLong && 'rows' in (works[to] as Work)) to++
        const together = works.slice(from, to) as Extract<Work, { rows: unknown }>[]
        this.eachList(
          Array.from({ length: Math.ceil(count / partRows) }, (_, part) => (kernels: NeuralKernels): void => {
            const row = part * partRows
            for (const work of together) work.rows(kernels, part, row, Math.min(partRows, count - row))
          }),
        )
      }
      from = to
      const waiting = pause()
      if (waiting) await waiting
    }
  }

  /** A view of numbers in the memory. */
  floats(pointer: number, count: number): Float32Array {
    return new Float32Array(this.kernels.buffer, pointer, count)
  }

  #eachRun(visit: (flat: number, here: number, count: number) => void): void {
    let [flatFrom, from] = [0, 0]
    for (const layer of this.network.layers) {
      layer.eachRun((flat, here, count) => visit(flatFrom + flat, from + here, count))
      flatFrom += layer.flatWeights
      from += layer.weights
    }
  }

  /** Spreads numbers without padding over an array of weights at `pointer`. */
  write(pointer: number, flat: Float32Array): void {
    const here = this.floats(pointer, this.places.weights)
    this.#eachRun((from, at, count) => here.set(flat.subarray(from, from + count), at))
  }
  /** The opposite of `write`. */
  read(pointer: number): Float32Array {
    const here = this.floats(pointer, this.places.weights)
    const flat = new Float32Array(flatWeightsOf(this.network))
    this.#eachRun((to, at, count) => flat.set(here.subarray(at, at + count), to))
    return flat
  }

  #placesOf(layer: number, weights: number, part: number, first: number, pass: Pass): BackwardPlaces {
    const { activations, memories, theta, gradient, gradientBytes, deltas, turned, scratch, scratchBytes } = this.places
    const { layers, input } = this.network
    const [before, after] = [layer === 0 ? input : (layers[layer - 1] as Layer).output, (layers[layer] as Layer).output]
    const [inputFrom, outputFrom] = [first * floatsOf(before) * 4, first * floatsOf(after) * 4]
    const slopes = layer + 1 < layers.length ? (deltas[layer + 1] as number) : (activations.at(-1) as number)
    return {
      input: (activations[layer] as number) + inputFrom,
      output: (activations[layer + 1] as number) + outputFrom,
      weights: theta + weights * 4,
      gradient: gradient + part * gradientBytes + weights * 4,
      scratch: scratch + part * scratchBytes,
      memory: memories[layer] as number,
      turned: turned[layer] as number,
      delta: slopes + outputFrom,
      inputDelta: (deltas[layer] as number) + inputFrom,
      training: pass.training,
      chance: pass.chance?.(layer) ?? 0,
      first,
    }
  }
  /** Calls back with each layer and the floats of weights before it. */
  #eachLayer(visit: (layer: Layer, index: number, weights: number) => void): void {
    let weights = 0
    for (const [index, layer] of this.network.layers.entries()) {
      visit(layer, index, weights)
      weights += layer.weights
    }
  }

  /** From the inputs in the first activation to the raw outputs in the last. */
  forwardWork(count: number, pass: Pass): Work[] {
    const works: Work[] = []
    this.#eachLayer((layer, i, weights) => {
      if (layer.gather) works.push({ all: () => layer.gather?.(this.kernels, this.#placesOf(i, weights, 0, 0, pass), count, this.#each) })
      works.push({ rows: (kernels, part, first, rows) => layer.forward(kernels, this.#placesOf(i, weights, part, first, pass), rows) })
    })
    return works
  }

  /**
   * From slopes by the last activation, which lie there, down to layer `last` (0 = the first); `turn` comes before it.
   * @param toInput whether the slopes by that layer's input are wanted too
   */
  backwardWork(count: number, pass: Pass, last = 0, toInput = false): Work[] {
    const works: Work[] = []
    this.#eachLayer((layer, i, weights) => {
      if (i < last) return
      const places = (part: number, first: number): BackwardPlaces => {
        const { inputDelta, ...rest } = this.#placesOf(i, weights, part, first, pass)
        return i > last || toInput ? { ...rest, inputDelta: inputDelta as number } : rest
      }
      const own: Work[] = []
      if (layer.gatherBack) own.push({ all: () => layer.gatherBack?.(this.kernels, places(0, 0), count, this.#each) })
      own.push({ rows: (kernels, part, first, rows) => layer.backward(kernels, places(part, first), rows) })
      works.unshift(...own)
    })
    return works
  }

  /** Makes the weights ready for going backward. */
  turn(): void {
    const { theta, turned } = this.places
    this.#eachLayer((layer, i, weights) => layer.turn?.(this.kernels, theta + weights * 4, turned[i] as number))
  }

  /** What the slopes of all parts of a batch of `count` rows add up to, and Adam's step with it; pieces of the weights by themselves. */
  update(count: number, step: (kernels: NeuralKernels, from: number, floats: number, isDecayed: boolean) => void): void {
    const { gradient, gradientBytes, partRows } = this.places
    const parts = Math.ceil(count / partRows)
    const lists: ((kernels: NeuralKernels) => void)[] = []
    this.#eachLayer((layer, _, weights) => {
      const pieces = (from: number, to: number, isDecayed: boolean): void => {
        for (let at = from; at < to; at += piece) {
          const floats = Math.min(piece, to - at)
          lists.push((kernels) => {
            if (parts > 1 && !layer.gatherBack) kernels.addParts(gradient + at * 4, gradientBytes, parts, floats)
            step(kernels, at, floats, isDecayed)
          })
        }
      }
      pieces(weights, weights + layer.decayed, true)
      pieces(weights + layer.decayed, weights + layer.weights, false)
    })
    this.eachList(lists)
  }
}
/** Weights that one thread updates at a time. */
const piece = 4096
