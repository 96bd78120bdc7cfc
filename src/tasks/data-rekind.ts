/**
 * Other kinds for several columns at once: a new dataset, so that runs on the old one stay what they were.
 * Works row group by row group, in two passes as an ingest does: the first settles layouts and labels from
 * all rows, the second writes; a row that no longer fits is kept out with its line.
 */
import { batchOf, joinColumns, newRenaming, takeColumn, writtenCell } from '../core/data/change-kind.ts'
import type { Column } from '../core/data/column.ts'
import type { Kind } from '../core/data/kinds.ts'
import { StudioError } from '../core/errors.ts'
import { createBuilder, misfitReason } from '../core/ingest/column-builder.ts'
import { missingTexts } from '../core/ingest/csv/cells.ts'
import { planFor, type ColumnPlan } from '../core/ingest/decide-kinds.ts'
import { limits } from '../core/ingest/limits.ts'
import { lineRuns, linesFrom } from '../core/ingest/line-runs.ts'
import type { RejectedRow } from '../core/ingest/options.ts'
import { createSurvey } from '../core/ingest/survey.ts'
import { byteSize } from '../storage/bytes.ts'
import { startColumn } from '../storage/columns.ts'
import { createDatasetWriter, datasetRecord, readChunk } from '../storage/datasets.ts'
import type { ChunkColumn, DatasetRecord } from '../storage/records.ts'
import { sliceOf } from '../storage/save-dataset.ts'
import { finishDataset } from './finish-dataset.ts'
import type { Host, TaskHandler } from './task.ts'

interface Group {
  readonly firstRow: number
  readonly rows: number
  /** Each column of these rows, with the whole dictionary so far. */
  readonly columns: readonly Column[]
  readonly lines: Uint32Array
}
async function* groupsOf({ store, context }: Host, record: DatasetRecord): AsyncGenerator<Group> {
  const known: string[][] = record.columns.map(() => [])
  for (let sequence = 0; sequence < record.chunks; sequence++) {
    await context.checkpoint()
    const chunk = await readChunk(store, record, sequence)
    const columns = record.columns.map((info, i) => {
      const part = chunk.columns[i] as ChunkColumn
      const categories = known[i] as string[]
      for (const category of part.newCategories ?? []) categories.push(category)
      const column = startColumn(info, chunk.rows)
      column.add(categories.length > 0 ? { ...part, newCategories: categories } : part, 0, chunk.rows)
      return column.end()
    })
    yield { firstRow: chunk.firstRow, rows: chunk.rows, columns, lines: linesFrom(chunk.lines, chunk.rows) }
  }
}

const missing = missingTexts([])
const everyRow = (rows: number): Uint32Array => Uint32Array.from({ length: rows }, (_, i) => i)

/** Layouts and labels of the columns that change, from all their rows; undefined for a column that stays. */
async function plansOf(host: Host, record: DatasetRecord, wanted: ReadonlyMap<string, Kind>): Promise<(ColumnPlan | undefined)[]> {
  const { decimal } = record.options
  const surveys = record.columns.map((column) => (wanted.has(column.name) && wanted.get(column.name) !== column.kind ? createSurvey({ columns: 1, missing, decimal, quote: '"' }) : undefined))
  for await (const { firstRow, rows, columns } of groupsOf(host, record)) {
    surveys.forEach((survey, i) => survey?.add(batchOf(columns[i] as Column, decimal), everyRow(rows)))
    host.context.report({ kind: 'step', phase: 'Looking at every cell', done: firstRow + rows, total: record.rowsCommitted })
  }
  return record.columns.map(({ name }, i) => {
    const survey = surveys[i]?.columns[0]
    return survey && planFor(name, survey, wanted.get(name) as Kind, 'Your choice.', decimal)
  })
}

export const dataRekind: TaskHandler<'data/rekind'> = async ({ projectId, token, datasetId, kinds }, host) => {
  const { store, context } = host
  const record = await datasetRecord(store, datasetId)
  const wanted = new Map(kinds.map(({ column, kind }) => [column, kind]))
  for (const name of wanted.keys()) {
    if (!record.columns.some((column) => column.name === name)) {
      throw new StudioError({ code: 'bad-data', message: `missing column; not among the ${record.columns.length} columns of the data: ${name.slice(0, 200)}` })
    }
  }
  const profile = await store.read(['profiles'], (tx) => tx.get('profiles', datasetId))
  const plans = await plansOf(host, record, wanted)
  const reasons = record.columns.map((_, i) => (plans[i] ? 'Your choice.' : (profile?.profile.columns[i]?.reason ?? '')))
  const infos = record.columns.map((column, i) => {
    const plan = plans[i]
    if (!plan) return column
    return { name: column.name, kind: plan.kind.value, missing: 0, ...(plan.layout === undefined ? {} : { layout: plan.layout }), ...(plan.labels === undefined ? {} : { categories: plan.labels }) }
  })
  const { decimal, delimiter } = record.options
  const builders = plans.map((plan) => plan && createBuilder(plan, { index: 0, missing, decimal, quote: '"' }))
  const renamings = record.columns.map(newRenaming)
  const writer = await createDatasetWriter(store, { projectId, token, name: record.name, source: record.source, options: record.options, columns: infos })
  // What was kept out before stays so.
  let rejected: RejectedRow[] = [...record.rejected]
  let rejectedCount = record.rejectedCount
  let listed = rejected.length
  let firstReason = ''
  let firstColumn: string | null = null
  /** Rows not written yet: the columns that stay, and the lines. */
  let held: (Column | undefined)[] = []
  let heldLines = new Uint32Array(0)
  /** Categories of each column that stays which are written already. */
  const written = record.columns.map(() => 0)

  async function write(all: boolean): Promise<void> {
    const rows = heldLines.length
    const bytes = builders.reduce((sum, builder) => sum + (builder?.bytes() ?? 0), 0) + byteSize(held.flatMap((column) => (column ? [sliceOf(column, 0, rows, 0).chunk] : [])))
    const pieces = Math.max(1, Math.ceil(bytes / limits.chunkBytes))
    const step = Math.max(8, Math.floor(rows / pieces / 8) * 8)
    let from = 0
    while (from < rows) {
      const to = Math.min(rows, from + step)
      if (to - from < 8 && !all) break
      const end = all && to === rows ? to : from + Math.floor((to - from) / 8) * 8
      const columns = infos.map((_, i): ChunkColumn => {
        const stays = held[i]
        if (!stays) return (builders[i] as NonNullable<(typeof builders)[number]>).take(end - from)
        const { chunk } = sliceOf(stays, from, end, written[i] as number)
        written[i] = (written[i] as number) + (chunk.newCategories?.length ?? 0)
        return chunk
      })
      await writer.append({ rows: end - from, columns, lines: lineRuns(heldLines.subarray(from, end), end - from), bytesRead: record.source.bytes, rejected, rejectedCount })
      rejected = []
      rejectedCount = 0
      from = end
    }
    const rest = Uint32Array.from({ length: rows - from }, (_, i) => from + i)
    held = held.map((column) => column && tail(column, rest))
    heldLines = heldLines.slice(from)
  }
  try {
    for await (const group of groupsOf(host, record)) {
      const bad = new Uint8Array(group.rows)
      const ofColumn = new Uint8Array(group.rows)
      const misfits = new Map<number, { readonly column: string; readonly reason: string }>()
      for (const [i, builder] of builders.entries()) {
        if (!builder?.mayRefuse) continue
        const column = group.columns[i] as Column
        ofColumn.fill(0)
        builder.append(batchOf(column, decimal), everyRow(group.rows), ofColumn)
        ofColumn.forEach((flag, row) => {
          if (flag === 0) return
          if (bad[row] === 0) misfits.set(row, { column: column.name, reason: misfitReason(plans[i] as ColumnPlan, writtenCell(column, row, decimal) ?? '') })
          bad[row] = 1
        })
      }
      for (const [row, { column, reason }] of [...misfits].sort(([a], [b]) => a - b)) {
        rejectedCount++
        if (firstColumn === null) [firstColumn, firstReason] = [column, reason]
        if (listed++ >= limits.rejectedListed) continue
        const line = group.lines[row] as number
        const text = group.columns.map((each) => writtenCell(each, row, decimal) ?? '').join(delimiter)
        rejected.push({ line, byte: 0, column, reason: line > 0 ? reason : `Row ${group.firstRow + row + 1} of the data. ${reason}`, text: text.slice(0, limits.quotedCharacters) })
      }
      const kept = everyRow(group.rows).filter((row) => bad[row] === 0)
      for (const [i, builder] of builders.entries()) {
        if (!builder?.mayRefuse) builder?.append(batchOf(group.columns[i] as Column, decimal), kept, bad)
        else if (misfits.size > 0) builder.drop(bad)
      }
      held = group.columns.map((column, i) => {
        if (builders[i]) return undefined
        const taken = takeColumn(column, kept, renamings[i])
        const before = held[i]
        return before ? joinColumns(before, taken) : taken
      })
      heldLines = Uint32Array.from([...heldLines, ...kept.map((row) => group.lines[row] as number)])
      await write(false)
      context.report({ kind: 'step', phase: 'Reading columns anew', done: group.firstRow + group.rows, total: record.rowsCommitted })
    }
    await write(true)
    if (writer.record.rowsCommitted === 0) {
      throw new StudioError({ code: 'bad-data', message: `invalid kind; at least one row must fit it: none of ${record.rowsCommitted} does`, hint: `${firstReason} Choose another kind.`, details: { column: firstColumn } })
    }
    await finishDataset(writer, reasons, { rejected, rejectedCount }, host)
    return { datasetId: writer.datasetId }
  } catch (error) {
    await writer.discard().catch(() => {})
    throw error
  }
}

/** The last rows of a column, its categories as they are. */
function tail(column: Column, rows: Uint32Array): Column {
  if (column.kind !== 'categorical') return takeColumn(column, rows)
  return takeColumn(column, rows, { codes: new Map(column.dictionary.map((_, code) => [code, code])), dictionary: [...column.dictionary] })
}
