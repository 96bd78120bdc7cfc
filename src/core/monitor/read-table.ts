/** New rows from a table: read as ingest reads, held against the signature, with the truth and the moment where the file has them. */
import { checkColumns, readAgainAsWindows, signedRows, type WrittenColumn } from '../bundle/signed-rows.ts'
import { Issues, type SignatureIssue } from '../bundle/signature-issues.ts'
import type { Signature, SignatureInput } from '../bundle/signature.ts'
import type { Context } from '../context.ts'
import type { Column } from '../data/column.ts'
import { isValid } from '../data/column.ts'
import { stackColumns } from '../data/stack-columns.ts'
import { StudioError } from '../errors.ts'
import type { IngestChoices } from '../ingest/options.ts'
import { previewTable } from '../ingest/preview.ts'
import { shapeOf } from '../ingest/read-table.ts'
import type { ByteSource, WatchedSource } from '../ingest/source.ts'
import { followsRows } from './moments.ts'

export interface TableRows {
  readonly rows: number
  /** One an input, in the signature's order; what cannot be read is missing, and told. */
  readonly columns: readonly Column[]
  /** Rows that the model can answer. */
  readonly sound: Uint32Array
  readonly truth?: Column
  readonly times?: Float64Array
  readonly timeColumn?: string
  /** Columns of dates that could be the moment of a row. */
  readonly dates: readonly string[]
  readonly issues: readonly SignatureIssue[]
}
export interface TableChoices {
  readonly ingest: IngestChoices
  /** How the target is written, where it may be in the file. */
  readonly truth?: SignatureInput
  /** As MonitorOptions. */
  readonly time?: string | null
}

/** @throws StudioError bad-data where it is no table, or lacks a column that the model needs */
export const readTableRows = (source: ByteSource, signature: Signature, choices: TableChoices, context: Context): Promise<TableRows> =>
  readAgainAsWindows(source, choices.ingest, (watched, ingest) => read(watched, signature, { ...choices, ingest }, context))

async function read(watched: WatchedSource, signature: Signature, { ingest, truth, time }: TableChoices, context: Context): Promise<TableRows> {
  const shape = await shapeOf(watched, ingest)
  const issues = new Issues()
  const usable = checkColumns(signature, shape, issues)
  const known = signature.inputs.filter(({ name }) => shape.names.includes(name))
  if (!usable || known.length === 0) {
    const lacking = signature.inputs.filter(({ name, nullable }) => (known.length === 0 || !nullable) && !shape.names.includes(name)).map(({ name }) => name)
    throw new StudioError({
      code: 'bad-data',
      message: `missing columns; the model reads ${signature.inputs.length} and cannot answer without ${lacking.slice(0, 10).join(', ').slice(0, 300)}${lacking.length > 10 ? ` and ${lacking.length - 10} more` : ''}`,
      hint: 'Choose a file with the columns that the model was trained on; their order does not matter.',
    })
  }
  const dated = await datesOf(watched, signature, ingest, time)
  // Read beside the inputs: the one that was asked for, or all, to see which goes with the rows.
  const asked = time === null ? [] : time === undefined ? dated.slice(0, mostDates) : dated.filter((column) => column.name === time)
  const withTruth = truth && shape.names.includes(truth.name) ? truth : undefined
  const beside = [...(withTruth ? [withTruth] : []), ...asked]
  const parts: Column[][] = [...signature.inputs, ...beside].map(() => [])
  const sound: Uint32Array[] = []
  let rows = 0
  for await (const group of signedRows(watched, shape, ingest, { inputs: signature.inputs, beside, issues, phase: 'Reading' }, context)) {
    if (group.fitting.length === 0) continue
    ;[...group.columns, ...group.beside].forEach((column, i) => parts[i]?.push(column))
    sound.push(group.sound.map((k) => k + rows))
    rows += group.fitting.length
  }
  if (rows === 0) throw new StudioError({ code: 'bad-data', message: 'missing rows; a table needs at least one row that fits its header', hint: 'Check the delimiter, or choose another file.' })
  const columns = parts.map(stackColumns)
  const moments = columns.slice(columns.length - asked.length).find((column) => time !== undefined || followsRows(column))
  const all = new Uint32Array(sound.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of sound) {
    all.set(part, at)
    at += part.length
  }
  return {
    rows,
    columns: columns.slice(0, signature.inputs.length),
    sound: all,
    ...(withTruth ? { truth: columns[signature.inputs.length] as Column } : {}),
    ...(moments?.kind === 'datetime' ? { timeColumn: moments.name, times: Float64Array.from(moments.seconds, (seconds, row) => (isValid(moments, row) ? seconds : Number.NaN)) } : {}),
    dates: dated.map(({ name }) => name),
    issues: issues.list().filter(({ kind, column }) => kind !== 'extra-column' || column !== moments?.name).map((issue) => (issue.kind === 'extra-column' ? { ...issue, text: 'The model does not read this column.' } : issue)),
  }
}

/** More are seldom in one file, and each is read as another column. */
const mostDates = 8

/** Columns of dates: those that are no inputs first. */
async function datesOf(watched: WatchedSource, signature: Signature, ingest: IngestChoices, asked: string | null | undefined): Promise<readonly SignatureInput[]> {
  const { columns } = await previewTable(watched, typeof asked === 'string' ? { ...ingest, kinds: [...(ingest.kinds ?? []), { column: asked, kind: 'datetime' }] } : ingest)
  const inputs = signature.inputs.filter((input) => input.kind === 'datetime' && columns.some((column) => column.name === input.name))
  const others = columns.flatMap(({ name: column, kind, layout }): SignatureInput[] =>
    kind.value === 'datetime' && layout !== undefined && !signature.inputs.some((input) => input.name === column) ? [{ name: column, kind: 'datetime', tensor: 'int64', nullable: true, layout }] : [],
  )
  // Times of day have no day to be put together by.
  return [...others, ...inputs].filter(({ layout }) => layout?.startsWith('HH') !== true)
}

/** Columns by their names, every row that fits the header; what the file lacks, or cannot be read, is missing. @throws StudioError bad-data where it is no table */
export const readColumns = (source: ByteSource, columns: readonly WrittenColumn[], choices: IngestChoices, context: Context): Promise<{ readonly rows: number; readonly columns: readonly Column[] }> =>
  readAgainAsWindows(source, choices, async (watched, ingest) => {
    const shape = await shapeOf(watched, ingest)
    const parts: Column[][] = columns.map(() => [])
    let rows = 0
    for await (const { beside, fitting } of signedRows(watched, shape, ingest, { inputs: [], beside: columns, issues: new Issues(), phase: 'Reading' }, context)) {
      beside.forEach((column, i) => parts[i]?.push(column))
      rows += fitting.length
    }
    if (rows === 0) throw new StudioError({ code: 'bad-data', message: 'missing rows; a table needs at least one row that fits its header' })
    return { rows, columns: parts.map(stackColumns) }
  })
