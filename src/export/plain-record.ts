/** Records as JSON beside raw little-endian array files, so that a person can take them apart with any tool. */
import { StudioError } from '../core/errors.ts'
import type { TypedArray } from '../core/estimators/estimator.ts'

/** File ending -> array type. */
export const arrayTypes = {
  f32: Float32Array,
  f64: Float64Array,
  i8: Int8Array,
  i32: Int32Array,
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
} as const
type Ending = keyof typeof arrayTypes

export function endingOf(array: ArrayBufferView): Ending {
  const found = (Object.keys(arrayTypes) as Ending[]).find((ending) => array instanceof arrayTypes[ending])
  if (!found) throw new StudioError({ code: 'bug', message: `unsupported array; no file holds a ${array.constructor.name}` })
  return found
}
/** Every machine a browser runs on is little-endian; the bytes are the file. */
export const bytesOfArray = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** @throws StudioError bad-data where the bytes are no whole number of elements or the ending is unknown */
export function arrayOf(path: string, bytes: Uint8Array<ArrayBuffer>): TypedArray {
  const ending = path.slice(path.lastIndexOf('.') + 1)
  const type = Object.hasOwn(arrayTypes, ending) ? arrayTypes[ending as Ending] : undefined
  if (!type || bytes.length % type.BYTES_PER_ELEMENT !== 0) throw new StudioError({ code: 'bad-data', message: `invalid project file; not an array of a known type: ${path.slice(0, 200)}` })
  return new type(bytes.slice().buffer)
}

/** @param keep stores an array and returns its path */
export function toPlainRecord(value: unknown, keep: (array: ArrayBufferView) => string): unknown {
  if (ArrayBuffer.isView(value)) return { $array: keep(value) }
  if (Array.isArray(value)) return value.map((item) => toPlainRecord(item, keep))
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlainRecord(item, keep)]))
}

/** @param find the array of a path. @throws StudioError bad-data */
export function fromPlainRecord(value: unknown, find: (path: string) => TypedArray): unknown {
  if (Array.isArray(value)) return value.map((item) => fromPlainRecord(item, find))
  if (typeof value !== 'object' || value === null) return value
  const record = value as Readonly<Record<string, unknown>>
  const keys = Object.keys(record)
  if (keys.length === 1 && keys[0] === '$array') return find(String(record['$array']))
  if (keys.length === 1 && keys[0] === '$number') return Number(record['$number'])
  return Object.fromEntries(keys.map((key) => [key, fromPlainRecord(record[key], find)]))
}
