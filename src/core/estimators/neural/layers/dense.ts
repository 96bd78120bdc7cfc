import { activationCodes, widthPadding } from '../../../../kernels/neural.ts'
import type { Activation } from '../dense.ts'
import { floatsOf, type Layer, type Shape } from './layer.ts'

export const padded = (width: number): number => Math.ceil(width / widthPadding) * widthPadding

/**
 * Every input to every output. Weights of a checkpoint: row-major (height * width * channels, outputs).
 * @param activation absent = none
 */
export function denseLayer(input: Shape, outputs: number, activation?: Activation): Layer {
  const width = padded(outputs)
  const pixels = input.height * input.width
  const inputs = floatsOf(input)
  const biases = inputs * width
  const rowBytes = width * 4
  return {
    output: { height: 1, width: 1, channels: outputs, depth: width },
    weights: biases + width,
    decayed: biases,
    flatWeights: (pixels * input.channels + 1) * outputs,
    scratch: 0,
    work: biases,
    turned: biases,
    eachRun(visit) {
      for (let p = 0; p < pixels; p++) {
        for (let c = 0; c < input.channels; c++) visit((p * input.channels + c) * outputs, (p * input.depth + c) * width, outputs)
      }
      visit(pixels * input.channels * outputs, biases, outputs)
    },
    forward({ multiply, activate }, at, rows) {
      multiply(at.input, inputs * 4, 4, at.weights, rowBytes, at.output, rowBytes, at.weights + biases * 4, 0, rows, width, inputs)
      if (activation) activate(at.output, rows, width, outputs, activationCodes[activation])
    },
    turn: ({ transpose }, weights, turned) => transpose(weights, rowBytes, inputs, width, turned, inputs * 4),
    backward({ multiply, slope, sumColumns }, at, rows) {
      if (activation) slope(at.delta, at.output, rows * width, activationCodes[activation])
      multiply(at.input, 4, inputs * 4, at.delta, rowBytes, at.gradient, rowBytes, 0, 0, inputs, width, rows)
      sumColumns(at.delta, rowBytes, rows, width, at.gradient + biases * 4)
      if (at.inputDelta === undefined) return
      multiply(at.delta, rowBytes, 4, at.turned, inputs * 4, at.inputDelta, inputs * 4, 0, 0, rows, inputs, outputs)
    },
  }
}
