/** A trained network of pictures as layers of Keras: pixels from 0 to 1 in, probabilities out, standardisation inside. */
import type { Layer, LayersModel, LayerWeights } from '../../code/layers.ts'
import type { Json } from '../../recipe/step.ts'
import { planNetwork } from './layer-table.ts'
import { epsilon } from './layers/batch-norm.ts'
import type { PictureNetworkParts } from './picture-network.ts'

const activations = new Map([
  ['relu', 'relu'],
  ['tanh', 'tanh'],
  ['logistic', 'sigmoid'],
])

export function kerasLayers({ shape, layers: specs, classes, means, deviations, theta }: PictureNetworkParts): LayersModel {
  const { rows } = planNetwork(specs, shape, classes)
  const layers: Layer[] = []
  const add = (className: string, config: { readonly [key: string]: Json }, weights: readonly LayerWeights[] = []): void => void layers.push({ className, config, weights })
  let from = 0
  let before = shape
  let isFlat = false
  const take = (name: string, ...sizes: readonly number[]): LayerWeights => ({ name, shape: sizes, values: theta.slice(from, (from += sizes.reduce((a, b) => a * b, 1))) })
  const normalise = (gamma: LayerWeights, beta: LayerWeights, mean: LayerWeights, variance: LayerWeights, least: number): void =>
    add('BatchNormalization', { axis: -1, momentum: 0.9, epsilon: least, center: true, scale: true }, [gamma, beta, mean, variance])
  const dense = (units: number, activation: string): void => {
    if (!isFlat) add('Flatten', {})
    isFlat = true
    add('Dense', { units, use_bias: true, activation }, [take('kernel', before[0] * before[1] * before[2], units), take('bias', units)])
  }
  const all = (name: string, values: readonly number[]): LayerWeights => ({ name, shape: [values.length], values: Float32Array.from(values) })
  normalise(all('gamma', means.map(() => 1)), all('beta', means.map(() => 0)), all('moving_mean', means), all('moving_variance', deviations.map((deviation) => deviation ** 2)), 0)
  for (const { spec, output } of rows) {
    const channels = before[2]
    // Behind a dense layer its neurons are the channels of one pixel.
    if (isFlat && spec.type !== 'dense' && spec.type !== 'dropout') {
      add('Reshape', { target_shape: [1, 1, channels] })
      isFlat = false
    }
    const activation = activations.get(String(spec['activation'])) ?? 'linear'
    const size = spec['size'] as number
    const window = { strides: [1, 1], padding: spec['padding'] as string, use_bias: true, activation }
    switch (spec.type) {
      case 'conv':
        add('Conv2D', { filters: output[2], kernel_size: [size, size], ...window }, [take('kernel', size, size, channels, output[2]), take('bias', output[2])])
        break
      case 'depthwise':
        add('DepthwiseConv2D', { kernel_size: [size, size], depth_multiplier: 1, ...window }, [take('depthwise_kernel', size, size, channels, 1), take('bias', channels)])
        break
      case 'max-pool':
      case 'average-pool':
        add(spec.type === 'max-pool' ? 'MaxPooling2D' : 'AveragePooling2D', { pool_size: [2, 2], strides: [2, 2], padding: 'valid' })
        break
      case 'global-average':
        add('GlobalAveragePooling2D', {})
        isFlat = true
        break
      case 'batch-norm':
        normalise(take('gamma', channels), take('beta', channels), take('moving_mean', channels), take('moving_variance', channels), epsilon)
        if (activation !== 'linear') add('Activation', { activation })
        break
      case 'dropout':
        add('Dropout', { rate: spec['rate'] as number })
        break
      case 'dense':
        dense(output[2], activation)
    }
    before = output
  }
  dense(classes, 'softmax')
  return { inputShape: [...shape], layers }
}
