/** Protobuf of a stranger, field by field: bounded, and refused with the byte where it stops making sense. */
import { StudioError } from '../../errors.ts'

export const refuse = (rule: string): StudioError => new StudioError({ code: 'bad-data', message: `invalid ONNX file; ${rule}`, hint: 'Choose a file as the other tool wrote it.' })
/** A file that may be sound, with something that is not run here. */
export const unsupported = (what: string): StudioError => new StudioError({ code: 'unsupported', message: `unsupported ONNX file; ${what}` })

export interface Field {
  readonly number: number
  /** Of varints and fixed widths; signed 64 bit. */
  readonly int: bigint
  /** Of fields with a length, and of fixed widths. */
  readonly bytes: Uint8Array
  /** Where the whole field, tag included, lies in the message it was read from. */
  readonly from: number
  readonly to: number
}

const nothing: Uint8Array = new Uint8Array(0)
const decoder = new TextDecoder('utf-8', { fatal: true })

/** @throws StudioError bad-data */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (at >= message.length) throw refuse('it ends in the middle of a number')
      const byte = message[at++] as number
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return BigInt.asIntN(64, value)
    }
    throw refuse('a number is longer than 10 bytes')
  }
  const take = (length: number): Uint8Array => {
    if (length < 0 || length > message.length - at) throw refuse(`a part says it is ${length} bytes long, and ${message.length - at} are left`)
    at += length
    return message.subarray(at - length, at)
  }
  while (at < message.length) {
    const from = at
    const tag = Number(BigInt.asUintN(64, varint()))
    const number = Math.floor(tag / 8)
    if (number < 1 || number > 536_870_911) throw refuse(`there is no field ${number}`)
    let int = 0n
    let bytes: Uint8Array = nothing
    if (tag % 8 === 0) int = varint()
    else if (tag % 8 === 1) bytes = take(8)
    else if (tag % 8 === 2) bytes = take(Number(varint()))
    else if (tag % 8 === 5) bytes = take(4)
    else throw refuse(`field ${number} has an unknown wire type: ${tag % 8}`)
    yield { number, int, bytes, from, to: at }
  }
}

export function textOf(field: Field): string {
  try {
    return decoder.decode(field.bytes)
  } catch (cause) {
    throw new StudioError({ code: 'bad-data', message: 'invalid ONNX file; a name is not UTF-8', cause })
  }
}

/** A repeated number arrives packed, or one field each. */
export function intsOf(field: Field): bigint[] {
  if (field.bytes === nothing) return [field.int]
  const all: bigint[] = []
  let value = 0n
  let shift = 0n
  for (const byte of field.bytes) {
    value |= BigInt(byte & 127) << shift
    shift += 7n
    if (shift > 70n) throw refuse('a number is longer than 10 bytes')
    if (byte < 128) {
      all.push(BigInt.asIntN(64, value))
      value = 0n
      shift = 0n
    }
  }
  if (shift !== 0n) throw refuse('it ends in the middle of a number')
  return all
}

/** Little-endian float32, packed or one field each. */
export function floatsOf(field: Field): number[] {
  const { bytes } = field
  if (bytes.length % 4 !== 0) throw refuse('a list of floats ends in the middle of one')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(i * 4, true))
}
