/** The resize of resize.ts as graph nodes, for pictures of any height and width; weights in double, as there. */
import type { GraphBuilder } from '../onnx/graph.ts'
import type { PixelForm } from './pixel-form.ts'
import { emptyWeight, greyWeights } from './resize.ts'

/** Weights [out, size] of one axis, from its size and the extent that fills the output: double scalars. */
function axisWeights(graph: GraphBuilder, size: string, extent: string, out: number): string {
  const one = graph.doubles('one', [1], [])
  const scale = graph.node('Div', [extent, graph.doubles('out', [out], [])])
  const offset = graph.node('Div', [graph.node('Sub', [size, extent]), graph.doubles('two', [2], [])])
  const places = graph.doubles('places', Array.from({ length: out }, (_, i) => i + 0.5), [out, 1])
  const centres = graph.node('Add', [graph.node('Mul', [places, scale]), offset])
  const sources = graph.node('Add', [graph.node('Range', [graph.doubles('zero', [0], []), size, one]), graph.doubles('half', [0.5], [])])
  const distance = graph.node('Div', [graph.node('Abs', [graph.node('Sub', [sources, centres])]), graph.node('Max', [scale, one])])
  const weights = graph.node('Max', [graph.node('Sub', [one, distance]), graph.doubles('zero', [0], [])])
  const sum = graph.node('ReduceSum', [weights, graph.ints('across', [1])], { keepdims: { kind: 'int', value: 1 } })
  return graph.cast(graph.node('Div', [weights, graph.node('Max', [sum, graph.doubles('empty', [emptyWeight], [])])]), 'float')
}

/**
 * @param image a uint8 tensor [N, H, W, 3]
 * @returns a float tensor [N, channels, height, width], 0 to 1
 */
export function resizeNodes(graph: GraphBuilder, image: string, { height, width, channels, crop }: PixelForm): string {
  const shape = graph.cast(graph.node('Shape', [image]), 'double')
  const side = (axis: number): string => graph.node('Gather', [shape, graph.constant('axis', { type: 'int64', dims: [], values: BigInt64Array.of(BigInt(axis)) })])
  const tall = side(1)
  const wide = side(2)
  const square = crop === 'stretch' ? undefined : graph.node(crop === 'cover' ? 'Min' : 'Max', [tall, wide])
  const down = axisWeights(graph, tall, square ?? tall, height)
  const across = axisWeights(graph, wide, square ?? wide, width)
  const planes = graph.node('Transpose', [graph.cast(image, 'float')], { perm: { kind: 'ints', value: [0, 3, 1, 2] } })
  const flat = graph.node('MatMul', [down, planes])
  const small = graph.node('MatMul', [flat, graph.node('Transpose', [across], { perm: { kind: 'ints', value: [1, 0] } })])
  const unit = graph.node('Div', [small, graph.floats('white', [255], [])])
  return channels === 3 ? unit : graph.node('Conv', [unit, graph.floats('grey', greyWeights, [1, 3, 1, 1])])
}
