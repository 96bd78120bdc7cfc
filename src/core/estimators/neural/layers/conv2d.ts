import { activationCodes } from '../../../../kernels/neural.ts'
import type { Activation } from '../dense.ts'
import { padded } from './dense.ts'
import { pads, type Padding } from './frame.ts'
import type { Layer, Shape } from './layer.ts'

/**
 * Convolution with stride 1, one image at a time as a matrix product over its unfolded windows, which then
 * stay in the cache. Weights of a checkpoint: (size, size, channels, filters), as tfjs.
 * @param stillBiases whether they stay as they are: batch normalisation behind takes them away again, so their slopes are rounding alone, by which Adam would move them
 */
export function conv2dLayer(input: Shape, filters: number, size: number, activation?: Activation, padding: Padding = 'valid', stillBiases = false): Layer {
  const { height, width, depth } = input
  const [before, behind] = pads(size, padding)
  const [high, wide] = [height + before + behind, width + before + behind]
  const output: Shape = { height: high - size + 1, width: wide - size + 1, channels: filters, depth: padded(filters) }
  const columns = output.depth
  const positions = output.height * output.width
  const window = size * size * depth
  const biases = window * columns
  const rowBytes = columns * 4
  return {
    output,
    weights: biases + columns,
    decayed: biases,
    flatWeights: (size * size * input.channels + 1) * filters,
    scratch: (size === 1 ? 0 : positions * window) + high * wide * depth,
    work: positions * biases,
    turned: biases,
    eachRun(visit) {
      for (let k = 0; k < size * size; k++) {
        for (let c = 0; c < input.channels; c++) visit((k * input.channels + c) * filters, (k * depth + c) * columns, filters)
      }
      visit(size * size * input.channels * filters, biases, filters)
    },
    forward({ convolve, activate }, at, rows) {
      convolve(at.input, rows, height, width, depth, size, before, behind, at.weights, columns, at.output, at.scratch)
      if (activation) activate(at.output, rows * positions, columns, filters, activationCodes[activation])
    },
    turn: ({ transpose }, weights, turned) => transpose(weights, rowBytes, window, columns, turned, window * 4),
    backward({ convolveWeightSlopes, convolveImageSlopes, slope, sumColumns }, at, rows) {
      if (activation) slope(at.delta, at.output, rows * positions * columns, activationCodes[activation])
      if (!stillBiases) sumColumns(at.delta, rowBytes, rows * positions, columns, at.gradient + biases * 4)
      convolveWeightSlopes(at.input, rows, height, width, depth, size, before, behind, at.delta, columns, at.gradient, at.scratch)
      if (at.inputDelta === undefined) return
      convolveImageSlopes(at.delta, rows, height, width, depth, size, before, behind, at.turned, columns, filters, at.inputDelta, at.scratch)
    },
  }
}
