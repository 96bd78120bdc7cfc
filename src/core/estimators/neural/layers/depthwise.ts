import { activationCodes } from '../../../../kernels/neural.ts'
import type { Activation } from '../dense.ts'
import { pads, type Padding } from './frame.ts'
import { floatsOf, type Layer, type Shape } from './layer.ts'

/**
 * Depthwise convolution with stride 1: each channel by its own kernel. Weights of a checkpoint: (size, size, channels).
 * @param input its depth a multiple of 4
 * @param stillBiases as in a convolution
 */
export function depthwiseLayer(input: Shape, size: number, activation?: Activation, padding: Padding = 'same', stillBiases = false): Layer {
  const { height, width, depth, channels } = input
  const [before, behind] = pads(size, padding)
  const [high, wide] = [height + before + behind, width + before + behind]
  const output: Shape = { ...input, height: high - size + 1, width: wide - size + 1 }
  const biases = size * size * depth
  const pixels = output.height * output.width
  return {
    output,
    weights: biases + depth,
    decayed: biases,
    flatWeights: (size * size + 1) * channels,
    scratch: high * wide * depth,
    work: pixels * biases,
    eachRun(visit) {
      for (let k = 0; k <= size * size; k++) visit(k * channels, k * depth, channels)
    },
    forward({ depthwise, activate }, at, rows) {
      depthwise(at.input, rows, height, width, depth, size, before, behind, at.weights, at.output, at.scratch)
      if (activation) activate(at.output, rows * pixels, depth, channels, activationCodes[activation])
    },
    backward({ depthwiseWeightSlopes, depthwiseImageSlopes, slope, sumColumns }, at, rows) {
      if (activation) slope(at.delta, at.output, rows * floatsOf(output), activationCodes[activation])
      if (!stillBiases) sumColumns(at.delta, depth * 4, rows * pixels, depth, at.gradient + biases * 4)
      depthwiseWeightSlopes(at.input, rows, height, width, depth, size, before, behind, at.delta, at.gradient, at.scratch)
      if (at.inputDelta === undefined) return
      depthwiseImageSlopes(at.delta, rows, height, width, depth, size, before, behind, at.weights, at.inputDelta, at.scratch)
    },
  }
}
