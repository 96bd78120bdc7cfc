/**
 * Predictions for a new file: each cell is held against the signature, what does not fit is listed by row
 * and column, and every row of the file comes back with its prediction appended, or without one where
 * its values do not allow it. The file is read in pieces: its size does not matter. Whose predictions they
 * are is the caller's affair: the studio's own pipeline in the page, the exported graph in the terminal.
 */
import type { Signature } from './signature.ts'
import type { Context } from '../context.ts'
import { isValid, type Column } from '../data/column.ts'
import { csvLine, type CsvCell } from '../ingest/csv-write.ts'
import { cellText, type RowBatch } from '../ingest/csv/scanner.ts'
import { shapeOf, type TableShape } from '../ingest/read-table.ts'
import type { ByteSource, WatchedSource } from '../ingest/source.ts'
import type { IngestChoices } from '../ingest/options.ts'
import { Issues, type SignatureIssue } from './signature-issues.ts'
import { checkColumns, readAgainAsWindows, signedRows } from './signed-rows.ts'

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
  /** Cells without a value in rows that were answered, by column, in the signature's order: what the recipe filled, or the model took as missing. */
  readonly missing: readonly { readonly column: string; readonly count: number }[]
  /** Every issue as CSV, where the list counts some of them. */
  readonly allIssues: Uint8Array<ArrayBuffer> | null
  /** False where a needed column is missing: nothing was written. */
  readonly usable: boolean
  readonly preview: { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] }
}
export interface FilePrediction extends Omit<Prediction, 'usable'> {
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
  const { usable, rows, answered, issues, missing, allIssues, preview } = await predictInto(source, choices, model, begin, context)
  return { rows, answered, issues, missing, allIssues, csv: !usable || rows === 0 ? null : joined(parts), preview }
}

/**
 * The same for files of any size: the answer leaves in pieces.
 * @param begin called before the first piece; a second time where the file has to be read again from its start
 */
export async function predictInto(source: ByteSource, choices: IngestChoices, model: AnsweringModel, begin: () => Write, context: Context): Promise<Prediction> {
  return readAgainAsWindows(source, choices, (watched, read) => predictTable(watched, read, model, begin, context))
}

async function predictTable(watched: WatchedSource, choices: IngestChoices, model: AnsweringModel, begin: () => Write, context: Context): Promise<Prediction> {
  const { signature } = model
  const shape = await shapeOf(watched, choices)
  const issues = new Issues()
  const usable = checkColumns(signature, shape, issues)
  const header = [...shape.names, ...predictionNames(signature, shape.names)]
  const preview: string[][] = []
  if (!usable) return { rows: 0, answered: 0, issues: issues.list(), missing: [], allIssues: issues.csv(), usable, preview: { header, rows: preview } }

  const encoder = new TextEncoder()
  const write = begin()
  await write(encoder.encode(csvLine(header)))
  let rows = 0
  let answered = 0
  const missing = new Map<string, number>()
  for await (const { batch, from, count, fitting, columns, sound } of signedRows(watched, shape, choices, { inputs: signature.inputs, issues, phase: 'Predicting' }, context)) {
    const answers: CsvCell[][] = Array.from({ length: count }, () => new Array<CsvCell>(1 + signature.classes.length).fill(null))
    const made = sound.length === 0 ? [] : await model.answer(columns, sound)
    for (const column of columns) {
      let count = missing.get(column.name) ?? 0
      for (const row of sound) if (!isValid(column, row)) count++
      if (count > 0) missing.set(column.name, count)
    }
    sound.forEach((k, i) => (answers[(fitting[k] as number) - from] = made[i] as CsvCell[]))
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
  }
  return { rows, answered, issues: issues.list(), missing: [...missing].map(([column, count]) => ({ column, count })), allIssues: issues.csv(), usable, preview: { header, rows: preview } }
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
