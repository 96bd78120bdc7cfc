/** How large values of a graph grow, told without running it: held against what ONNX Runtime makes of three rows. */
import { describe, expect, test } from 'vitest'
import { GraphBuilder } from '../../../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../../../src/core/onnx/proto.ts'
import { readOnnx } from '../../../../src/core/onnx/read/model.ts'
import { tableOperators } from '../../../../src/core/onnx/read/rules.ts'
import { shapeRules, shapesOf } from '../../../../src/core/onnx/read/shapes.ts'
import { nodeRunner } from '../../../../src/core/onnx/runner-node.ts'

test('every operator that is let in has a rule, and no other', () => {
  expect([...tableOperators.values()].flatMap((names) => [...names]).sort()).toEqual([...shapeRules.keys()].sort())
})

const int = (value: number) => ({ kind: 'int', value }) as const
const ints = (...value: number[]) => ({ kind: 'ints', value }) as const
const rows = 3
type Build = (g: GraphBuilder, x: string) => string
/** Of x, shape (rows, 4), and what it holds in all: exactly so, unless at most. */
const cases: readonly (readonly [name: string, build: Build, loose?: 'at most'])[] = [
  ['broadcasting', (g, x) => g.node('Add', [x, g.floats('c', [1, 2, 3, 4])])],
  ['broadcasting a new dimension', (g, x) => g.node('Mul', [g.node('Unsqueeze', [x, g.ints('a', [2])]), g.node('Unsqueeze', [x, g.ints('b', [1])])])],
  ['a single value', (g, x) => g.node('Sub', [g.floats('c', [1], []), x])],
  ['neighbours: rows beside those of training', (g, x) => g.node('ReduceSum', [g.node('Sub', [g.node('Unsqueeze', [x, g.ints('a', [1])]), g.floats('w', new Float32Array(5 * 4), [1, 5, 4])]), g.ints('last', [-1])], { keepdims: int(0) })],
  ['matrices', (g, x) => g.node('MatMul', [x, g.floats('w', new Float32Array(4 * 7), [4, 7])])],
  ['a matrix and a list', (g, x) => g.node('MatMul', [x, g.floats('w', new Float32Array(4))])],
  ['Gemm, turned', (g, x) => g.node('Gemm', [x, g.floats('w', new Float32Array(6 * 4), [6, 4])], { transB: int(1) })],
  ['Concat', (g, x) => g.node('Concat', [x, x, g.node('Neg', [x])], { axis: int(1) })],
  ['Gather of columns', (g, x) => g.node('Gather', [x, g.ints('i', [3, 0, 0, 1, 2])], { axis: int(1) })],
  ['Gather of rows of weights', (g, x) => g.node('Gather', [g.floats('w', new Float32Array(9 * 2), [9, 2]), g.node('ArgMax', [x], { axis: int(1), keepdims: int(0) })])],
  ['GatherElements', (g, x) => g.node('GatherElements', [x, g.node('ArgMin', [x], { axis: int(1) })], { axis: int(1) })],
  ['GatherND', (g, x) => g.node('GatherND', [g.floats('w', new Float32Array(4 * 2), [4, 2]), g.node('ArgMax', [x], { axis: int(1) })])],
  ['Reshape by what is left', (g, x) => g.node('Reshape', [x, g.ints('s', [-1, 2])])],
  ['Reshape by its own shape', (g, x) => g.node('Add', [g.node('Reshape', [x, g.node('Concat', [g.node('Slice', [g.node('Shape', [x]), g.ints('f', [0]), g.ints('t', [1])]), g.ints('r', [-1, 1])], { axis: int(0) })]), g.floats('w', new Float32Array(6))])],
  ['Reshape that keeps a dimension', (g, x) => g.node('Reshape', [x, g.ints('s', [0, 2, 2])])],
  ['Flatten', (g, x) => g.node('Flatten', [g.node('Unsqueeze', [x, g.ints('a', [1])])])],
  ['Squeeze', (g, x) => g.node('Squeeze', [g.node('ReduceMax', [x], { axes: ints(1) }), g.ints('a', [1])])],
  ['Transpose', (g, x) => g.node('Add', [g.node('Transpose', [g.node('Unsqueeze', [x, g.ints('a', [1])])], { perm: ints(0, 2, 1) }), g.floats('w', new Float32Array(5))])],
  ['Slice of columns', (g, x) => g.node('Slice', [x, g.ints('f', [1]), g.ints('t', [2 ** 40]), g.ints('a', [1]), g.ints('s', [2])])],
  ['Slice from behind', (g, x) => g.node('Slice', [x, g.ints('f', [-3]), g.ints('t', [-1]), g.ints('a', [-1])])],
  ['Slice of rows', (g, x) => g.node('Slice', [x, g.ints('f', [0]), g.ints('t', [2]), g.ints('a', [0])]), 'at most'],
  ['Split', (g, x) => g.node('Concat', [...g.nodes('Split', [x, g.ints('p', [3, 1])], 2, { axis: int(1) })].reverse().concat(x), { axis: int(1) })],
  ['TopK', (g, x) => g.nodes('TopK', [x, g.ints('k', [2])], 2)[0] as string],
  ['Expand to the rows', (g, x) => g.node('Expand', [g.floats('w', [1, 2, 3], [1, 3]), g.node('Concat', [g.node('Slice', [g.node('Shape', [x]), g.ints('f', [0]), g.ints('t', [1])]), g.ints('r', [1])], { axis: int(0) })])],
  ['OneHot', (g, x) => g.node('OneHot', [g.node('ArgMax', [x], { axis: int(1), keepdims: int(0) }), g.ints('d', [4], []), g.floats('v', [0, 1])])],
  ['Reduce all', (g, x) => g.node('ReduceMean', [x], { keepdims: int(0) })],
  ['Where', (g, x) => g.node('Where', [g.node('Less', [x, g.floats('c', [0], [1, 1])]), g.floats('n', [-1], [1]), x])],
  ['ml: OneHotEncoder', (g, x) => g.node('OneHotEncoder', [x], { cats_int64s: ints(1, 2, 3), zeros: int(1) }, 'ai.onnx.ml')],
  ['ml: ArrayFeatureExtractor', (g, x) => g.node('ArrayFeatureExtractor', [x, g.ints('i', [2, 0, 1])], {}, 'ai.onnx.ml')],
  ['ml: ArrayFeatureExtractor of a list', (g, x) => g.node('ArrayFeatureExtractor', [g.floats('w', [1, 2, 3, 4], [1, 4]), g.node('ArgMax', [x], { axis: int(1) })], {}, 'ai.onnx.ml')],
  ['ml: FeatureVectorizer', (g, x) => g.node('FeatureVectorizer', [x, x], { inputdimensions: ints(4, 4) }, 'ai.onnx.ml')],
  ['ml: Scaler and Normalizer', (g, x) => g.node('Normalizer', [g.node('Scaler', [x], { offset: { kind: 'floats', value: [0, 0, 0, 0] }, scale: { kind: 'floats', value: [1, 1, 1, 1] } }, 'ai.onnx.ml')], { norm: { kind: 'string', value: 'MAX' } }, 'ai.onnx.ml')],
  ['ml: LinearClassifier', (g, x) => g.nodes('LinearClassifier', [x], 2, { classlabels_ints: ints(0, 1, 2), coefficients: { kind: 'floats', value: new Array<number>(12).fill(0.5) }, intercepts: { kind: 'floats', value: [0, 0, 0] } }, 'ai.onnx.ml')[1] as string],
  ['ml: LinearRegressor', (g, x) => g.node('LinearRegressor', [x], { targets: int(2), coefficients: { kind: 'floats', value: new Array<number>(8).fill(0.5) } }, 'ai.onnx.ml')],
]

describe('as large as the runtime makes it', () => {
  test.each(cases.map(([name, build, loose]) => ({ name, build, loose })))('$name', async ({ build, loose }) => {
    const graph = new GraphBuilder()
    const value = build(graph, graph.input('x', 'float', ['N', 4]))
    graph.nameAs(graph.node('Reshape', [graph.cast(value, 'double'), graph.ints('flat', [-1])]), 'y')
    graph.output('y', 'double', ['M'])
    const bytes = encodeOnnx(graph.build('sizes'))
    const told = [...shapesOf(readOnnx(bytes), 20_000)].at(-1)?.shape.total
    const session = await nodeRunner().open(bytes)
    try {
      const made = (await session.run(new Map([['x', { type: 'float', values: Float32Array.from({ length: rows * 4 }, (_, i) => (i * 7) % 4), dims: [rows, 4] }]]), rows)).get('y')?.length as number
      const bound = (told?.size as number) * rows ** (told?.rows as number)
      if (loose) expect(bound).toBeGreaterThan(made)
      else expect(bound).toBe(made)
    } finally {
      await session.close()
    }
  })
})

test('what cannot be known is bounded by the product of what goes in', () => {
  const graph = new GraphBuilder()
  const x = graph.input('x', 'float', ['N', 4])
  // A shape that is counted out, so that nobody knows it before.
  const odd = graph.node('Reshape', [x, graph.node('Div', [graph.node('Shape', [x]), graph.ints('by', [1, 2])])])
  graph.nameAs(graph.node('Add', [odd, graph.floats('w', new Float32Array(6), [6, 1])]), 'y')
  graph.output('y', 'float', ['N', 1])
  expect([...shapesOf(readOnnx(encodeOnnx(graph.build('odd'))), 20_000)].at(-1)?.shape).toEqual({ dims: null, total: { size: 24, rows: 1, exact: false } })
})
