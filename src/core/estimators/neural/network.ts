/** A network laid out in one memory of our kernels: forward and backward through its layers, batch by batch. */
import { compiledNeuralKernels, type NeuralKernels } from '../../../kernels/neural.ts'
import { plainNeuralKernels } from '../../../kernels/neural-plain.ts'
import type { Layout } from '../../../kernels/layout.ts'
import { StudioError } from '../../errors.ts'
import { floatsOf, type Layer, type Shape } from './layers/layer.ts'

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
  readonly gradient: number
  /** The first holds the inputs of the batch, the others the outputs of the layers. */
  readonly activations: readonly number[]
  readonly memories: readonly number[]
  readonly deltas: readonly [number, number]
  readonly scratch: number
}

export function placeNetwork({ input, layers }: Network, batchSize: number, layout: Layout): NetworkPlaces {
  const floats = (count: number): number => layout.take(count * 4)
  const weights = layers.reduce((total, layer) => total + layer.weights, 0)
  const widest = Math.max(floatsOf(input), ...layers.map(({ output }) => floatsOf(output)))
  return {
    weights,
    theta: floats(weights),
    gradient: floats(weights),
    activations: [floats(batchSize * floatsOf(input)), ...layers.map(({ output }) => floats(batchSize * floatsOf(output)))],
    memories: layers.map((layer) => floats(layer.memory?.(batchSize) ?? 0)),
    deltas: [floats(batchSize * widest), floats(batchSize * widest)],
    scratch: floats(Math.max(...layers.map((layer) => layer.scratch))),
  }
}

/**
 * Kernels over a memory of this size: compiled from neural.wasm, or the plain twin where there is none, with the same bits.
 * @throws StudioError out-of-memory naming what it needs
 */
export async function openKernels(wasm: ArrayBuffer | undefined, bytes: number): Promise<NeuralKernels> {
  try {
    return wasm ? await compiledNeuralKernels(wasm, bytes) : plainNeuralKernels(bytes)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new StudioError({
      code: 'out-of-memory',
      message: `missing memory; a network of this size on these rows needs ${Math.ceil(bytes / 2 ** 20)} MiB`,
      hint: 'Use fewer rows, smaller layers or smaller batches, or close other tabs.',
      cause,
    })
  }
}

/** How a batch goes forward. Chance: u32 for a layer; a pause lets cancel through between layers that take long. */
export interface Pass {
  readonly training: boolean
  chance?(layer: number): number
}

export class NetworkRun {
  readonly kernels: NeuralKernels
  readonly network: Network
  readonly places: NetworkPlaces

  constructor(kernels: NeuralKernels, network: Network, places: NetworkPlaces) {
    this.kernels = kernels
    this.network = network
    this.places = places
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

  /** From the inputs in the first activation to the raw outputs in the last. @param pause awaited after each layer */
  async forward(count: number, pass: Pass, pause: () => Promise<void> | undefined): Promise<void> {
    const { activations, memories, theta, scratch } = this.places
    let weights = theta
    for (const [i, layer] of this.network.layers.entries()) {
      layer.forward(this.kernels, { input: activations[i] as number, output: activations[i + 1] as number, weights, scratch, memory: memories[i] as number, training: pass.training, chance: pass.chance?.(i) ?? 0 }, count)
      weights += layer.weights * 4
      const waiting = pause()
      if (waiting) await waiting
    }
  }

  /**
   * From slopes by the last activation, which lie there, down to layer `last` (0 = the first).
   * @param toInput whether the slopes by that layer's input are wanted too
   * @returns where those lie; only until the next pass
   */
  async backward(count: number, pass: Pass, pause: () => Promise<void> | undefined, last = 0, toInput = false): Promise<number> {
    const { layers } = this.network
    const { activations, memories, theta, gradient, deltas, scratch, weights } = this.places
    let delta = activations.at(-1) as number
    let from = weights
    for (let i = layers.length - 1; i >= last; i--) {
      const layer = layers[i] as Layer
      from -= layer.weights
      const at = { input: activations[i] as number, output: activations[i + 1] as number, weights: theta + from * 4, gradient: gradient + from * 4, scratch, delta, memory: memories[i] as number, training: pass.training, chance: pass.chance?.(i) ?? 0 }
      const inputDelta = deltas[i % 2] as number
      layer.backward(this.kernels, i > last || toInput ? { ...at, inputDelta } : at, count)
      delta = inputDelta
      const waiting = pause()
      if (waiting) await waiting
    }
    return delta
  }
}
