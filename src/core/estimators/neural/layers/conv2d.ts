import { activationCodes } from '../../../../kernels/neural.ts'
import type { Activation } from '../dense.ts'
import { padded } from './dense.ts'
import { framed, type Padding } from './frame.ts'
import { floatsOf, type Layer, type Shape } from './layer.ts'

/**
 * Convolution with stride 1, one image at a time as a matrix product over its unfolded windows, which then
 * stay in the cache. Weights of a checkpoint: (size, size, channels, filters), as tfjs.
 */
export function conv2dLayer(input: Shape, filters: number, size: number, activation?: Activation, padding: Padding = 'valid'): Layer {
  const frame = framed(input, size, padding)
  const { shape } = frame
  const output: Shape = { height: shape.height - size + 1, width: shape.width - size + 1, channels: filters, depth: padded(filters) }
  const width = output.depth
  const positions = output.height * output.width
  const window = size * size * input.depth
  const biases = window * width
  const [rowBytes, windowBytes, outputBytes] = [width * 4, window * 4, floatsOf(output) * 4]
  // Scratch: unfolded windows, the turned weights, a framed image.
  const windows = size === 1 ? 0 : positions * window
  const [turnedAt, frameAt] = [windows * 4, (windows + biases) * 4]
  return {
    output,
    weights: biases + width,
    decayed: biases,
    flatWeights: (size * size * input.channels + 1) * filters,
    scratch: windows + biases + frame.floats,
    eachRun(visit) {
      for (let k = 0; k < size * size; k++) {
        for (let c = 0; c < input.channels; c++) visit((k * input.channels + c) * filters, (k * input.depth + c) * width, filters)
      }
      visit(size * size * input.channels * filters, biases, filters)
    },
    forward(kernels, at, rows) {
      const { unfold, multiply, activate } = kernels
      if (size === 1) multiply(at.input, windowBytes, 4, at.weights, rowBytes, at.output, rowBytes, at.weights + biases * 4, 0, rows * positions, width, window)
      else {
        frame.clear(kernels, at.scratch + frameAt)
        for (let row = 0; row < rows; row++) {
          unfold(frame.enter(kernels, at.input, row, at.scratch + frameAt), shape.height, shape.width, input.depth, size, size, at.scratch)
          multiply(at.scratch, windowBytes, 4, at.weights, rowBytes, at.output + row * outputBytes, rowBytes, at.weights + biases * 4, 0, positions, width, window)
        }
      }
      if (activation) activate(at.output, rows * positions, width, filters, activationCodes[activation])
    },
    backward(kernels, at, rows) {
      const { unfold, fold, multiply, slope, sumColumns, transpose } = kernels
      if (activation) slope(at.delta, at.output, rows * positions * width, activationCodes[activation])
      sumColumns(at.delta, rowBytes, rows * positions, width, at.gradient + biases * 4)
      const turned = at.scratch + turnedAt
      if (size === 1) {
        multiply(at.input, 4, windowBytes, at.delta, rowBytes, at.gradient, rowBytes, 0, 0, window, width, rows * positions)
        if (at.inputDelta === undefined) return
        transpose(at.weights, rowBytes, window, width, turned, windowBytes)
        multiply(at.delta, rowBytes, 4, turned, windowBytes, at.inputDelta, windowBytes, 0, 0, rows * positions, window, filters)
        return
      }
      frame.clear(kernels, at.scratch + frameAt)
      for (let row = 0; row < rows; row++) {
        unfold(frame.enter(kernels, at.input, row, at.scratch + frameAt), shape.height, shape.width, input.depth, size, size, at.scratch)
        multiply(at.scratch, 4, windowBytes, at.delta + row * outputBytes, rowBytes, at.gradient, rowBytes, row === 0 ? 0 : at.gradient, rowBytes, window, width, positions)
      }
      if (at.inputDelta === undefined) return
      transpose(at.weights, rowBytes, window, width, turned, windowBytes)
      for (let row = 0; row < rows; row++) {
        multiply(at.delta + row * outputBytes, rowBytes, 4, turned, windowBytes, at.scratch, windowBytes, 0, 0, positions, window, filters)
        frame.collect(kernels, at.inputDelta, row, at.scratch + frameAt, (image) => fold(at.scratch, shape.height, shape.width, input.depth, size, size, image))
      }
    },
  }
}
