/**
 * A column: typed values, and a validity bitmap in which missing is a cleared bit, never a NaN by
 * accident. Columns are immutable once built and travel between workers as their typed arrays.
 */
import type { Kind } from './kinds.ts'

interface ColumnBase {
  readonly name: string
  readonly length: number
  /** Bit i (least significant first) is 1 where row i has a value; ceil(length / 8) bytes. */
  readonly validity: Uint8Array
}
export interface NumericColumn extends ColumnBase {
  readonly kind: 'numeric'
  /** Shape (length); 0 where missing. */
  readonly values: Float64Array
  /** True where every value is whole. */
  readonly integer: boolean
  /** How the file writes the numbers, where not plainly: '1,234.5', '$1,234.5', '1234.5%'. */
  readonly layout?: string
}
export interface CategoricalColumn extends ColumnBase {
  readonly kind: 'categorical'
  /** Shape (length); index into dictionary; -1 where missing. */
  readonly codes: Int32Array
  /** Distinct values in order of first appearance; used by index, never as object keys. */
  readonly dictionary: readonly string[]
}
export interface BooleanColumn extends ColumnBase {
  readonly kind: 'boolean'
  /** Shape (length); 0 or 1; 0 where missing. */
  readonly values: Uint8Array
  /** How the file wrote false and true, such as ["no", "yes"]. */
  readonly labels: readonly [string, string]
}
export interface DatetimeColumn extends ColumnBase {
  readonly kind: 'datetime'
  /** Shape (length); seconds since 1970-01-01T00:00:00Z, whole; 0 where missing. */
  readonly seconds: Float64Array
  /** Name of the layout it was read with (core/ingest/datetime). */
  readonly layout: string
}
/**
 * Text, id and image: UTF-8 bytes end to end, so that a million cells are two typed arrays, not a million
 * objects. A cell of an image column is the SHA-256 of the picture's compressed file, 64 hex digits.
 */
export interface TextColumn extends ColumnBase {
  readonly kind: 'text' | 'id' | 'image'
  readonly bytes: Uint8Array
  /** Shape (length + 1); row i is bytes[offsets[i] .. offsets[i + 1]). */
  readonly offsets: Uint32Array
  /**
   * Image only: what was made of the pictures, by the name of the representation (such as
   * `pixels:28x28x1:cover`), rows x size. A loader attaches what a recipe asks for; never stored or hashed.
   */
  readonly tensors?: ReadonlyMap<string, Float32Array>
}
export type Column = NumericColumn | CategoricalColumn | BooleanColumn | DatetimeColumn | TextColumn

/** A cell as a person means it; a datetime is its UTC seconds. */
export type Cell = number | string | boolean | null

export const isValid = (column: { readonly validity: Uint8Array }, row: number): boolean =>
  ((column.validity[row >> 3] as number) & (1 << (row & 7))) !== 0

export function setValid(validity: Uint8Array, row: number): void {
  validity[row >> 3] = (validity[row >> 3] as number) | (1 << (row & 7))
}

/** A cell may begin with U+FEFF; only a file's own mark is not text. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The cell of one row: null where missing. */
export function cellAt(column: Column, row: number): Cell {
  if (!isValid(column, row)) return null
  switch (column.kind) {
    case 'numeric':
      return column.values[row] as number
    case 'categorical':
      return column.dictionary[column.codes[row] as number] as string
    case 'boolean':
      return column.values[row] === 1
    case 'datetime':
      return column.seconds[row] as number
    case 'text':
    case 'id':
    case 'image':
      return decoder.decode(column.bytes.subarray(column.offsets[row], column.offsets[row + 1]))
  }
}

function validityOf(cells: readonly Cell[]): Uint8Array {
  const validity = new Uint8Array((cells.length + 7) >> 3)
  cells.forEach((cell, row) => cell !== null && setValid(validity, row))
  return validity
}

/** A column from plain cells, for tests, single rows and small tables. Categories keep order of appearance. */
export function columnFrom(name: string, kind: Kind, cells: readonly Cell[]): Column {
  const base = { name, length: cells.length, validity: validityOf(cells) }
  switch (kind) {
    case 'numeric': {
      const values = Float64Array.from(cells, (cell) => (cell === null ? 0 : Number(cell)))
      return { ...base, kind, values, integer: values.every(Number.isInteger) }
    }
    case 'categorical': {
      const index = new Map<string, number>()
      const codes = Int32Array.from(cells, (cell) => {
        if (cell === null) return -1
        const text = String(cell)
        const known = index.get(text)
        if (known !== undefined) return known
        index.set(text, index.size)
        return index.size - 1
      })
      return { ...base, kind, codes, dictionary: [...index.keys()] }
    }
    case 'boolean':
      return { ...base, kind, values: Uint8Array.from(cells, (cell) => (cell === true ? 1 : 0)), labels: ['false', 'true'] }
    case 'datetime':
      return { ...base, kind, seconds: Float64Array.from(cells, (cell) => (cell === null ? 0 : Number(cell))), layout: 'epoch-seconds' }
    case 'text':
    case 'id':
    case 'image': {
      const parts = cells.map((cell) => new TextEncoder().encode(cell === null ? '' : String(cell)))
      const offsets = new Uint32Array(cells.length + 1)
      parts.forEach((part, i) => (offsets[i + 1] = (offsets[i] as number) + part.length))
      const bytes = new Uint8Array(offsets[cells.length] as number)
      parts.forEach((part, i) => bytes.set(part, offsets[i]))
      return { ...base, kind, bytes, offsets }
    }
  }
}
