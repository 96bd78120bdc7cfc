/**
 * Another kind for a column that is already stored: its cells are written as text, as a person would
 * read them, and read again by the same rules as at ingest.
 */
import { createBuilder, misfitReason, type ColumnChunk } from '../ingest/column-builder.ts'
import { missingTexts } from '../ingest/csv/cells.ts'
import type { RowBatch } from '../ingest/csv/scanner.ts'
import { formatDatetime } from '../ingest/datetime.ts'
import { planFor, type ColumnPlan } from '../ingest/decide-kinds.ts'
import { createSurvey } from '../ingest/survey.ts'
import { cellAt, isValid, type Column } from './column.ts'
import type { Kind } from './kinds.ts'

/** The cell as its file would write it; null where missing. Numbers by String(). */
export function writtenCell(column: Column, row: number): string | null {
  if (!isValid(column, row)) return null
  if (column.kind === 'boolean') return column.labels[column.values[row] === 1 ? 1 : 0] as string
  if (column.kind === 'datetime') return formatDatetime(column.layout, column.seconds[row] as number)
  return String(cellAt(column, row))
}

/** Cells of one column as a batch of one-cell rows; missing ones are empty. */
function batchOf(column: Column): RowBatch {
  const rows = column.length
  const encoder = new TextEncoder()
  let bytes = new Uint8Array(1024)
  const starts = new Uint32Array(rows)
  const ends = new Uint32Array(rows)
  let at = 0
  for (let row = 0; row < rows; row++) {
    starts[row] = at
    const text = writtenCell(column, row)
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

export interface ChangedColumn {
  /** Of all rows; those listed in `misfits` hold nothing of meaning. */
  readonly column: Column
  /** Rows whose cell cannot be read in the new kind, with the reason. */
  readonly misfits: ReadonlyMap<number, string>
}

export function changeKind(column: Column, kind: Kind): ChangedColumn {
  const batch = batchOf(column)
  const rows = batch.firstCell.subarray(0, batch.rows)
  const missing = missingTexts([])
  const survey = createSurvey({ columns: 1, missing, decimal: '.', quote: '"' })
  survey.add(batch, rows)
  const first = survey.columns[0] as (typeof survey.columns)[number]
  const plan = planFor(column.name, first, kind, 'Your choice.')
  const builder = createBuilder(plan, { index: 0, missing, decimal: '.', quote: '"' })
  const bad = new Uint8Array(batch.rows)
  builder.append(batch, rows, bad)
  const misfits = new Map<number, string>()
  bad.forEach((flag, row) => {
    if (flag === 1) misfits.set(row, misfitReason(plan, writtenCell(column, row) ?? ''))
  })
  return { column: columnOf(plan, builder.take(batch.rows), batch.rows), misfits }
}

function columnOf(plan: ColumnPlan, chunk: ColumnChunk, rows: number): Column {
  const base = { name: plan.name, length: rows, validity: chunk.validity }
  switch (plan.kind.value) {
    case 'numeric': {
      const values = chunk.values as Float64Array
      return { ...base, kind: 'numeric', values, integer: values.every((value) => Number.isInteger(value)) }
    }
    case 'datetime':
      return { ...base, kind: 'datetime', seconds: chunk.values as Float64Array, layout: plan.layout ?? 'yyyy-MM-dd' }
    case 'boolean':
      return { ...base, kind: 'boolean', values: chunk.values as Uint8Array, labels: plan.labels ?? ['false', 'true'] }
    case 'categorical':
      return { ...base, kind: 'categorical', codes: chunk.values as Int32Array, dictionary: chunk.newCategories ?? [] }
    case 'text':
    case 'id':
      return { ...base, kind: plan.kind.value, bytes: chunk.values as Uint8Array, offsets: chunk.offsets as Uint32Array }
  }
}

/** A column at some rows, in their order. Categories without a row are left out. */
export function takeColumn(column: Column, rows: ArrayLike<number>): Column {
  const length = rows.length
  const validity = new Uint8Array((length + 7) >> 3)
  for (let i = 0; i < length; i++) if (isValid(column, rows[i] as number)) validity[i >> 3] = (validity[i >> 3] as number) | (1 << (i & 7))
  const base = { name: column.name, length, validity }
  switch (column.kind) {
    case 'numeric': {
      const values = Float64Array.from({ length }, (_, i) => column.values[rows[i] as number] as number)
      return { ...base, kind: 'numeric', values, integer: values.every((value) => Number.isInteger(value)) }
    }
    case 'datetime':
      return { ...base, kind: 'datetime', seconds: Float64Array.from({ length }, (_, i) => column.seconds[rows[i] as number] as number), layout: column.layout }
    case 'boolean':
      return { ...base, kind: 'boolean', values: Uint8Array.from({ length }, (_, i) => column.values[rows[i] as number] as number), labels: column.labels }
    case 'categorical': {
      const renamed = new Int32Array(column.dictionary.length).fill(-1)
      const dictionary: string[] = []
      const codes = Int32Array.from({ length }, (_, i) => {
        const code = column.codes[rows[i] as number] as number
        if (code < 0) return -1
        if (renamed[code] === -1) {
          renamed[code] = dictionary.length
          dictionary.push(column.dictionary[code] as string)
        }
        return renamed[code] as number
      })
      return { ...base, kind: 'categorical', codes, dictionary }
    }
    case 'text':
    case 'id': {
      const offsets = new Uint32Array(length + 1)
      for (let i = 0; i < length; i++) offsets[i + 1] = (offsets[i] as number) + (column.offsets[(rows[i] as number) + 1] as number) - (column.offsets[rows[i] as number] as number)
      const bytes = new Uint8Array(offsets[length] as number)
      for (let i = 0; i < length; i++) bytes.set(column.bytes.subarray(column.offsets[rows[i] as number], column.offsets[(rows[i] as number) + 1]), offsets[i])
      return { ...base, kind: column.kind, bytes, offsets }
    }
  }
}
