/** A trained network as ONNX nodes: pictures go through as channels first, batch normalisation as one scale and shift. */
import type { PictureShape } from '../../data/matrix.ts'
import type { GraphBuilder } from '../../onnx/graph.ts'
import { planNetwork, type LayerSpec } from './layer-table.ts'
import { epsilon } from './layers/batch-norm.ts'
import { pads, type Padding } from './layers/frame.ts'

const operators = new Map([
  ['relu', 'Relu'],
  ['tanh', 'Tanh'],
  ['logistic', 'Sigmoid'],
])
const ints = (...value: readonly number[]) => ({ kind: 'ints', value }) as const
const pool = { kernel_shape: ints(2, 2), strides: ints(2, 2) }

/** (kernel, kernel, channels, filters) as (filters, channels, kernel, kernel). */
function filtersFirst(weights: Float32Array, taps: number, channels: number, filters: number): Float32Array {
  const out = new Float32Array(weights.length)
  for (let k = 0; k < taps; k++) {
    for (let c = 0; c < channels; c++) for (let f = 0; f < filters; f++) out[(f * channels + c) * taps + k] = weights[(k * channels + c) * filters + f] as number
  }
  return out
}

/** @param input float [N, height, width, channels] @returns float [N, classes] before softmax */
export function layerNodes(specs: readonly LayerSpec[], shape: PictureShape, classes: number, theta: Float32Array, input: string, graph: GraphBuilder): string {
  const { rows, network } = planNetwork(specs, shape, classes)
  let current = graph.node('Transpose', [input], { perm: ints(0, 3, 1, 2) })
  let before = shape
  let from = 0
  let isFlat = false
  const take = (count: number): Float32Array => theta.subarray(from, (from += count))
  const bend = (name: unknown): void => {
    const operator = operators.get(String(name))
    if (operator) current = graph.node(operator, [current])
  }
  /** Dense weights lie by height, width, channel. */
  const flatten = (): void => {
    if (isFlat) return
    current = graph.node('Flatten', [graph.node('Transpose', [current], { perm: ints(0, 2, 3, 1) })], { axis: { kind: 'int', value: 1 } })
    isFlat = true
  }
  /** Back to pictures behind a dense layer, whose neurons are the channels of one pixel. */
  const unflatten = (): void => {
    if (isFlat) current = graph.node('Reshape', [current, graph.ints('pixel', [-1, before[2], 1, 1])])
    isFlat = false
  }
  const dense = (inputs: number, units: number): void => {
    flatten()
    const weights = graph.floats('weights', take(inputs * units), [inputs, units])
    current = graph.node('Gemm', [current, weights, graph.floats('biases', take(units))])
  }
  for (const { spec, output } of rows) {
    const [height, width, channels] = before
    if (spec.type !== 'dense' && spec.type !== 'dropout') unflatten()
    switch (spec.type) {
      case 'conv':
      case 'depthwise': {
        const isDeep = spec.type === 'depthwise'
        const size = spec['size'] as number
        const taps = size * size
        const [first, last] = pads(size, spec['padding'] as Padding)
        const weights = isDeep ? filtersFirst(take(taps * channels), taps, 1, channels) : filtersFirst(take(taps * channels * output[2]), taps, channels, output[2])
        const inputs = [current, graph.floats('kernel', weights, [output[2], isDeep ? 1 : channels, size, size]), graph.floats('biases', take(output[2]))]
        current = graph.node('Conv', inputs, { kernel_shape: ints(size, size), pads: ints(first, first, last, last), group: { kind: 'int', value: isDeep ? channels : 1 } })
        break
      }
      case 'max-pool':
        current = graph.node('MaxPool', [current], pool)
        break
      case 'average-pool':
        current = graph.node('AveragePool', [current], pool)
        break
      case 'global-average':
        current = graph.node('GlobalAveragePool', [current])
        break
      case 'batch-norm': {
        const [gamma, beta, mean, variance] = [take(channels), take(channels), take(channels), take(channels)] as const
        const scale = Float32Array.from(gamma, (value, c) => value / Math.sqrt((variance[c] as number) + epsilon))
        const shift = Float32Array.from(beta, (value, c) => value - (mean[c] as number) * (scale[c] as number))
        const scaled = graph.node('Mul', [current, graph.floats('scale', scale, [channels, 1, 1])])
        current = graph.node('Add', [scaled, graph.floats('shift', shift, [channels, 1, 1])])
        break
      }
      case 'dropout':
        break
      case 'dense':
        dense(height * width * channels, output[2])
    }
    bend(spec['activation'])
    before = output
  }
  dense(before[0] * before[1] * before[2], classes)
  if (from !== theta.length) throw new RangeError(`invalid weights; the table takes ${from}: ${theta.length} (${network.layers.length} layers)`)
  return current
}
