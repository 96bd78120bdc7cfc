/**
 * Predictions for a new file: each cell is held against the signature, what does not fit is listed by row
 * and column, and every row of the file comes back with its prediction appended, or without one where
 * its values do not allow it. The file is read in pieces: its size does not matter. Whose predictions they
 * are is the caller's affair: the studio's own pipeline in the page, the exported graph in the terminal.
 */
import type { Signature, SignatureInput } from './signature.ts'
import type { Context } from '../context.ts'
import { isValid, type Column } from '../data/column.ts'
import { StudioError } from '../errors.ts'
import { createBuilder, misfitReason } from '../ingest/column-builder.ts'
import { csvLine, type CsvCell } from '../ingest/csv-write.ts'
import { fittingRows, missingTexts } from '../ingest/csv/cells.ts'
import { cellText, type RowBatch } from '../ingest/csv/scanner.ts'
import type { ColumnPlan } from '../ingest/decide-kinds.ts'
import { formatDatetime } from '../ingest/datetime.ts'
import { scannerFor, shapeOf, type TableShape } from '../ingest/read-table.ts'
import { utf8Pieces, watch, type ByteSource, type WatchedSource } from '../ingest/source.ts'
import type { IngestChoices } from '../ingest/options.ts'
import { Issues, type SignatureIssue } from './signature-issues.ts'

const previewRows = 50

/** A model that answers rows of columns as its signature describes them. */
export interface AnsweringModel {
  readonly signature: Signature
  /** For each row the cells to append: the label and the probability of each class, or the value. */
  answer(columns: readonly Column[], rows: Uint32Array): Promise<CsvCell[][]>
}
export interface Prediction {
  /** Of the file, answered or not. */
  readonly rows: number
  /** Rows that got a prediction. */
  readonly answered: number
  readonly issues: readonly SignatureIssue[]
  /** Every issue as CSV, where the list counts some of them. */
  readonly allIssues: Uint8Array<ArrayBuffer> | null
  /** False where a needed column is missing: nothing was written. */
  readonly usable: boolean
  readonly preview: { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] }
}
export interface FilePrediction extends Omit<Prediction, 'usable' | 'answered'> {
  /** The file with its predictions; null where there are none. */
  readonly csv: Uint8Array<ArrayBuffer> | null
}
/** Takes pieces of the answer in order; the next is made when it is done. */
export type Write = (piece: Uint8Array<ArrayBuffer>) => Promise<void> | void

/** @throws StudioError bad-data for bytes that are no table */
export async function predictFile(source: ByteSource, choices: IngestChoices, model: AnsweringModel, context: Context): Promise<FilePrediction> {
  let parts: Uint8Array<ArrayBuffer>[] = []
  const begin = (): Write => {
    parts = []
    return (piece) => void parts.push(piece)
  }
  const { usable, rows, issues, allIssues, preview } = await predictInto(source, choices, model, begin, context)
  return { rows, issues, allIssues, csv: !usable || rows === 0 ? null : joined(parts), preview }
}

/**
 * The same for files of any size: the answer leaves in pieces.
 * @param begin called before the first piece; a second time where the file has to be read again from its start
 */
export async function predictInto(source: ByteSource, choices: IngestChoices, model: AnsweringModel, begin: () => Write, context: Context): Promise<Prediction> {
  const watched = watch(source)
  try {
    return await predictTable(watched, choices, model, begin, context)
  } catch (thrown) {
    // As on ingest: what stops being UTF-8 behind its beginning is read as Windows-1252, unless UTF-8 was chosen.
    if (!(thrown instanceof StudioError) || thrown.details['encoding'] !== 'utf-8' || choices.options?.encoding !== undefined) throw thrown
    return predictTable(watched, { ...choices, options: { ...choices.options, encoding: 'windows-1252' } }, model, begin, context)
  }
}

async function predictTable(watched: WatchedSource, choices: IngestChoices, model: AnsweringModel, begin: () => Write, context: Context): Promise<Prediction> {
  const { signature } = model
  const shape = await shapeOf(watched, choices)
  const issues = new Issues()
  const usable = checkColumns(signature, shape, issues)
  const header = [...shape.names, ...predictionNames(signature, shape.names)]
  const preview: string[][] = []
  if (!usable) return { rows: 0, answered: 0, issues: issues.list(), allIssues: issues.csv(), usable, preview: { header, rows: preview } }

  const encoder = new TextEncoder()
  const write = begin()
  await write(encoder.encode(csvLine(header)))
  const scanner = scannerFor(shape, shape.bom, 1)
  const readers = signature.inputs.map((input) => readerOf(input, shape))
  let headerLeft = shape.options.header
  let rows = 0
  let answered = 0
  const take = async (batch: RowBatch): Promise<void> => {
    const from = headerLeft && batch.rows > 0 ? 1 : 0
    if (from) headerLeft = false
    const count = Math.min(batch.rows - from, (choices.maxRows ?? Number.POSITIVE_INFINITY) - rows)
    if (count <= 0) return
    const answers = await predictBatch(batch, from, count, rows, { model, readers, shape, issues })
    let text = ''
    for (let i = 0; i < count; i++) {
      const cells = rowCells(batch, from + i, shape)
      if ((answers[i] as readonly CsvCell[])[0] !== null) answered++
      const line: CsvCell[] = [...cells.map((cell) => (cell === '' ? null : cell)), ...(answers[i] as readonly CsvCell[])]
      text += csvLine(line)
      if (preview.length < previewRows) preview.push(line.map((cell) => (cell === null ? '' : String(cell))))
    }
    await write(encoder.encode(text))
    rows += count
    await context.checkpoint()
  }
  for await (const { piece, read } of utf8Pieces(watched, shape.options.encoding, shape.bom, context, true)) {
    await take(scanner.push(piece))
    context.report({ kind: 'step', phase: 'Predicting', done: read, total: watched.size })
  }
  await take(scanner.end())
  context.report({ kind: 'step', phase: 'Predicting', done: watched.size, total: watched.size })
  return { rows, answered, issues: issues.list(), allIssues: issues.csv(), usable, preview: { header, rows: preview } }
}

/** Whole columns: false where one is missing that the model cannot do without. */
function checkColumns(signature: Signature, shape: TableShape, issues: Issues): boolean {
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

function predictionNames(signature: Signature, taken: readonly string[]): string[] {
  const names = new Set(taken)
  const wanted = ['prediction', ...signature.classes.map((name) => `probability of ${name}`)]
  return wanted.map((name) => {
    while (names.has(name)) name += '_'
    names.add(name)
    return name
  })
}

interface Reader {
  readonly input: SignatureInput
  read(batch: RowBatch, rows: Uint32Array): { readonly column: Column; readonly bad: Uint8Array; readonly textAt: (k: number) => string; readonly plan: ColumnPlan }
}

/** Reads one column of a batch exactly as ingest does. */
function readerOf(input: SignatureInput, shape: TableShape): Reader {
  const index = shape.names.indexOf(input.name)
  const { options } = shape
  const plan: ColumnPlan = { name: input.name, kind: { value: input.kind, confidence: 1, reason: '' }, ...(input.layout === undefined ? {} : { layout: input.layout }), ...(input.labels ? { labels: input.labels } : {}) }
  const missing = missingTexts(options.missing)
  return {
    input,
    read(batch, rows) {
      const bad = new Uint8Array(rows.length)
      const base = { name: input.name, length: rows.length }
      const textAt = (k: number): string => (index < 0 ? '' : cellText(batch, (batch.firstCell[rows[k] as number] as number) + index, options.quote))
      // A builder a batch: its categories start anew, so a dictionary never grows with the file.
      const builder = createBuilder(plan, { index: Math.max(0, index), missing, decimal: options.decimal, quote: options.quote })
      builder.append(batch, index < 0 ? rows.subarray(0, 0) : rows, bad)
      const { values, validity, newCategories } = builder.take(index < 0 ? 0 : rows.length)
      const valid = index < 0 ? new Uint8Array((rows.length + 7) >> 3) : validity.slice()
      for (let k = 0; k < bad.length; k++) if (bad[k] === 1) valid[k >> 3] = (valid[k >> 3] as number) & ~(1 << (k & 7))
      const sized = <T extends Float64Array | Int32Array | Uint8Array>(make: (length: number) => T): T => (index < 0 ? make(rows.length) : (values as T))
      const column: Column =
        input.kind === 'categorical'
          ? { ...base, validity: valid, kind: 'categorical', codes: index < 0 ? new Int32Array(rows.length).fill(-1) : (values as Int32Array), dictionary: newCategories ?? [] }
          : input.kind === 'boolean'
            ? { ...base, validity: valid, kind: 'boolean', values: sized((length) => new Uint8Array(length)), labels: input.labels ?? ['false', 'true'] }
            : input.kind === 'datetime'
              ? { ...base, validity: valid, kind: 'datetime', seconds: sized((length) => new Float64Array(length)), layout: input.layout ?? 'epoch-seconds' }
              : { ...base, validity: valid, kind: 'numeric', values: sized((length) => new Float64Array(length)), integer: false }
      return { column, bad, textAt, plan }
    },
  }
}

interface Setting {
  readonly model: AnsweringModel
  readonly readers: readonly Reader[]
  readonly shape: TableShape
  readonly issues: Issues
}

/** The cells to append for each of `count` rows of a batch. */
async function predictBatch(batch: RowBatch, from: number, count: number, before: number, setting: Setting): Promise<CsvCell[][]> {
  const { model, readers, shape, issues } = setting
  const width = 1 + model.signature.classes.length
  const answers: CsvCell[][] = Array.from({ length: count }, () => new Array<CsvCell>(width).fill(null))
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
  const rows = Uint32Array.from({ length: fitting.length }, (_, k) => k).filter((k) => blocked[k] === 0)
  if (rows.length === 0) return answers
  const made = await model.answer(columns, rows)
  rows.forEach((k, i) => (answers[(fitting[k] as number) - from] = made[i] as CsvCell[]))
  return answers
}

function checkCell(input: SignatureInput, { column, bad, textAt, plan }: ReturnType<Reader['read']>, k: number, row: number, issues: Issues, block: () => void): void {
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

/** A row's own cells: a short one is filled up, what is too much stays in its last cell. */
function rowCells(batch: RowBatch, row: number, shape: TableShape): string[] {
  const first = batch.firstCell[row] as number
  const found = (batch.firstCell[row + 1] as number) - first
  const texts = Array.from({ length: found }, (_, i) => cellText(batch, first + i, shape.options.quote))
  const width = shape.names.length
  if (found > width) return [...texts.slice(0, width - 1), texts.slice(width - 1).join(shape.options.delimiter)]
  return [...texts, ...new Array<string>(width - found).fill('')]
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
