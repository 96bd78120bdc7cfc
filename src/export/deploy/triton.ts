/** NVIDIA Triton's description of the graph. The graph's own batch dimension is the first of every tensor. */
import { modelSlug } from '../../core/bundle/responses.ts'
import type { Signature } from '../../core/bundle/signature.ts'

const types = { float: 'TYPE_FP32', double: 'TYPE_FP64', int64: 'TYPE_INT64', string: 'TYPE_STRING', uint8: 'TYPE_UINT8' } as const
/** A string of the protobuf text format: bytes that are not plain ASCII as octal escapes. */
function text(value: string): string {
  let out = ''
  for (const byte of new TextEncoder().encode(value)) out += byte === 34 || byte === 92 ? `\\${String.fromCharCode(byte)}` : byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`
  return `"${out}"`
}
const tensor = (field: 'input' | 'output', name: string, type: string, dims: readonly number[]): string => `${field} {\n  name: ${text(name)}\n  data_type: ${type}\n  dims: [ ${dims.join(', ')} ]\n}\n`

export function tritonConfig(signature: Signature): string {
  return [
    `name: ${text(modelSlug(signature.name))}\nplatform: "onnxruntime_onnx"\n# Tensors carry their batch dimension themselves, -1: the answers of a batch have other ranks than Triton's own batching asks for.\nmax_batch_size: 0\n`,
    ...signature.inputs.map((input) => tensor('input', input.graphName ?? input.name, types[input.tensor], input.kind === 'image' ? [-1, -1, -1, 3] : [-1, 1])),
    ...signature.outputs.map((output) => tensor('output', output.name, types[output.tensor], output.shape)),
    'instance_group {\n  count: 1\n  kind: KIND_CPU\n}\nversion_policy {\n  latest {\n    num_versions: 1\n  }\n}\n',
  ].join('')
}
