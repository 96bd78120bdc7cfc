/** What a network sees of a picture place by place, where it describes the picture by the means over all places. */
import type { Context } from '../../context.ts'
import { GraphBuilder } from '../../onnx/graph.ts'
import { encodeOnnx } from '../../onnx/proto.ts'
import type { OnnxRunner } from '../../onnx/runner.ts'
import { pixelCount, shippedBackbone, type PixelForm } from '../pixel-form.ts'
import { backboneMaps } from './mobilenet-v2.ts'
import { ownBackboneMaps } from './own.ts'

export interface SeenMaps {
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Shape (height, width, channels). */
  readonly values: Float32Array
}

/**
 * @param pixels height x width x 3 of the form, row-major, 0 to 1
 * @param own the file of a network that was brought in, by its hash
 * @returns undefined where the network ends in something else than a mean over places
 */
export async function mapsOf(context: Context, runner: OnnxRunner, form: PixelForm, own: (hash: string) => Promise<Uint8Array<ArrayBuffer>>, pixels: Float32Array): Promise<SeenMaps | undefined> {
  const { backbone = shippedBackbone, height, width } = form
  const graph = new GraphBuilder()
  const input = graph.input('pixels', 'float', ['N', height, width, 3])
  const turned = (value: string, perm: readonly number[]): string => graph.node('Transpose', [value], { perm: { kind: 'ints', value: perm } })
  const maps = backbone === shippedBackbone ? turned(backboneMaps(graph, turned(input, [0, 3, 1, 2]), new Uint8Array(await context.asset('mobilenet-v2.bin'))), [0, 2, 3, 1]) : ownBackboneMaps(graph, input, await own(backbone))
  if (maps === undefined) return undefined
  graph.nameAs(maps, 'maps')
  graph.output('maps', 'float', ['N', 'rows', 'columns', 'channels'])
  graph.nameAs(graph.node('Cast', [graph.node('Shape', [maps])], { to: { kind: 'int', value: 1 } }), 'shape')
  graph.output('shape', 'float', ['rank'])
  const session = await runner.open(encodeOnnx(graph.build('maps')))
  try {
    const results = await session.run(new Map([['pixels', { type: 'float', values: pixels, dims: [1, height, width, 3] }]]), 1)
    const [, rows, columns, channels] = Array.from(results.get('shape') as ArrayLike<number>) as [number, number, number, number]
    if (channels !== pixelCount(form) || rows * columns < 2) return undefined
    return { height: rows, width: columns, channels, values: Float32Array.from(results.get('maps') as ArrayLike<number>) }
  } finally {
    await session.close()
  }
}
