import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { backboneBytes, backboneNodes, backboneSize, readWeights } from '../../../../src/core/images/backbone/mobilenet-v2.ts'
import { cropPolicies, resize } from '../../../../src/core/images/resize.ts'
import { resizeNodes } from '../../../../src/core/images/resize-nodes.ts'
import { GraphBuilder } from '../../../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../../../src/core/onnx/proto.ts'
import { nodeRunner } from '../../../../src/core/onnx/runner-node.ts'
import { imagePixels } from '../../../../src/core/recipe/image-pixels.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'

const file = new Uint8Array(readFileSync('src/core/images/backbone/mobilenet-v2.bin'))
const golden = JSON.parse(readFileSync('test/golden/mobilenet-v2.json', 'utf8')) as { expected: number[] }

test('the backbone as a graph gives what tfjs makes of the same layers', async () => {
  const side = 224
  const values = new Float32Array(3 * side * side)
  for (let c = 0; c < 3; c++) for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) values[(c * side + y) * side + x] = ((x * 7 + y * 13 + c * 53 + ((x * y) >> 3)) % 256) / 255
  const graph = new GraphBuilder()
  graph.nameAs(backboneNodes(graph, graph.input('x', 'float', ['N', 3, side, side]), file), 'y')
  graph.output('y', 'float', ['N', backboneSize])
  const session = await nodeRunner().open(encodeOnnx(graph.build('backbone')))
  const answer = await session.run(new Map([['x', { type: 'float', values, dims: [1, 3, side, side] }]]), 1)
  await session.close()
  // Means of 196 numbers near 1, through 37 layers of float32.
  expectAllClose(answer.get('y') as Float32Array, golden.expected, { absolute: 1e-4 })
})

test('its size is told as it is', () => expect(file.length).toBe(backboneBytes))

test('a file that is cut off is refused', () => {
  expect(() => readWeights(file.subarray(0, 5000))).toThrow('invalid backbone')
})

const noise = (width: number, height: number): Uint8Array => Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 2654435761) >>> 24)

test('resizing: halves average by the triangle, the same size stays, contain has bars, cover cuts the middle', () => {
  const row = { width: 4, height: 1, channels: 3 as const, data: Uint8Array.of(0, 0, 0, 80, 80, 80, 160, 160, 160, 240, 240, 240) }
  // First place: centre 1, reach 2: weights 3/4 3/4 1/4 over the pixels at 0.5 1.5 2.5; (0*3 + 80*3 + 160*1) / 7.
  expectAllClose(resize(row, 1, 2, 'stretch', 1), [400 / 7 / 255, (80 + 160 * 3 + 240 * 3) / 7 / 255], { absolute: 1e-6 })
  const same = { width: 5, height: 5, channels: 3 as const, data: noise(5, 5) }
  expectAllClose(resize(same, 5, 5, 'cover'), Float32Array.from(same.data, (value) => value / 255), { absolute: 1e-7 })
  const white = { width: 4, height: 2, channels: 3 as const, data: new Uint8Array(24).fill(255) }
  expectAllClose(resize(white, 4, 4, 'contain', 1), [0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0], { absolute: 1e-6 })
  // 4 x 1 as 1 x 1: the middle square is the pixel between the two in the middle.
  expectAllClose(resize(row, 1, 1, 'cover', 1), [(80 + 160) / 2 / 255], { absolute: 1e-6 })
})

test.each(cropPolicies.flatMap((crop) => ([1, 3] as const).map((channels) => ({ crop, channels }))))('the graph resizes the same: $crop, $channels channels', async ({ crop, channels }) => {
  const form = { height: 24, width: 20, channels, crop }
  const graph = new GraphBuilder()
  graph.nameAs(resizeNodes(graph, graph.input('x', 'uint8', ['N', 'H', 'W', 3]), form), 'y')
  graph.output('y', 'float', ['N', channels, 24, 20])
  const session = await nodeRunner().open(encodeOnnx(graph.build('resize')))
  for (const [width, height] of [[61, 40], [33, 97], [20, 24], [7, 5], [1, 1], [1501, 20]] as const) {
    const data = noise(width, height)
    const answer = (await session.run(new Map([['x', { type: 'uint8', values: data, dims: [1, height, width, 3] }]]), 1)).get('y') as Float32Array
    const ours = resize({ width, height, channels: 3, data }, 24, 20, crop, channels)
    const planes = Float32Array.from(answer, (_, i) => ours[(i % 480) * channels + Math.floor(i / 480)] as number)
    expectAllClose(answer, planes, { absolute: 1e-5 })
  }
  await session.close()
})

test.each(['picture', 'numbers'] as const)('the step of pixels gives the same in a graph: %s', async (layout) => {
  const data = noise(31, 22)
  const state = imagePixels.fit({ kind: 'image', name: 'p', source: 'p', length: 1 }, { size: 8, colour: 'rgb', crop: 'cover', layout } as never)
  const values = resize({ width: 31, height: 22, channels: 3, data }, 8, 8, 'cover')
  const made = imagePixels.apply({ kind: 'image', name: 'p', source: 'p', length: 1, tensor: () => values }, state)
  const graph = new GraphBuilder()
  const series = imagePixels.toOnnx({ kind: 'image', name: 'p', source: 'p', tensor: graph.input('x', 'uint8', ['N', 'H', 'W', 3]) }, state, graph)
  expect(series.map(({ name }) => name)).toEqual(made.map(({ name }) => name))
  expect(series).toHaveLength(layout === 'picture' ? 1 : 192)
  graph.nameAs(series.length === 1 ? (series[0]?.tensor as string) : graph.node('Concat', series.map(({ tensor }) => tensor), { axis: { kind: 'int', value: 1 } }), 'y')
  graph.output('y', 'float', ['N', 192])
  const session = await nodeRunner().open(encodeOnnx(graph.build('pixels')))
  const answer = (await session.run(new Map([['x', { type: 'uint8', values: data, dims: [1, 22, 31, 3] }]]), 1)).get('y') as Float32Array
  await session.close()
  expectAllClose(answer, made.length === 1 ? (made[0] as { values: Float32Array }).values : made.map((one) => (one as { values: Float32Array }).values[0] as number), { absolute: 1e-5 })
})
