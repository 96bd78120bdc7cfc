/**
 * What another kind for a stored column takes: its cells written as text, as a person would read them, to
 * be read again by the same rules as at ingest; and columns at some of their rows, joined end to end.
 */
import { StudioError } from '../errors.ts'
import type { RowBatch } from '../ingest/csv/scanner.ts'
import { formatDatetime } from '../ingest/datetime.ts'
import { cellAt, isValid, type Column } from './column.ts'

/** The cell as its file would write it; null where missing. Numbers by String(), with the file's decimal mark. */
export function writtenCell(column: Column, row: number, decimal = '.'): string | null {
  if (!isValid(column, row)) return null
  if (column.kind === 'numeric') return String(column.values[row]).replace('.', decimal)
  if (column.kind === 'boolean') return column.labels[column.values[row] === 1 ? 1 : 0] as string
  if (column.kind === 'datetime') return formatDatetime(column.layout, column.seconds[row] as number)
  return String(cellAt(column, row))
}

/** Cells of one column as a batch of one-cell rows; missing ones are empty. */
export function batchOf(column: Column, decimal = '.'): RowBatch {
  const rows = column.length
  const encoder = new TextEncoder()
  let bytes = new Uint8Array(1024)
  const starts = new Uint32Array(rows)
  const ends = new Uint32Array(rows)
  let at = 0
  for (let row = 0; row < rows; row++) {
    starts[row] = at
    const text = writtenCell(column, row, decimal)
    if (text !== null) {
      if (at + text.length * 3 > bytes.length) {
        const larger = new Uint8Array(Math.max(bytes.length * 2, at + text.length * 3))
        larger.set(bytes)
        bytes = larger
      }
      at += encoder.encodeInto(text, bytes.subarray(at)).written
    }
    ends[row] = at
  }
  const count = Uint32Array.from({ length: rows + 1 }, (_, i) => i)
  return { bytes, rows, firstCell: count, starts, ends, flags: new Uint8Array(rows), rowStarts: new Uint32Array(rows + 1), lines: count.map((i) => i + 1), spoiled: new Uint8Array(rows), byte: 0 }
}

/** Codes of categories in order of appearance, over all rows taken so far. */
export interface Renaming {
  readonly codes: Map<number, number>
  readonly dictionary: string[]
}
export const newRenaming = (): Renaming => ({ codes: new Map(), dictionary: [] })

/** A column at some rows, in their order. Categories are named anew in order of appearance, those without a row left out; `renaming` goes on from earlier rows. */
export function takeColumn(column: Column, rows: ArrayLike<number>, renaming: Renaming = newRenaming()): Column {
  const length = rows.length
  const validity = new Uint8Array((length + 7) >> 3)
  for (let i = 0; i < length; i++) if (isValid(column, rows[i] as number)) validity[i >> 3] = (validity[i >> 3] as number) | (1 << (i & 7))
  const base = { name: column.name, length, validity }
  switch (column.kind) {
    case 'numeric': {
      const values = Float64Array.from({ length }, (_, i) => column.values[rows[i] as number] as number)
      return { ...base, kind: 'numeric', values, integer: values.every((value) => Number.isInteger(value)), ...(column.layout === undefined ? {} : { layout: column.layout }) }
    }
    case 'datetime':
      return { ...base, kind: 'datetime', seconds: Float64Array.from({ length }, (_, i) => column.seconds[rows[i] as number] as number), layout: column.layout }
    case 'boolean':
      return { ...base, kind: 'boolean', values: Uint8Array.from({ length }, (_, i) => column.values[rows[i] as number] as number), labels: column.labels }
    case 'categorical': {
      const { codes: renamed, dictionary } = renaming
      const codes = Int32Array.from({ length }, (_, i) => {
        const code = column.codes[rows[i] as number] as number
        if (code < 0) return -1
        let known = renamed.get(code)
        if (known === undefined) {
          renamed.set(code, (known = dictionary.length))
          dictionary.push(column.dictionary[code] as string)
        }
        return known
      })
      return { ...base, kind: 'categorical', codes, dictionary }
    }
    case 'text':
    case 'id':
    case 'image': {
      const offsets = new Uint32Array(length + 1)
      for (let i = 0; i < length; i++) offsets[i + 1] = (offsets[i] as number) + (column.offsets[(rows[i] as number) + 1] as number) - (column.offsets[rows[i] as number] as number)
      const bytes = new Uint8Array(offsets[length] as number)
      for (let i = 0; i < length; i++) bytes.set(column.bytes.subarray(column.offsets[rows[i] as number], column.offsets[(rows[i] as number) + 1]), offsets[i])
      return { ...base, kind: column.kind, bytes, offsets }
    }
  }
}

/** Rows of two columns of one kind, one below the other. Categories: both with the codes of one dictionary. */
export function joinColumns(a: Column, b: Column): Column {
  if (a.length === 0) return b
  const length = a.length + b.length
  const validity = new Uint8Array((length + 7) >> 3)
  for (let i = 0; i < length; i++) if (i < a.length ? isValid(a, i) : isValid(b, i - a.length)) validity[i >> 3] = (validity[i >> 3] as number) | (1 << (i & 7))
  const base = { name: b.name, length, validity }
  const joined = <V extends Float64Array | Int32Array | Uint8Array>(values: V, first: V, second: V): V => {
    values.set(first)
    values.set(second, first.length)
    return values
  }
  if (a.kind === 'numeric' && b.kind === 'numeric') return { ...base, kind: 'numeric', values: joined(new Float64Array(length), a.values, b.values), integer: a.integer && b.integer, ...(b.layout === undefined ? {} : { layout: b.layout }) }
  if (a.kind === 'datetime' && b.kind === 'datetime') return { ...base, kind: 'datetime', seconds: joined(new Float64Array(length), a.seconds, b.seconds), layout: b.layout }
  if (a.kind === 'boolean' && b.kind === 'boolean') return { ...base, kind: 'boolean', values: joined(new Uint8Array(length), a.values, b.values), labels: b.labels }
  if (a.kind === 'categorical' && b.kind === 'categorical') return { ...base, kind: 'categorical', codes: joined(new Int32Array(length), a.codes, b.codes), dictionary: b.dictionary }
  if ((a.kind === 'text' || a.kind === 'id' || a.kind === 'image') && b.kind === a.kind) {
    const offsets = new Uint32Array(length + 1)
    offsets.set(a.offsets)
    for (let i = 0; i <= b.length; i++) offsets[a.length + i] = a.bytes.length + (b.offsets[i] as number)
    return { ...base, kind: b.kind, bytes: joined(new Uint8Array(a.bytes.length + b.bytes.length), a.bytes, b.bytes), offsets }
  }
  throw new StudioError({ code: 'bug', message: `invalid columns; one kind is needed to join them: ${a.kind} and ${b.kind}` })
}
