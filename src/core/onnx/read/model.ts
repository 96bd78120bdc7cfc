/**
 * What an ONNX file says, for the operators that tables need. Whoever made it, it passes here before any runtime
 * sees it: what is not on the list is named and refused, nothing outside the file is ever read.
 * Field numbers are those of onnx.proto (onnx 1.12).
 */
import { asStudioError } from '../../errors.ts'
import { type Field, fieldsOf, floatsOf, intsOf, refuse, textOf, unsupported } from './wire.ts'

/** Element types by their number in onnx.proto. */
export const elementTypes = ['undefined', 'float', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16', 'double', 'uint32', 'uint64'] as const
export type ElementType = (typeof elementTypes)[number]
const widths: Readonly<Record<string, number>> = { float: 4, uint8: 1, int8: 1, uint16: 2, int16: 2, int32: 4, int64: 8, bool: 1, float16: 2, double: 8, uint32: 4, uint64: 8 }

export interface ReadTensor {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly number[]
  /** The values of a short list of int64 or int32, which sizes and shapes are made of; absent for every other tensor. */
  readonly ints?: readonly bigint[]
}
export interface ReadAttribute {
  readonly int?: bigint
  readonly text?: string
  readonly ints: readonly bigint[]
  readonly floats: readonly number[]
  readonly texts: readonly string[]
  readonly tensor?: ReadTensor
}
export interface ReadNode {
  readonly name: string
  readonly opType: string
  /** '' is ai.onnx. */
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, ReadAttribute>
}
export interface ReadValue {
  readonly name: string
  /** Absent for sequences, maps and optionals. */
  readonly type?: ElementType
  /** null for a dimension without a fixed size; absent where the file gives no shape. */
  readonly shape?: readonly (number | null)[]
}
export interface ReadModel {
  readonly producer: string
  readonly irVersion: number
  readonly opsets: ReadonlyMap<string, number>
  readonly metadata: ReadonlyMap<string, string>
  readonly nodes: readonly ReadNode[]
  /** Without those that an initializer fills. */
  readonly inputs: readonly ReadValue[]
  readonly outputs: readonly ReadValue[]
  readonly initializers: readonly ReadTensor[]
}

const limits = { bytes: 512 * 1024 * 1024, nodes: 10_000, dims: 16, ints: 16 }

const typeOf = (number: bigint, name: string): ElementType => {
  const type = elementTypes[Number(number)]
  if (type === undefined || type === 'undefined') throw refuse(`tensor ${name.slice(0, 80)} has an element type that is not known here: ${number}`)
  return type
}

function readTensor(bytes: Uint8Array): ReadTensor {
  let name = ''
  let typeNumber = 0n
  const dims: bigint[] = []
  let raw: Uint8Array | undefined
  let listed = 0
  const ints: bigint[] = []
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) dims.push(...intsOf(field))
    else if (field.number === 2) typeNumber = field.int
    else if (field.number === 4) listed += field.bytes.length / 4
    else if (field.number === 5 || field.number === 7 || field.number === 11) {
      const own = intsOf(field)
      listed += own.length
      if (listed <= limits.ints) ints.push(...own)
    }
    else if (field.number === 6) listed++
    else if (field.number === 8) name = textOf(field)
    else if (field.number === 9) raw = field.bytes
    else if (field.number === 10) listed += field.bytes.length / 8
    else if (field.number === 13 || (field.number === 14 && field.int !== 0n)) throw refuse(`tensor ${name.slice(0, 80)} keeps its values in another file, which is never read; save the model with its weights inside`)
  }
  const type = typeOf(typeNumber, name)
  if (dims.length > limits.dims) throw refuse(`tensor ${name.slice(0, 80)} has more than ${limits.dims} dimensions: ${dims.length}`)
  const sizes = dims.map(Number)
  if (sizes.some((size) => !(size >= 0 && size <= 2 ** 31))) throw refuse(`tensor ${name.slice(0, 80)} has a dimension outside 0 to 2,147,483,648: ${sizes.join(' x ')}`)
  const size = sizes.reduce((product, dim) => product * dim, 1)
  const held = raw === undefined || type === 'string' ? listed : raw.length / (widths[type] as number)
  if (held !== size) throw refuse(`tensor ${name.slice(0, 80)} of ${sizes.join(' x ') || 'one'} must hold ${size} values: ${held}`)
  if ((type !== 'int64' && type !== 'int32') || size > limits.ints) return { name, type, dims: sizes }
  return { name, type, dims: sizes, ints: raw ? wholeNumbers(raw, type) : ints }
}

function wholeNumbers(raw: Uint8Array, type: 'int64' | 'int32'): bigint[] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength)
  return Array.from({ length: raw.length / (widths[type] as number) }, (_, i) => (type === 'int64' ? view.getBigInt64(i * 8, true) : BigInt(view.getInt32(i * 4, true))))
}

function readAttribute(bytes: Uint8Array, where: string): [string, ReadAttribute] {
  let name = ''
  let int: bigint | undefined
  let text: string | undefined
  let tensor: ReadTensor | undefined
  const ints: bigint[] = []
  const floats: number[] = []
  const texts: string[] = []
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) name = textOf(field)
    else if (field.number === 2) floats.push(...floatsOf(field))
    else if (field.number === 3) int = field.int
    else if (field.number === 4) text = textOf(field)
    else if (field.number === 5) tensor = readTensor(field.bytes)
    else if (field.number === 7) for (const value of floatsOf(field)) floats.push(value)
    else if (field.number === 8) for (const value of intsOf(field)) ints.push(value)
    else if (field.number === 9) texts.push(textOf(field))
    else if (field.number === 6 || field.number === 11) throw unsupported(`${where} carries a graph inside, and loops and branches are not run here`)
    else if (field.number === 10 || field.number === 14 || field.number === 15 || field.number === 21 || field.number === 22 || field.number === 23) throw unsupported(`${where} has an attribute of a kind that is not read here: ${name.slice(0, 80)}`)
  }
  return [name, { ints, floats, texts, ...(int === undefined ? {} : { int }), ...(text === undefined ? {} : { text }), ...(tensor ? { tensor } : {}) }]
}

function readNode(bytes: Uint8Array): ReadNode {
  let name = ''
  let opType = ''
  let domain = ''
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: Uint8Array[] = []
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) inputs.push(textOf(field))
    else if (field.number === 2) outputs.push(textOf(field))
    else if (field.number === 3) name = textOf(field)
    else if (field.number === 4) opType = textOf(field)
    else if (field.number === 5) attributes.push(field.bytes)
    else if (field.number === 7) domain = textOf(field)
  }
  return { name, opType, domain: domain === 'ai.onnx' ? '' : domain, inputs, outputs, attributes: new Map(attributes.map((attribute) => readAttribute(attribute, `operator ${opType.slice(0, 40)}`))) }
}

function readValue(bytes: Uint8Array): ReadValue {
  let name = ''
  let value: Omit<ReadValue, 'name'> = {}
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) name = textOf(field)
    else if (field.number === 2) for (const kind of fieldsOf(field.bytes)) if (kind.number === 1) value = readTensorType(kind.bytes)
  }
  return { name, ...value }
}

function readTensorType(bytes: Uint8Array): Omit<ReadValue, 'name'> {
  let type: ElementType | undefined
  let shape: (number | null)[] | undefined
  for (const field of fieldsOf(bytes)) {
    if (field.number === 1) type = typeOf(field.int, '')
    else if (field.number === 2) {
      shape = []
      for (const dimension of fieldsOf(field.bytes)) {
        let size: number | null = null
        for (const part of fieldsOf(dimension.bytes)) if (part.number === 1) size = Number(part.int)
        // Some writers say "any" by 0 or by a negative number.
        shape.push(size !== null && size > 0 ? size : null)
      }
    }
  }
  return { ...(type === undefined ? {} : { type }), ...(shape ? { shape } : {}) }
}

function entryOf(bytes: Uint8Array): [string, string] {
  const texts = new Map<number, string>()
  for (const field of fieldsOf(bytes)) texts.set(field.number, textOf(field))
  return [texts.get(1) ?? '', texts.get(2) ?? '']
}

/** What stands in a file on its own. Writers of ONNX begin with the IR version, so what begins otherwise is something else. */
function* partsOf(bytes: Uint8Array): Generator<Field> {
  try {
    yield* fieldsOf(bytes)
  } catch (error) {
    const { message } = asStudioError(error)
    throw refuse(`${bytes[0] === 8 ? 'it is damaged or cut off' : 'this is no ONNX file'}: ${message.slice(message.indexOf('; ') + 2)}`)
  }
}

/** Reads, without judging the operators. @throws StudioError bad-data for what is no ONNX file or reaches outside itself */
export function readOnnx(bytes: Uint8Array): ReadModel {
  if (bytes.length > limits.bytes) throw refuse(`larger than ${limits.bytes.toLocaleString('en')} bytes: ${bytes.length.toLocaleString('en')}`)
  let producer = ''
  let irVersion = 0
  const opsets = new Map<string, number>()
  const metadata = new Map<string, string>()
  let graph: Uint8Array | undefined
  for (const field of partsOf(bytes)) {
    if (field.number === 1) irVersion = Number(field.int)
    else if (field.number === 2) producer = textOf(field)
    else if (field.number === 7) {
      if (graph) throw refuse('it has two graphs')
      graph = field.bytes
    } else if (field.number === 8) {
      let domain = ''
      let version = 0
      for (const part of fieldsOf(field.bytes)) {
        if (part.number === 1) domain = textOf(part)
        else if (part.number === 2) version = Number(part.int)
      }
      opsets.set(domain === 'ai.onnx' ? '' : domain, version)
    } else if (field.number === 14) metadata.set(...entryOf(field.bytes))
    else if (field.number === 20 || field.number === 25) throw unsupported('it carries functions or training steps of its own, which are not run here')
  }
  if (!graph || irVersion < 3) throw refuse(graph ? `its IR version must be 3 or later: ${irVersion}` : 'this is no ONNX file: it holds no graph')
  const nodes: ReadNode[] = []
  const initializers: ReadTensor[] = []
  const inputs: ReadValue[] = []
  const outputs: ReadValue[] = []
  for (const field of fieldsOf(graph)) {
    if (field.number === 1) nodes.push(readNode(field.bytes))
    else if (field.number === 5) initializers.push(readTensor(field.bytes))
    else if (field.number === 11) inputs.push(readValue(field.bytes))
    else if (field.number === 12) outputs.push(readValue(field.bytes))
    else if (field.number === 15) throw unsupported('it has sparse weights, which are not read here')
    if (nodes.length > limits.nodes) throw refuse(`more than ${limits.nodes.toLocaleString('en')} operators`)
  }
  const filled = new Set(initializers.map(({ name }) => name))
  return { producer, irVersion, opsets, metadata, nodes, inputs: inputs.filter(({ name }) => !filled.has(name)), outputs, initializers }
}
