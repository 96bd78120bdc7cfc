import { activationCodes } from '../../../../kernels/neural.ts'
import type { Activation } from '../dense.ts'
import { framed, type Padding } from './frame.ts'
import { floatsOf, type Layer, type Shape } from './layer.ts'

/**
 * Depthwise convolution with stride 1: each channel by its own kernel. Weights of a checkpoint: (size, size, channels).
 * @param input its depth a multiple of 4
 */
export function depthwiseLayer(input: Shape, size: number, activation?: Activation, padding: Padding = 'same'): Layer {
  const frame = framed(input, size, padding)
  const { shape } = frame
  const output: Shape = { ...input, height: shape.height - size + 1, width: shape.width - size + 1 }
  const { depth, channels } = input
  const biases = size * size * depth
  const outputBytes = floatsOf(output) * 4
  const pixels = output.height * output.width
  return {
    output,
    weights: biases + depth,
    decayed: biases,
    flatWeights: (size * size + 1) * channels,
    scratch: frame.floats,
    eachRun(visit) {
      for (let k = 0; k <= size * size; k++) visit(k * channels, k * depth, channels)
    },
    forward(kernels, at, rows) {
      frame.clear(kernels, at.scratch)
      for (let row = 0; row < rows; row++) {
        kernels.depthwise(frame.enter(kernels, at.input, row, at.scratch), shape.height, shape.width, depth, size, at.weights, at.output + row * outputBytes)
      }
      if (activation) kernels.activate(at.output, rows * pixels, depth, channels, activationCodes[activation])
    },
    backward(kernels, at, rows) {
      if (activation) kernels.slope(at.delta, at.output, rows * floatsOf(output), activationCodes[activation])
      new Float32Array(kernels.buffer, at.gradient, biases).fill(0)
      kernels.sumColumns(at.delta, depth * 4, rows * pixels, depth, at.gradient + biases * 4)
      frame.clear(kernels, at.scratch)
      for (let row = 0; row < rows; row++) {
        kernels.depthwiseWeightSlopes(frame.enter(kernels, at.input, row, at.scratch), shape.height, shape.width, depth, size, at.delta + row * outputBytes, at.gradient)
      }
      const { inputDelta } = at
      if (inputDelta === undefined) return
      for (let row = 0; row < rows; row++) {
        frame.collect(kernels, inputDelta, row, at.scratch, (image) => kernels.depthwiseImageSlopes(at.delta + row * outputBytes, shape.height, shape.width, depth, size, at.weights, image))
      }
    },
  }
}
