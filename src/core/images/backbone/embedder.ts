/** Networks that look at pictures, in ONNX Runtime: the same nodes that an exported graph holds. */
import type { Context } from '../../context.ts'
import { GraphBuilder } from '../../onnx/graph.ts'
import { encodeOnnx } from '../../onnx/proto.ts'
import type { OnnxRunner } from '../../onnx/runner.ts'
import { pixelCount, shippedBackbone, type PixelForm } from '../pixel-form.ts'
import { backboneNodes, backboneSide, backboneSize } from './mobilenet-v2.ts'
import { checkKept } from './own.ts'

export interface Embedder {
  /** @param pixels height x width x 3 of its form, row-major, 0 to 1 */
  embed(pixels: Float32Array): Promise<Float32Array>
  close(): Promise<void>
}

async function shipped(context: Context): Promise<Uint8Array<ArrayBuffer>> {
  const graph = new GraphBuilder()
  const pixels = graph.input('pixels', 'float', ['N', backboneSide, backboneSide, 3])
  const planes = graph.node('Transpose', [pixels], { perm: { kind: 'ints', value: [0, 3, 1, 2] } })
  graph.nameAs(backboneNodes(graph, planes, new Uint8Array(await context.asset('mobilenet-v2.bin'))), 'embedding')
  graph.output('embedding', 'float', ['N', backboneSize])
  return encodeOnnx(graph.build('backbone'))
}

/** @param own the file of a network that was brought in, by its hash */
export async function openEmbedder(context: Context, runner: OnnxRunner, form: PixelForm, own: (hash: string) => Promise<Uint8Array<ArrayBuffer>>): Promise<Embedder> {
  const { backbone = shippedBackbone, height, width } = form
  const file = backbone === shippedBackbone ? await shipped(context) : await own(backbone)
  if (backbone !== shippedBackbone) checkKept(file, { height, width, size: pixelCount(form) })
  const session = await runner.open(file)
  return {
    async embed(values) {
      const results = await session.run(new Map([['pixels', { type: 'float', values, dims: [1, height, width, 3] }]]), 1)
      return Float32Array.from(results.get('embedding') as ArrayLike<number>)
    },
    close: () => session.close(),
  }
}
