/**
 * Rows of a table held against a signature, read in pieces exactly as ingest reads them: what predictions for a file and
 * the monitor begin with. What does not fit is listed by row and column.
 */
import type { Context } from '../context.ts'
import { columnFrom, isValid, type Column } from '../data/column.ts'
import type { Kind } from '../data/kinds.ts'
import { StudioError } from '../errors.ts'
import { createBuilder, misfitReason } from '../ingest/column-builder.ts'
import { fittingRows, missingTexts } from '../ingest/csv/cells.ts'
import { cellText, type RowBatch } from '../ingest/csv/scanner.ts'
import { formatDatetime } from '../ingest/datetime.ts'
import type { ColumnPlan } from '../ingest/decide-kinds.ts'
import type { IngestChoices } from '../ingest/options.ts'
import { scannerFor, type TableShape } from '../ingest/read-table.ts'
import { utf8Pieces, watch, type ByteSource, type WatchedSource } from '../ingest/source.ts'
import type { Issues, SignatureIssue } from './signature-issues.ts'
import type { Signature, SignatureInput } from './signature.ts'

export interface SignedRows {
  readonly batch: RowBatch
  /** First data row of the batch, and how many are taken. */
  readonly from: number
  readonly count: number
  /** Rows of the batch with the right number of cells. */
  readonly fitting: Uint32Array
  /** One an input, at `fitting`; what cannot be read is missing. */
  readonly columns: readonly Column[]
  /** Columns of `beside`, in its order. */
  readonly beside: readonly Column[]
  /** Positions into `fitting` of rows that the model can answer. */
  readonly sound: Uint32Array
}
/** How a column is written. */
export type WrittenColumn = Pick<SignatureInput, 'name' | 'labels' | 'layout'> & { readonly kind: Kind }
export interface SignedReading {
  readonly inputs: readonly SignatureInput[]
  /** Columns to read as well that the model does not ask for: they block no row and are told nothing of. */
  readonly beside?: readonly WrittenColumn[]
  readonly issues: Issues
  readonly phase: string
}

/** As on ingest: what stops being UTF-8 behind its beginning is read once more, as Windows-1252, unless UTF-8 was chosen. */
export async function readAgainAsWindows<T>(source: ByteSource, choices: IngestChoices, read: (watched: WatchedSource, choices: IngestChoices) => Promise<T>): Promise<T> {
  const watched = watch(source)
  try {
    return await read(watched, choices)
  } catch (thrown) {
    if (!(thrown instanceof StudioError) || thrown.details['encoding'] !== 'utf-8' || choices.options?.encoding !== undefined) throw thrown
    return read(watched, { ...choices, options: { ...choices.options, encoding: 'windows-1252' } })
  }
}

export async function* signedRows(watched: WatchedSource, shape: TableShape, choices: IngestChoices, reading: SignedReading, context: Context): AsyncGenerator<SignedRows> {
  const { inputs, beside = [], issues, phase } = reading
  const scanner = scannerFor(shape, shape.bom, 1)
  const readers = inputs.map((input) => readerOf(input, shape))
  const others = beside.map((input) => readerOf(input, shape))
  let headerLeft = shape.options.header
  let rows = 0
  const take = (batch: RowBatch): SignedRows | undefined => {
    const from = headerLeft && batch.rows > 0 ? 1 : 0
    if (from) headerLeft = false
    const count = Math.min(batch.rows - from, (choices.maxRows ?? Number.POSITIVE_INFINITY) - rows)
    if (count <= 0) return undefined
    const before = rows
    rows += count
    const fitting = fittingRows(batch, shape.names.length, (row, reason) => {
      if (row < from + count) issues.add({ level: 'error', kind: 'ragged-row', column: '', row: before + row - from + 1, count: 1, text: `${reason} It gets no prediction.` })
    }, from).filter((row) => row < from + count)
    const blocked = new Uint8Array(fitting.length)
    const columns = readers.map((reader) => {
      const made = reader.read(batch, fitting)
      const rowNumber = (k: number): number => before + (fitting[k] as number) - from + 1
      for (let k = 0; k < fitting.length; k++) checkCell(reader.input, made, k, rowNumber(k), issues, () => (blocked[k] = 1))
      return made.column
    })
    return { batch, from, count, fitting, columns, beside: others.map((reader) => reader.read(batch, fitting).column), sound: Uint32Array.from({ length: fitting.length }, (_, k) => k).filter((k) => blocked[k] === 0) }
  }
  for await (const { piece, read } of utf8Pieces(watched, shape.options.encoding, shape.bom, context, true)) {
    const made = take(scanner.push(piece))
    if (made) yield made
    await context.checkpoint()
    context.report({ kind: 'step', phase, done: read, total: watched.size })
  }
  const last = take(scanner.end())
  if (last) yield last
  context.report({ kind: 'step', phase, done: watched.size, total: watched.size })
}

/** Whole columns: false where one is missing that the model cannot do without. */
export function checkColumns(signature: Signature, shape: TableShape, issues: Issues): boolean {
  let usable = true
  for (const { name, nullable } of signature.inputs) {
    if (shape.names.includes(name)) continue
    if (!nullable) usable = false
    issues.add({
      level: nullable ? 'warning' : 'error',
      kind: 'missing-column',
      column: name,
      count: 1,
      text: nullable ? 'The file has no such column: it counts as missing in every row.' : 'The file has no such column, and the model cannot answer without it.',
    })
  }
  for (const name of shape.names) {
    if (name === signature.target || signature.inputs.some((input) => input.name === name)) continue
    issues.add({ level: 'warning', kind: 'extra-column', column: name, count: 1, text: 'The model does not read this column; it is kept in the result.' })
  }
  return usable
}

interface Reader<I extends WrittenColumn> {
  readonly input: I
  read(batch: RowBatch, rows: Uint32Array): { readonly column: Column; readonly bad: Uint8Array; readonly textAt: (k: number) => string; readonly plan: ColumnPlan }
}

/** Reads one column of a batch exactly as ingest does; one that the file lacks is missing in every row. */
function readerOf<I extends WrittenColumn>(input: I, shape: TableShape): Reader<I> {
  const index = shape.names.indexOf(input.name)
  const { options } = shape
  const plan: ColumnPlan = { name: input.name, kind: { value: input.kind, confidence: 1, reason: '' }, ...(input.layout === undefined ? {} : { layout: input.layout }), ...(input.labels ? { labels: input.labels } : {}) }
  const missing = missingTexts(options.missing)
  return {
    input,
    read(batch, rows) {
      const bad = new Uint8Array(rows.length)
      const textAt = (k: number): string => (index < 0 ? '' : cellText(batch, (batch.firstCell[rows[k] as number] as number) + index, options.quote))
      if (index < 0) return { column: written(columnFrom(input.name, input.kind, new Array<null>(rows.length).fill(null)), input), bad, textAt, plan }
      // A builder a batch: its categories start anew, so a dictionary never grows with the file.
      const builder = createBuilder(plan, { index, missing, decimal: options.decimal, quote: options.quote })
      builder.append(batch, rows, bad)
      const { values, validity, newCategories = [], offsets } = builder.take(rows.length)
      const valid = validity.slice()
      for (let k = 0; k < bad.length; k++) if (bad[k] === 1) valid[k >> 3] = (valid[k >> 3] as number) & ~(1 << (k & 7))
      const base = { name: input.name, length: rows.length, validity: valid }
      const column = ((): Column => {
        switch (input.kind) {
          case 'categorical':
            return { ...base, kind: 'categorical', codes: values as Int32Array, dictionary: newCategories }
          case 'boolean':
            return { ...base, kind: 'boolean', values: values as Uint8Array, labels: ['false', 'true'] }
          case 'datetime':
            return { ...base, kind: 'datetime', seconds: values as Float64Array, layout: 'epoch-seconds' }
          case 'numeric':
            return { ...base, kind: 'numeric', values: values as Float64Array, integer: false }
          default:
            return { ...base, kind: input.kind, bytes: values as Uint8Array, offsets: offsets as Uint32Array }
        }
      })()
      return { column: written(column, input), bad, textAt, plan }
    },
  }
}
/** With the labels or layout of the data's own column. */
function written(column: Column, { labels, layout }: WrittenColumn): Column {
  if (column.kind === 'boolean' && labels) return { ...column, labels }
  return (column.kind === 'datetime' || column.kind === 'numeric') && layout !== undefined ? { ...column, layout } : column
}

function checkCell(input: SignatureInput, { column, bad, textAt, plan }: ReturnType<Reader<SignatureInput>['read']>, k: number, row: number, issues: Issues, block: () => void): void {
  const add = (level: SignatureIssue['level'], kind: SignatureIssue['kind'], text: string): void => issues.add({ level, kind, column: input.name, row, count: 1, text })
  if (bad[k] === 1) {
    block()
    add('error', 'not-a-number', `${misfitReason(plan, textAt(k))} The row gets no prediction.`)
    return
  }
  if (!isValid(column, k)) {
    if (!input.nullable) {
      block()
      add('error', 'missing-value', 'A value is needed here. The row gets no prediction.')
    }
    return
  }
  if (column.kind === 'categorical') {
    const text = column.dictionary[column.codes[k] as number] as string
    if (!seenCategories(input).has(text)) add('warning', 'unseen', `Training never saw "${text.slice(0, 60)}".`)
    return
  }
  if ((column.kind !== 'numeric' && column.kind !== 'datetime') || input.min === undefined || input.max === undefined) return
  const value = (column.kind === 'numeric' ? column.values : column.seconds)[k] as number
  if (value >= input.min && value <= input.max) return
  const write = (number: number): string => (column.kind === 'datetime' ? formatDatetime(input.layout ?? 'epoch-seconds', number) : String(number))
  add('warning', 'out-of-range', `${write(value)} is outside ${write(input.min)} to ${write(input.max)}, which training saw.`)
}

const categorySets = new WeakMap<SignatureInput, ReadonlySet<string>>()
function seenCategories(input: SignatureInput): ReadonlySet<string> {
  const known = categorySets.get(input) ?? new Set(input.categories ?? [])
  categorySets.set(input, known)
  return known
}
