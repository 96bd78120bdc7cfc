/** The end of every dataset that was written group by group: its profile, its identity, and the commit that makes it complete. */
import type { Column } from '../core/data/column.ts'
import { createProfiler } from '../core/data/profile-of.ts'
import type { ColumnChunk } from '../core/ingest/column-builder.ts'
import { limits } from '../core/ingest/limits.ts'
import { startColumn } from '../storage/columns.ts'
import { loadDataset, type DatasetEnd, type DatasetWriter } from '../storage/datasets.ts'
import type { Store } from '../storage/port.ts'
import type { DatasetRecord } from '../storage/records.ts'
import type { Host } from './task.ts'

/**
 * @param reasons why each column has its kind
 * @param kept all row groups, where they are still in memory; otherwise they are read back
 */
export async function finishDataset(
  writer: DatasetWriter,
  reasons: readonly string[],
  end: Pick<DatasetEnd, 'source' | 'rejected' | 'rejectedCount'>,
  { store, context }: Host,
  kept: readonly (readonly ColumnChunk[])[] = [],
): Promise<DatasetRecord> {
  const { rowsCommitted, columns: infos } = writer.record
  const profiler = createProfiler(rowsCommitted)
  let done = 0
  for await (const column of wholeColumns(store, writer.record, kept, rowsCommitted)) {
    await context.checkpoint()
    profiler.add(column, reasons[done] ?? '')
    context.report({ kind: 'step', phase: 'Profiling columns', done: ++done, total: infos.length })
  }
  const { profile, hash, columns } = await profiler.end()
  return writer.complete({ hash, columns, profile, ...end })
}

/** Each column whole: from the groups still in memory, or read back as many at a time as the budget allows. */
async function* wholeColumns(store: Store, record: DatasetRecord, kept: readonly (readonly ColumnChunk[])[], rows: number): AsyncGenerator<Column> {
  if (kept.length > 0) {
    for (const [index, info] of record.columns.entries()) {
      const column = startColumn(info, rows)
      let firstRow = 0
      for (const group of kept) {
        const chunk = group[index] as ColumnChunk
        const count = chunk.offsets ? chunk.offsets.length - 1 : chunk.values.length
        column.add(chunk, firstRow, count)
        firstRow += count
      }
      yield withInteger(column.end())
    }
    return
  }
  const atOnce = Math.max(1, Math.floor(limits.keepColumnBytes / Math.max(1, record.bytesStored / record.columns.length)))
  for (let start = 0; start < record.columns.length; start += atOnce) {
    const names = record.columns.slice(start, start + atOnce).map((column) => column.name)
    const { columns } = await loadDataset(store, record.id, names, { unfinished: true })
    for (const column of columns) yield withInteger(column)
  }
}
function withInteger(column: Column): Column {
  if (column.kind !== 'numeric') return column
  const { values } = column
  let integer = true
  for (let row = 0; row < values.length && integer; row++) integer = Number.isInteger(values[row])
  return { ...column, integer }
}
