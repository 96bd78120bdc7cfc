/**
 * From bytes to row groups in two passes: the first surveys every cell, so that the kinds are decided
 * from all rows; the second builds the columns. What a person chose overrides every guess.
 */
import type { Context } from '../context.ts'
import { StudioError } from '../errors.ts'
import { createBuilder, misfitReason, type ColumnChunk } from './column-builder.ts'
import { defaultMissing, fittingRows, missingTexts, reject, type Rejects } from './csv/cells.ts'
import { guessDialect, headerNames, headRows } from './csv/dialect.ts'
import { cellText, createScanner, type RowBatch } from './csv/scanner.ts'
import { decideKind, planFor, type ColumnPlan } from './decide-kinds.ts'
import { bomLength, createTranscoder, guessEncoding } from './decode.ts'
import { limits } from './limits.ts'
import { lineRuns } from './line-runs.ts'
import type { Guess, IngestChoices, OptionGuesses, ParseOptions, RejectedRow } from './options.ts'
import { decodedHead, utf8Pieces, type WatchedSource } from './source.ts'
import { createSurvey, type Survey } from './survey.ts'

/** How the source is cut into cells, settled from its beginning. */
export interface TableShape {
  readonly options: ParseOptions
  readonly guesses: OptionGuesses
  readonly names: readonly string[]
  /** What was odd about the names. */
  readonly notes: readonly string[]
  /** Where the text begins, behind a byte order mark. */
  readonly bom: number
  /** True where only the beginning was looked at. */
  readonly partial: boolean
}
export interface TablePlan extends TableShape {
  readonly columns: readonly ColumnPlan[]
  /** Of all bytes of the source. */
  readonly sha256: string
  /** Line of the row that starts at `resumeAt`, where that was asked for. */
  readonly resumeLine: number | null
}
export interface RowGroup {
  readonly rows: number
  readonly columns: readonly ColumnChunk[]
  /** Where each row stands in the file, as of `lineRuns`. */
  readonly lines: Uint32Array
  /** Bytes of the source behind the last row. */
  readonly bytesRead: number
  /** Refused since the last group: the first 1,000 of the source listed, all counted. */
  readonly rejected: readonly RejectedRow[]
  readonly rejectedCount: number
}

function tooFewRows(message: string, hint: string): StudioError {
  return new StudioError({ code: 'bad-data', message, hint })
}

/** @throws StudioError bad-data where there is no table to read */
export async function shapeOf(source: WatchedSource, choices: IngestChoices): Promise<TableShape> {
  if (source.size === 0) throw tooFewRows('missing data; a table needs at least one row, and the file is empty', 'Choose another file.')
  const chosen = choices.options ?? {}
  const head = await source.head(limits.headBytes)
  const whole = head.length === source.size
  let encoding: OptionGuesses['encoding']
  let bom = 0
  if (chosen.encoding === undefined) {
    const guess = guessEncoding(head, whole)
    encoding = { value: guess.value, confidence: guess.confidence, reason: guess.reason }
    bom = guess.bom
  } else {
    encoding = { value: chosen.encoding, confidence: 1, reason: 'Your choice.' }
    bom = bomLength(head, chosen.encoding)
  }
  const text = decodedHead(head, encoding.value, whole)
  const guesses: OptionGuesses = { encoding, ...guessDialect(text, whole, chosen) }
  const { delimiter, quote } = { delimiter: guesses.delimiter.value, quote: guesses.quote.value }
  const [first] = headRows(text, delimiter, quote, whole, 1)
  if (!first) throw tooFewRows('missing data; a table needs at least one row, and the file holds only blank lines', 'Choose another file.')
  if (first.length > limits.columns) {
    throw new StudioError({
      code: 'unsupported',
      message: `unsupported number of columns; at most ${limits.columns}: ${first.length}`,
      details: { columns: first.length, limit: limits.columns },
      hint: 'Check the delimiter, or keep only the columns you need.',
    })
  }
  const named = guesses.header.value ? headerNames(first) : { names: first.map((_, i) => `column_${i + 1}`), notes: [] }
  const options: ParseOptions = {
    encoding: encoding.value,
    delimiter,
    quote,
    decimal: guesses.decimal.value,
    header: guesses.header.value,
    missing: chosen.missing ?? defaultMissing,
  }
  return { options, guesses, names: named.names, notes: named.notes, bom, partial: !whole }
}

export function scannerFor(shape: TableShape, byte: number, line: number): ReturnType<typeof createScanner> {
  const { delimiter, quote, encoding } = shape.options
  const measure = createTranscoder(encoding)?.measure
  return createScanner({ delimiter, quote, columns: shape.names.length, byte, line, ...(measure ? { measure } : {}) })
}
export const surveyFor = (shape: TableShape): Survey =>
  createSurvey({ columns: shape.names.length, missing: missingTexts(shape.options.missing), decimal: shape.options.decimal, quote: shape.options.quote })

/** Kinds from a survey, a person's choices first. */
export function planColumns(shape: TableShape, survey: Survey, choices: IngestChoices): ColumnPlan[] {
  const wanted = new Map((choices.kinds ?? []).map(({ column, kind }) => [column, kind]))
  return shape.names.map((name, i) => {
    const column = survey.columns[i] as (typeof survey.columns)[number]
    const kind = wanted.get(name)
    return kind === undefined ? decideKind(name, column, shape.options.decimal) : planFor(name, column, kind, 'Your choice.', shape.options.decimal)
  })
}

/** Position in the file of each row of a batch and of what follows it; shape (rows + 1). */
export function rowBytes(batch: RowBatch, measure: ((bytes: Uint8Array, from: number, to: number) => number) | undefined): Float64Array {
  const at = new Float64Array(batch.rows + 1)
  let byte = batch.byte
  let from = 0
  for (let row = 0; row <= batch.rows; row++) {
    const start = batch.rowStarts[row] as number
    byte += measure ? measure(batch.bytes, from, start) : start - from
    from = start
    at[row] = byte
  }
  return at
}

/**
 * The first pass. Reads the whole source, decides the kinds and hashes the bytes. A file that stops
 * being UTF-8 behind its beginning is surveyed again as Windows-1252, unless UTF-8 was chosen.
 * @param resumeAt a row's position in the file, whose line is then told
 * @throws StudioError bad-data, unsupported, cancelled
 */
export async function surveyTable(source: WatchedSource, choices: IngestChoices, context: Context, resumeAt: number | null = null): Promise<TablePlan> {
  const shape = await shapeOf(source, choices)
  try {
    return await surveyShape(source, shape, choices, context, resumeAt)
  } catch (thrown) {
    if (!(thrown instanceof StudioError) || thrown.details['encoding'] !== 'utf-8' || choices.options?.encoding !== undefined) throw thrown
    context.report({ kind: 'note', text: `Byte ${String(thrown.details['byte'])} is not UTF-8: reading as Windows-1252.` })
    const again = { ...choices, options: { ...choices.options, encoding: 'windows-1252' as const } }
    const encoding: Guess<'windows-1252'> = { value: 'windows-1252', confidence: 0.7, reason: `Byte ${String(thrown.details['byte'])} is not valid UTF-8, so the file is read as Windows-1252.` }
    const next = await shapeOf(source, again)
    return surveyShape(source, { ...next, guesses: { ...next.guesses, encoding } }, again, context, resumeAt)
  }
}

async function surveyShape(source: WatchedSource, shape: TableShape, choices: IngestChoices, context: Context, resumeAt: number | null): Promise<TablePlan> {
  const scanner = scannerFor(shape, shape.bom, 1)
  const measure = createTranscoder(shape.options.encoding)?.measure
  const survey = surveyFor(shape)
  const most = choices.maxRows ?? Number.POSITIVE_INFINITY
  let headerLeft = shape.options.header
  let found = 0
  let resumeLine: number | null = null
  const take = (batch: RowBatch): void => {
    if (resumeAt !== null && resumeLine === null) {
      const at = rowBytes(batch, measure)
      const row = at.indexOf(resumeAt)
      if (row >= 0) resumeLine = batch.lines[row] as number
    }
    if (batch.rows === 0) return
    const from = headerLeft ? 1 : 0
    headerLeft = false
    found += batch.rows - from
    const rows = fittingRows(batch, shape.names.length, () => {}, from)
    survey.add(batch, rows.length > most - survey.rows ? rows.subarray(0, most - survey.rows) : rows)
  }
  let told = 0
  for await (const { piece, read } of utf8Pieces(source, shape.options.encoding, shape.bom, context, true)) {
    if (survey.rows < most) take(scanner.push(piece))
    if (read - told > 2_000_000) context.report({ kind: 'step', phase: 'Looking at every cell', done: (told = read), total: source.size })
  }
  if (survey.rows < most) take(scanner.end())
  context.report({ kind: 'step', phase: 'Looking at every cell', done: source.size, total: source.size })
  if (found === 0) throw tooFewRows('missing rows; a table needs at least one row below its header, and this file has only the header', 'Choose another file, or switch the header off if the first line holds values.')
  if (survey.rows === 0) throw tooFewRows(`invalid rows; a row needs as many cells as the first line, which has ${shape.names.length}: none of the ${found} rows does`, 'Check the delimiter and the quote.')
  return { ...shape, columns: planColumns(shape, survey, choices), sha256: await source.digest(), resumeLine }
}

export interface ReadFrom {
  readonly byte: number
  readonly line: number
  /** Rows that are already stored. */
  readonly rows: number
  /** Categories that are already stored, by column. */
  readonly known: readonly (readonly string[] | undefined)[]
  /** Refused rows already listed. */
  readonly listed: number
}
export const fromStart = (plan: TablePlan): ReadFrom => ({ byte: plan.bom, line: 1, rows: 0, known: [], listed: 0 })

/**
 * The second pass: row groups of about 4 MB, each but the last a multiple of 8 rows. A row of which any
 * cell cannot be read in its column's kind is refused whole and told with the group.
 * @returns refused rows behind the last group
 */
export async function readTable(
  source: WatchedSource,
  plan: TablePlan,
  from: ReadFrom,
  maxRows: number | undefined,
  context: Context,
  sink: (group: RowGroup) => Promise<void>,
): Promise<{ readonly rows: number; readonly rejected: readonly RejectedRow[]; readonly rejectedCount: number }> {
  const { options, names } = plan
  const scanner = scannerFor(plan, from.byte, from.line)
  const measure = createTranscoder(options.encoding)?.measure
  const missing = missingTexts(options.missing)
  const builders = plan.columns.map((column, index) => {
    const known = from.known[index]
    return createBuilder(column, { index, missing, decimal: options.decimal, quote: options.quote, ...(known ? { known } : {}) })
  })
  const risky = builders.filter((builder) => builder.mayRefuse)
  const safe = builders.filter((builder) => !builder.mayRefuse)
  const most = maxRows ?? Number.POSITIVE_INFINITY
  /** Behind each held row: its end in the file. */
  let rowEnds = new Float64Array(4096)
  let rowLines = new Uint32Array(4096)
  let held = 0
  let stored = from.rows
  const rejects: Rejects = { count: 0, listed: [] }
  let refusedAt: number[] = []
  let toldRejects = 0
  let headerLeft = options.header && from.byte === plan.bom && from.rows === 0

  async function flush(rows: number): Promise<void> {
    const bytesRead = rowEnds[rows - 1] as number
    const columns = builders.map((builder) => builder.take(rows))
    const lines = lineRuns(rowLines, rows)
    rowEnds.copyWithin(0, rows, held)
    rowLines.copyWithin(0, rows, held)
    held -= rows
    stored += rows
    const before = refusedAt.findIndex((byte) => byte >= bytesRead)
    const count = before < 0 ? refusedAt.length : before
    refusedAt = refusedAt.slice(count)
    const rejected = rejects.listed.slice(toldRejects).filter((row) => row.byte < bytesRead)
    toldRejects += rejected.length
    await sink({ rows, columns, lines, bytesRead, rejected, rejectedCount: count })
  }

  function take(batch: RowBatch): void {
    if (batch.rows === 0) return
    const at = rowBytes(batch, measure)
    const refuse = (row: number, column: string | null, reason: string): void => {
      if (from.listed + rejects.listed.length < limits.rejectedListed) reject(rejects, batch, row, at[row] as number, options, column, reason)
      refusedAt.push(at[row] as number)
    }
    const first = headerLeft ? 1 : 0
    headerLeft = false
    const misfits: number[] = []
    const reasons = new Map<number, { readonly column: string | null; readonly reason: string }>()
    let rows = fittingRows(batch, names.length, (row, reason) => {
      misfits.push(row)
      reasons.set(row, { column: null, reason })
    }, first)
    const bad = new Uint8Array(rows.length)
    const ofColumn = new Uint8Array(rows.length)
    let anyBad = false
    for (const builder of risky) {
      ofColumn.fill(0)
      builder.append(batch, rows, ofColumn)
      const found = ofColumn.indexOf(1)
      if (found < 0) continue
      anyBad = true
      const index = builders.indexOf(builder)
      for (let k = found; k < rows.length; k++) {
        if (ofColumn[k] === 0) continue
        const row = rows[k] as number
        if (bad[k] === 0) {
          const text = cellText(batch, (batch.firstCell[row] as number) + index, options.quote)
          misfits.push(row)
          reasons.set(row, { column: names[index] as string, reason: misfitReason(plan.columns[index] as ColumnPlan, text) })
        }
        bad[k] = 1
      }
    }
    // Rows over the asked number go too, without being told.
    const room = most - stored - held
    let kept = 0
    let cutAt = batch.rows
    for (let k = 0; k < rows.length; k++) {
      if (bad[k] === 1) continue
      if (kept < room) kept++
      else {
        if (cutAt === batch.rows) cutAt = rows[k] as number
        bad[k] = 1
        anyBad = true
      }
    }
    misfits.sort((a, b) => a - b)
    for (const row of misfits) {
      const why = reasons.get(row)
      if (why && row < cutAt) refuse(row, why.column, why.reason)
    }
    if (anyBad) {
      for (const builder of risky) builder.drop(bad)
      rows = rows.filter((_, k) => bad[k] === 0)
    }
    for (const builder of safe) builder.append(batch, rows, bad)
    if (held + rows.length > rowEnds.length) {
      const larger = new Float64Array(Math.max(held + rows.length, rowEnds.length * 2))
      larger.set(rowEnds)
      rowEnds = larger
      const longer = new Uint32Array(larger.length)
      longer.set(rowLines)
      rowLines = longer
    }
    for (let k = 0; k < rows.length; k++) {
      rowEnds[held + k] = at[(rows[k] as number) + 1] as number
      rowLines[held + k] = batch.lines[rows[k] as number] as number
    }
    held += rows.length
  }

  async function store(all: boolean): Promise<void> {
    for (;;) {
      if (held === 0) return
      const bytes = builders.reduce((sum, builder) => sum + builder.bytes(), 0)
      if (bytes < limits.chunkBytes) break
      const rows = Math.floor((held * limits.chunkBytes) / bytes / 8) * 8 || 8
      if (rows > held) break
      await flush(rows)
    }
    if (all && held > 0) await flush(held)
  }

  for await (const { piece, read } of utf8Pieces(source, options.encoding, from.byte, context, false)) {
    take(scanner.push(piece))
    await store(false)
    context.report({ kind: 'step', phase: 'Storing rows', done: read, total: source.size })
    if (stored + held >= most) break
  }
  if (stored + held < most) take(scanner.end())
  await store(true)
  context.report({ kind: 'step', phase: 'Storing rows', done: source.size, total: source.size })
  if (stored === 0) {
    throw new StudioError({
      code: 'bad-data',
      message: `invalid rows; every row must fit the kinds of its columns: none of ${refusedAt.length} does`,
      hint: `The first: ${rejects.listed[0]?.reason ?? ''} Choose another kind for that column.`,
    })
  }
  return { rows: stored, rejected: rejects.listed.slice(toldRejects), rejectedCount: refusedAt.length }
}
