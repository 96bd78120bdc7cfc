/** The backbone in ONNX Runtime: the same nodes that an exported graph holds. */
import type { Context } from '../../context.ts'
import { GraphBuilder } from '../../onnx/graph.ts'
import { encodeOnnx } from '../../onnx/proto.ts'
import type { OnnxRunner } from '../../onnx/runner.ts'
import { backboneNodes, backboneSide, backboneSize } from './mobilenet-v2.ts'

export interface Embedder {
  /** @param pixels 224 x 224 x 3, row-major, 0 to 1. @returns 96 numbers */
  embed(pixels: Float32Array): Promise<Float32Array>
  close(): Promise<void>
}

export async function openEmbedder(context: Context, runner: OnnxRunner): Promise<Embedder> {
  const graph = new GraphBuilder()
  const pixels = graph.input('pixels', 'float', ['N', backboneSide, backboneSide, 3])
  const planes = graph.node('Transpose', [pixels], { perm: { kind: 'ints', value: [0, 3, 1, 2] } })
  graph.nameAs(backboneNodes(graph, planes, new Uint8Array(await context.asset('mobilenet-v2.bin'))), 'embedding')
  graph.output('embedding', 'float', ['N', backboneSize])
  const session = await runner.open(encodeOnnx(graph.build('backbone')))
  return {
    async embed(values) {
      const results = await session.run(new Map([['pixels', { type: 'float', values, dims: [1, backboneSide, backboneSide, 3] }]]), 1)
      return Float32Array.from(results.get('embedding') as ArrayLike<number>)
    },
    close: () => session.close(),
  }
}
