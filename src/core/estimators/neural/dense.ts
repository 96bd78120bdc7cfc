/**
 * A dense network as plain numbers: its shape, where each weight lies in one flat vector, how it starts,
 * and its forward pass in float32. Prediction needs no tfjs, so a revived model answers the same bits
 * everywhere.
 */
import { exp, tanh } from '../../math/elementary.ts'
import { createRng } from '../../math/rng.ts'

export type Activation = 'relu' | 'tanh' | 'logistic'

/** Layer sizes from input to output, such as [30, 64, 64, 2]. */
export type Sizes = readonly number[]

export interface LayerSlice {
  readonly inputs: number
  readonly outputs: number
  /** Offset of the weights, row-major (inputs, outputs). */
  readonly weights: number
  /** Offset of the biases (outputs). */
  readonly biases: number
}

export function layersOf(sizes: Sizes): readonly LayerSlice[] {
  const layers: LayerSlice[] = []
  let offset = 0
  for (let i = 0; i + 1 < sizes.length; i++) {
    const inputs = sizes[i] as number
    const outputs = sizes[i + 1] as number
    layers.push({ inputs, outputs, weights: offset, biases: offset + inputs * outputs })
    offset += inputs * outputs + outputs
  }
  return layers
}

export const countWeights = (sizes: Sizes): number => layersOf(sizes).reduce((sum, layer) => sum + (layer.inputs + 1) * layer.outputs, 0)

/** Glorot's uniform start (Glorot & Bengio 2010), as scikit-learn's MLP has it: sqrt(6 / (in + out)), 2 instead of 6 for logistic. */
export function initialWeights(sizes: Sizes, activation: Activation, seed: number): Float32Array {
  const rng = createRng(seed).fork('weights')
  const theta = new Float32Array(countWeights(sizes))
  for (const layer of layersOf(sizes)) {
    const bound = Math.sqrt((activation === 'logistic' ? 2 : 6) / (layer.inputs + layer.outputs))
    const end = layer.biases + layer.outputs
    for (let i = layer.weights; i < end; i++) theta[i] = (2 * rng.next() - 1) * bound
  }
  return theta
}

const activate: Readonly<Record<Activation, (x: number) => number>> = {
  relu: (x) => (x > 0 ? x : 0),
  tanh,
  logistic: (x) => 1 / (1 + exp(-x)),
}

/**
 * The network's last layer before softmax.
 * @param inputs row-major, shape (rows, sizes[0])
 * @returns row-major, shape (rows, last size)
 */
export function forward(theta: Float32Array, sizes: Sizes, activation: Activation, inputs: Float32Array, rows: number): Float32Array {
  const layers = layersOf(sizes)
  let current = inputs
  layers.forEach((layer, depth) => {
    const next = new Float32Array(rows * layer.outputs)
    const squash = depth + 1 < layers.length ? activate[activation] : (x: number) => x
    const sums = new Float64Array(layer.outputs)
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < layer.outputs; j++) sums[j] = theta[layer.biases + j] as number
      for (let i = 0; i < layer.inputs; i++) {
        const x = current[row * layer.inputs + i] as number
        if (x === 0) continue
        const base = layer.weights + i * layer.outputs
        for (let j = 0; j < layer.outputs; j++) sums[j] = (sums[j] as number) + x * (theta[base + j] as number)
      }
      for (let j = 0; j < layer.outputs; j++) next[row * layer.outputs + j] = squash(sums[j] as number)
    }
    current = next
  })
  return current
}

/** Softmax of each row, in float64; rows sum to 1. */
export function softmaxRows(logits: Float32Array, classes: number): Float64Array {
  const out = new Float64Array(logits.length)
  for (let start = 0; start < logits.length; start += classes) {
    let largest = Number.NEGATIVE_INFINITY
    for (let c = 0; c < classes; c++) largest = Math.max(largest, logits[start + c] as number)
    let sum = 0
    for (let c = 0; c < classes; c++) sum += out[start + c] = exp((logits[start + c] as number) - largest)
    for (let c = 0; c < classes; c++) out[start + c] = (out[start + c] as number) / sum
  }
  return out
}
