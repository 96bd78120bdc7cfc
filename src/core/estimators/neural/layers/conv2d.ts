import { activationCodes } from '../../../../kernels/neural.ts'
import type { Activation } from '../dense.ts'
import { padded } from './dense.ts'
import { floatsOf, type Layer, type Shape } from './layer.ts'

/**
 * Convolution with stride 1 and no padding, one image at a time as a matrix product over its unfolded
 * windows, which then stay in the cache. Weights of a checkpoint: (size, size, channels, filters), as tfjs.
 */
export function conv2dLayer(input: Shape, filters: number, size: number, activation?: Activation): Layer {
  const output: Shape = { height: input.height - size + 1, width: input.width - size + 1, channels: filters, depth: padded(filters) }
  const width = output.depth
  const positions = output.height * output.width
  const window = size * size * input.depth
  const biases = window * width
  const [rowBytes, windowBytes, inputBytes, outputBytes] = [width * 4, window * 4, floatsOf(input) * 4, floatsOf(output) * 4]
  return {
    output,
    weights: biases + width,
    decayed: biases,
    flatWeights: (size * size * input.channels + 1) * filters,
    scratch: positions * window + biases,
    eachRun(visit) {
      for (let k = 0; k < size * size; k++) {
        for (let c = 0; c < input.channels; c++) visit((k * input.channels + c) * filters, (k * input.depth + c) * width, filters)
      }
      visit(size * size * input.channels * filters, biases, filters)
    },
    forward({ unfold, multiply, activate }, at, rows) {
      for (let row = 0; row < rows; row++) {
        unfold(at.input + row * inputBytes, input.height, input.width, input.depth, size, size, at.scratch)
        multiply(at.scratch, windowBytes, 4, at.weights, rowBytes, at.output + row * outputBytes, rowBytes, at.weights + biases * 4, 0, positions, width, window)
      }
      if (activation) activate(at.output, rows * positions, width, filters, activationCodes[activation])
    },
    backward({ buffer, unfold, fold, multiply, slope, sumColumns, transpose }, at, rows) {
      if (activation) slope(at.delta, at.output, rows * positions * width, activationCodes[activation])
      sumColumns(at.delta, rowBytes, rows * positions, width, at.gradient + biases * 4)
      for (let row = 0; row < rows; row++) {
        unfold(at.input + row * inputBytes, input.height, input.width, input.depth, size, size, at.scratch)
        multiply(at.scratch, 4, windowBytes, at.delta + row * outputBytes, rowBytes, at.gradient, rowBytes, row === 0 ? 0 : at.gradient, rowBytes, window, width, positions)
      }
      if (at.inputDelta === undefined) return
      const turned = at.scratch + positions * windowBytes
      transpose(at.weights, rowBytes, window, width, turned, windowBytes)
      new Float32Array(buffer, at.inputDelta, (rows * inputBytes) / 4).fill(0)
      for (let row = 0; row < rows; row++) {
        multiply(at.delta + row * outputBytes, rowBytes, 4, turned, windowBytes, at.scratch, windowBytes, 0, 0, positions, window, filters)
        fold(at.scratch, input.height, input.width, input.depth, size, size, at.inputDelta + row * inputBytes)
      }
    },
  }
}
