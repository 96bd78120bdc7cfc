/** A table of layers in tfjs's operators, from pictures to the raw outputs of the last dense layer. Weights lie in one flat tensor. */
import type { Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import { keeps } from '../../../kernels/picture-layers-plain.ts'
import { hasStillBiases, planNetwork, type LayerSpec } from './layer-table.ts'
import { epsilon, momentum } from './layers/batch-norm.ts'
import type { Shape } from './layers/layer.ts'
import type { NetworkTable } from './trainer.ts'

export type Tf = typeof import('@tensorflow/tfjs-core')

export interface TfjsPass {
  /** Learning: batch statistics, and dropout by these numbers, one a layer. */
  readonly chances?: readonly number[]
  /** Learning: what is to be added to the flat weights besides the step, one a layer of batch normalisation. The tensors are kept. */
  moved?(change: Tensor1D): void
}
export interface TfjsNetwork {
  readonly layers: number
  /** Weights that the L2 penalty pulls on are 1, the others 0. */
  readonly decayed: Float32Array
  /** @param x shape (rows, height, width, channels); @returns shape (rows, classes) */
  scores(flat: Tensor1D, x: Tensor4D, pass: TfjsPass): Tensor2D
}

interface Placed {
  readonly spec: LayerSpec
  readonly input: Shape
  readonly output: Shape
  /** Of the layer's weights among the flat ones. */
  readonly at: number
  readonly weights: number
}

/** Numbers that dropout leaves, drawn where our kernels draw them: by their place among padded channels. */
function mask(rows: number, { height, width, channels, depth }: Shape, chance: number, share: number): Float32Array {
  const rate = Math.floor(share * 2 ** 32)
  const scale = Math.fround(1 / (1 - share))
  return Float32Array.from({ length: rows * height * width * channels }, (_, i) => (keeps(Math.floor(i / channels) * depth + (i % channels), chance, rate) ? scale : 0))
}

export function tfjsNetwork(tf: Tf, { layers, shape, classes }: NetworkTable): TfjsNetwork {
  const { network } = planNetwork(layers, shape, classes)
  const total = network.layers.reduce((sum, layer) => sum + layer.flatWeights, 0)
  const decayed = new Float32Array(total)
  const head: LayerSpec = { type: 'dense', units: classes, activation: 'none' }
  let at = 0
  let input = network.input
  const placed = network.layers.map((layer, i): Placed => {
    const own = { spec: layers[i] ?? head, input, output: layer.output, at, weights: layer.flatWeights }
    if (layer.decayed > 0) decayed.fill(1, at, at + layer.flatWeights - layer.output.channels)
    at += layer.flatWeights
    input = layer.output
    return own
  })
  /** Without slopes. */
  const still = tf.customGrad((x) => ({ value: tf.clone(x as Tensor1D), gradFunc: (slopes: Tensor | Tensor[]) => tf.zerosLike(slopes as Tensor) })) as (x: Tensor1D) => Tensor1D
  const bend = (x: Tensor4D, { activation }: LayerSpec): Tensor4D =>
    activation === 'relu' ? tf.relu(x) : activation === 'tanh' ? tf.tanh(x) : activation === 'logistic' ? tf.sigmoid(x) : x

  function normalised(flat: Tensor1D, x: Tensor4D, { input: { channels }, at: from }: Placed, rows: number, { chances, moved }: TfjsPass): Tensor4D {
    const part = (k: number): Tensor1D => tf.slice1d(flat, from + k * channels, channels)
    let [mean, variance] = [part(2), part(3)]
    if (chances) {
      const count = rows * x.shape[1] * x.shape[2]
      const batch = tf.moments(x, [0, 1, 2])
      const unbiased = count < 2 ? 1 : count / (count - 1)
      const change = tf.concat1d([tf.mul(tf.sub(batch.mean, mean), momentum) as Tensor1D, tf.mul(tf.sub(tf.mul(batch.variance, unbiased), variance), momentum) as Tensor1D])
      moved?.(tf.keep(tf.pad1d(change, [from + 2 * channels, total - from - 4 * channels])))
      mean = batch.mean as Tensor1D
      variance = batch.variance as Tensor1D
    }
    const scaled = tf.mul(tf.sub(x, mean), tf.div(part(0), tf.sqrt(tf.add(variance, epsilon))))
    return tf.add(scaled, part(1))
  }

  function after(flat: Tensor1D, x: Tensor4D, layer: Placed, index: number, pass: TfjsPass): Tensor4D {
    const { spec, input, output, at: from, weights } = layer
    const rows = x.shape[0]
    const biases = (): Tensor1D => {
      const own = tf.slice1d(flat, from + weights - output.channels, output.channels)
      return hasStillBiases(layers, index) && spec.type !== 'dense' ? still(own) : own
    }
    const kernel = (...sizes: [number, number, number, number]): Tensor4D => tf.reshape(tf.slice1d(flat, from, weights - output.channels), sizes)
    const size = spec['size'] as number
    const padding = spec['padding'] as 'same' | 'valid'
    switch (spec.type) {
      case 'conv':
        return bend(tf.add(tf.conv2d(x, kernel(size, size, input.channels, output.channels), 1, padding), biases()), spec)
      case 'depthwise':
        return bend(tf.add(tf.depthwiseConv2d(x, kernel(size, size, input.channels, 1), 1, padding), biases()), spec)
      case 'max-pool':
        return tf.maxPool(x, 2, 2, 'valid')
      case 'average-pool':
        return tf.avgPool(x, 2, 2, 'valid')
      case 'global-average':
        return tf.reshape(tf.mean(x, [1, 2]), [rows, 1, 1, output.channels])
      case 'batch-norm':
        return bend(normalised(flat, x, layer, rows, pass), spec)
      case 'dropout':
        return pass.chances ? tf.mul(x, tf.tensor4d(mask(rows, input, pass.chances[index] as number, spec['rate'] as number), x.shape)) : x
      case 'dense': {
        const inputs = input.height * input.width * input.channels
        const sums = tf.matMul(tf.reshape(x, [rows, inputs]) as Tensor2D, tf.reshape(tf.slice1d(flat, from, inputs * output.channels), [inputs, output.channels]) as Tensor2D)
        return bend(tf.reshape(tf.add(sums, biases()), [rows, 1, 1, output.channels]), spec)
      }
    }
  }

  return {
    layers: placed.length,
    decayed,
    scores: (flat, x, pass) => tf.reshape(placed.reduce<Tensor4D>((current, layer, i) => after(flat, current, layer, i, pass), x) as Tensor, [x.shape[0], classes]) as Tensor2D,
  }
}
