/**
 * An ONNX model as protobuf bytes, written by hand: a dozen messages, no library. Field numbers are those
 * of onnx.proto (onnx 1.12) and held by a test. Equal graphs give equal bytes.
 */
import { StudioError } from '../errors.ts'
import type { Dimension, OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor, OnnxValue, TensorType } from './graph.ts'

export const irVersion = 8
export const opsetVersion = 17
export const mlOpsetVersion = 3
/** As certificates and cards write it. */
export const opsetLabel = `opset ${opsetVersion}, ai.onnx.ml ${mlOpsetVersion}, IR ${irVersion}`

const elementTypes: Readonly<Record<TensorType, number>> = { float: 1, uint8: 2, int64: 7, string: 8, bool: 9, double: 11 }
const attributeTypes: Readonly<Record<OnnxAttribute['kind'], number>> = { float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7, strings: 8 }

const encoder = new TextEncoder()

/** Grows by doubling; a nested message is written to its own writer, because its length comes first. */
class Writer {
  #bytes = new Uint8Array(256)
  #length = 0

  #room(extra: number): void {
    const needed = this.#length + extra
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }
  #varint(value: number): void {
    this.#room(10)
    while (value > 127) {
      this.#bytes[this.#length++] = (value % 128) | 128
      value = Math.floor(value / 128)
    }
    this.#bytes[this.#length++] = value
  }
  /** A signed 64-bit number: ten bytes where it is negative. */
  #varint64(value: number | bigint): void {
    if (typeof value === 'number' && value >= 0) {
      if (!Number.isSafeInteger(value)) throw new StudioError({ code: 'bug', message: `invalid ONNX integer; not a whole number: ${value}` })
      this.#varint(value)
      return
    }
    let rest = BigInt.asUintN(64, BigInt(value))
    this.#room(10)
    while (rest > 127n) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.#bytes[this.#length++] = Number(rest)
  }
  #tag(field: number, wire: 0 | 2 | 5): void {
    this.#varint(field * 8 + wire)
  }
  int(field: number, value: number | bigint): void {
    this.#tag(field, 0)
    this.#varint64(value)
  }
  float(field: number, value: number): void {
    this.#tag(field, 5)
    this.#room(4)
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true)
    this.#length += 4
  }
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2)
    this.#varint(value.length)
    this.#room(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }
  string(field: number, value: string): void {
    this.bytes(field, encoder.encode(value))
  }
  /** Fields that are encoded already. */
  raw(fields: Uint8Array): void {
    this.#room(fields.length)
    this.#bytes.set(fields, this.#length)
    this.#length += fields.length
  }
  message(field: number, body: (writer: Writer) => void): void {
    const inner = new Writer()
    body(inner)
    this.bytes(field, inner.#bytes.subarray(0, inner.#length))
  }
  packedInts(field: number, values: ArrayLike<number> | readonly bigint[]): void {
    if (values.length === 0) return
    const inner = new Writer()
    for (let i = 0; i < values.length; i++) inner.#varint64(values[i] as number | bigint)
    this.bytes(field, inner.#bytes.subarray(0, inner.#length))
  }
  packedFloats(field: number, values: ArrayLike<number>): void {
    if (values.length === 0) return
    this.bytes(field, littleEndian({ type: 'float', dims: [values.length], values: Float32Array.from(values) }))
  }
}

/** raw_data is little-endian whatever the machine. */
function littleEndian(tensor: OnnxTensor): Uint8Array {
  const { values } = tensor
  if (tensor.type === 'string') throw new StudioError({ code: 'bug', message: 'invalid tensor; strings have no raw data' })
  const width = tensor.type === 'float' ? 4 : tensor.type === 'bool' ? 1 : 8
  const bytes = new Uint8Array(values.length * width)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | bigint
    if (tensor.type === 'float') view.setFloat32(i * 4, value as number, true)
    else if (tensor.type === 'double') view.setFloat64(i * 8, value as number, true)
    else if (tensor.type === 'int64') view.setBigInt64(i * 8, BigInt(value), true)
    else bytes[i] = Number(value)
  }
  return bytes
}

function writeTensor(writer: Writer, tensor: OnnxTensor, name?: string): void {
  const size = tensor.dims.reduce((product, dim) => product * dim, 1)
  if (size !== tensor.values.length) {
    throw new StudioError({ code: 'bug', message: `invalid tensor ${name ?? ''}; its dims ${tensor.dims.join(' x ')} must hold its values: ${tensor.values.length}` })
  }
  for (const dim of tensor.dims) writer.int(1, dim)
  writer.int(2, elementTypes[tensor.type])
  if (tensor.type === 'string') for (const value of tensor.values as readonly string[]) writer.string(6, value)
  if (name !== undefined) writer.string(8, name)
  if (tensor.type !== 'string') writer.bytes(9, littleEndian(tensor))
}

function writeAttribute(writer: Writer, name: string, attribute: OnnxAttribute): void {
  writer.string(1, name)
  switch (attribute.kind) {
    case 'float':
      writer.float(2, attribute.value)
      break
    case 'int':
      writer.int(3, attribute.value)
      break
    case 'string':
      writer.string(4, attribute.value)
      break
    case 'tensor':
      writer.message(5, (inner) => writeTensor(inner, attribute.value))
      break
    case 'floats':
      writer.packedFloats(7, attribute.value)
      break
    case 'ints':
      writer.packedInts(8, attribute.value)
      break
    case 'strings':
      for (const value of attribute.value) writer.string(9, value)
      break
  }
  writer.int(20, attributeTypes[attribute.kind])
}

function writeNode(writer: Writer, node: OnnxNode): void {
  for (const input of node.inputs) writer.string(1, input)
  for (const output of node.outputs) writer.string(2, output)
  writer.string(3, node.name)
  if (node.raw) return writer.raw(node.raw)
  writer.string(4, node.opType)
  for (const [name, attribute] of Object.entries(node.attributes)) writer.message(5, (inner) => writeAttribute(inner, name, attribute))
  if (node.domain !== '') writer.string(7, node.domain)
}

function writeDimension(writer: Writer, dimension: Dimension): void {
  if (typeof dimension === 'number') writer.int(1, dimension)
  else writer.string(2, dimension)
}

function writeValue(writer: Writer, value: OnnxValue): void {
  writer.string(1, value.name)
  writer.message(2, (type) =>
    type.message(1, (tensor) => {
      tensor.int(1, elementTypes[value.type])
      tensor.message(2, (shape) => {
        for (const dimension of value.shape) shape.message(1, (inner) => writeDimension(inner, dimension))
      })
    }),
  )
}

/** The graph as the bytes of a `.onnx` file. @throws StudioError bug where a tensor's values do not fill its dims */
export function encodeOnnx(graph: OnnxGraph): Uint8Array<ArrayBuffer> {
  const model = new Writer()
  model.int(1, irVersion)
  model.string(2, 'glasshouse')
  model.string(3, '1')
  model.message(7, (writer) => {
    for (const node of graph.nodes) writer.message(1, (inner) => writeNode(inner, node))
    writer.string(2, graph.name)
    for (const { name, tensor } of graph.initializers) {
      writer.message(5, (inner) => {
        if (!('raw' in tensor)) return writeTensor(inner, tensor, name)
        inner.raw(tensor.raw)
        inner.string(8, name)
      })
    }
    for (const value of graph.inputs) writer.message(11, (inner) => writeValue(inner, value))
    for (const value of graph.outputs) writer.message(12, (inner) => writeValue(inner, value))
  })
  const usesMl = graph.nodes.some((node) => node.domain === 'ai.onnx.ml')
  model.message(8, (opset) => {
    opset.string(1, '')
    opset.int(2, opsetVersion)
  })
  if (usesMl) {
    model.message(8, (opset) => {
      opset.string(1, 'ai.onnx.ml')
      opset.int(2, mlOpsetVersion)
    })
  }
  for (const [key, value] of Object.entries(graph.metadata)) {
    model.message(14, (entry) => {
      entry.string(1, key)
      entry.string(2, value)
    })
  }
  return model.finish()
}
