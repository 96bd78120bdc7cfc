import { expect, test } from 'vitest'
import { GraphBuilder } from '../../../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../../../src/core/onnx/proto.ts'
import { floatFeed, int64Feed, runOnnx, stringFeed } from '../../../support/ort.ts'

type Field = { readonly field: number; readonly wire: number; readonly value: bigint | Uint8Array }

/** A reader of its own, so that writer and reader cannot share a mistake about field numbers. */
function fieldsOf(bytes: Uint8Array): Field[] {
  const fields: Field[] = []
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] as number
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const wire = tag & 7
    const length = wire === 2 ? Number(varint()) : wire === 5 ? 4 : 0
    if (wire === 0) fields.push({ field: tag >> 3, wire, value: varint() })
    else fields.push({ field: tag >> 3, wire, value: bytes.slice(at, (at += length)) })
  }
  return fields
}
const of = (fields: readonly Field[], field: number): (bigint | Uint8Array)[] => fields.filter((item) => item.field === field).map((item) => item.value)
const inside = (fields: readonly Field[], field: number, index = 0): Field[] => fieldsOf(of(fields, field)[index] as Uint8Array)
const text = (value: bigint | Uint8Array | undefined): string => new TextDecoder().decode(value as Uint8Array)

function sample() {
  const graph = new GraphBuilder()
  graph.input('x', 'float', ['N', 1])
  const scaler = graph.node('Scaler', ['x'], { offset: { kind: 'floats', value: [1.5] }, scale: { kind: 'floats', value: [2] } }, 'ai.onnx.ml')
  const added = graph.node('Add', [scaler, graph.floats('big', [1])])
  graph.nameAs(graph.node('Concat', [added, added], { axis: { kind: 'int', value: -1 } }), 'value')
  graph.output('value', 'float', ['N', 2])
  graph.metadata('key', 'a value')
  return graph.build('sample')
}

test('every field has the number that onnx.proto gives it', () => {
  const model = fieldsOf(encodeOnnx(sample()))
  expect(of(model, 1)).toEqual([8n])
  expect(text(of(model, 2)[0])).toBe('glasshouse')
  expect(inside(model, 8).map(({ field, value }) => [field, typeof value === 'bigint' ? value : text(value)])).toEqual([[1, ''], [2, 17n]])
  expect(inside(model, 8, 1).map(({ field, value }) => [field, typeof value === 'bigint' ? value : text(value)])).toEqual([[1, 'ai.onnx.ml'], [2, 3n]])
  expect(inside(model, 14).map(({ field, value }) => [field, text(value)])).toEqual([[1, 'key'], [2, 'a value']])

  const graph = inside(model, 7)
  expect(text(of(graph, 2)[0])).toBe('sample')
  const scaler = inside(graph, 1)
  expect(text(of(scaler, 1)[0])).toBe('x')
  expect(text(of(scaler, 4)[0])).toBe('Scaler')
  expect(text(of(scaler, 7)[0])).toBe('ai.onnx.ml')
  const offset = inside(scaler, 5)
  expect(text(of(offset, 1)[0])).toBe('offset')
  expect(of(offset, 7)[0]).toEqual(new Uint8Array(Float32Array.of(1.5).buffer))
  expect(of(offset, 20)).toEqual([6n])
  const axis = inside(inside(graph, 1, 2), 5)
  expect(of(axis, 3)).toEqual([0xffffffffffffffffn])
  expect(of(axis, 20)).toEqual([2n])

  const initializer = inside(graph, 5)
  expect([of(initializer, 1), of(initializer, 2)]).toEqual([[1n], [1n]])
  expect(text(of(initializer, 8)[0])).toBe('big_2')
  expect(of(initializer, 9)[0]).toEqual(new Uint8Array(Float32Array.of(1).buffer))

  const input = inside(graph, 11)
  expect(text(of(input, 1)[0])).toBe('x')
  const tensor = inside(inside(input, 2), 1)
  expect(of(tensor, 1)).toEqual([1n])
  const dims = of(inside(tensor, 2), 1).map((dim) => fieldsOf(dim as Uint8Array)[0] as Field)
  expect(dims.map(({ field, value }) => [field, typeof value === 'bigint' ? value : text(value)])).toEqual([[2, 'N'], [1, 1n]])
  expect(text(of(inside(graph, 12), 1)[0])).toBe('value')
})

test('equal graphs give equal bytes', () => {
  expect(encodeOnnx(sample())).toEqual(encodeOnnx(sample()))
})

test('a tensor whose values do not fill its dims is refused', () => {
  const graph = new GraphBuilder()
  graph.constant('short', { type: 'float', dims: [2, 2], values: Float32Array.of(1, 2, 3) })
  expect(() => encodeOnnx(graph.build('g'))).toThrow(/invalid tensor .*2 x 2.*: 3/)
})

test('strings, extreme int64, bools and a large tensor reach ONNX Runtime as written', async () => {
  const graph = new GraphBuilder()
  const words = ['', 'naïve', '漢字', '𝒳', '__proto__', 'x'.repeat(70_000)]
  const big = Float32Array.from({ length: 300_000 }, (_, i) => i / 7)
  graph.input('n', 'int64', ['N'])
  graph.input('s', 'string', ['N'])
  graph.nameAs(graph.constant('words', { type: 'string', dims: [6], values: words }), 'words')
  graph.nameAs(graph.constant('longs', { type: 'int64', dims: [4], values: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, -1n, 2n ** 53n + 1n) }), 'longs')
  graph.nameAs(graph.floats('big', big, [300, 1000]), 'big')
  const bools = graph.constant('bools', { type: 'bool', dims: [3], values: Uint8Array.of(1, 0, 1) })
  graph.nameAs(graph.node('Cast', [bools], { to: { kind: 'int', value: 1 } }), 'bools')
  graph.nameAs('n', 'n_out')
  graph.nameAs('s', 's_out')
  for (const [name, type] of [['words', 'string'], ['longs', 'int64'], ['big', 'float'], ['bools', 'float'], ['n_out', 'int64'], ['s_out', 'string']] as const) graph.output(name, type, name === 'big' ? ['A', 'B'] : ['K'])
  const results = await runOnnx(encodeOnnx(graph.build('g')), { n: int64Feed([-(2n ** 63n), 5n], [2]), s: stringFeed(['', 'é'], [2]) })
  expect(results.get('words')?.values).toEqual(words)
  expect(results.get('longs')?.values).toEqual(BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, -1n, 2n ** 53n + 1n))
  expect(results.get('big')?.dims).toEqual([300, 1000])
  expect(results.get('big')?.values).toEqual(big)
  expect(Array.from(results.get('bools')?.values as Float32Array)).toEqual([1, 0, 1])
  expect(results.get('n_out')?.values).toEqual(BigInt64Array.of(-(2n ** 63n), 5n))
  expect(results.get('s_out')?.values).toEqual(['', 'é'])
})

test('attributes of every kind are understood', async () => {
  const graph = new GraphBuilder()
  graph.input('x', 'string', ['N', 1])
  const coded = graph.node(
    'LabelEncoder',
    ['x'],
    { keys_strings: { kind: 'strings', value: ['a', 'b'] }, values_floats: { kind: 'floats', value: [1, 2.5] }, default_float: { kind: 'float', value: -1.25 } },
    'ai.onnx.ml',
  )
  const fill = graph.node('ConstantOfShape', [graph.node('Shape', [coded])], { value: { kind: 'tensor', value: { type: 'float', dims: [1], values: Float32Array.of(10) } } })
  graph.nameAs(graph.node('Transpose', [graph.node('Add', [coded, fill])], { perm: { kind: 'ints', value: [1, 0] } }), 'value')
  graph.output('value', 'float', [1, 'N'])
  const { dims, values } = (await runOnnx(encodeOnnx(graph.build('g')), { x: stringFeed(['b', 'zz', 'a']) })).get('value') ?? { dims: [], values: [] }
  expect(dims).toEqual([1, 3])
  expect(Array.from(values as Float32Array)).toEqual([12.5, 8.75, 11])
})

test.each([' ', 'a\nb', '__proto__', 'constructor', '<script>alert(1)</script>', 'x'.repeat(10_240), 'é𝒳'])('an input may be called anything, %#', async (name) => {
  const graph = new GraphBuilder()
  graph.input(name, 'float', ['N', 1])
  graph.nameAs(graph.node('Add', [name, graph.floats('one', [1])]), 'value')
  graph.output('value', 'float', ['N', 1])
  const results = await runOnnx(encodeOnnx(graph.build('g')), new Map([[name, floatFeed([1, 2])]]))
  expect(Array.from(results.get('value')?.values as Float32Array)).toEqual([2, 3])
})
