/** Other kinds for several columns at once: a new dataset, so that runs on the old one stay what they were. */
import { changeKind, takeColumn, writtenCell } from '../core/data/change-kind.ts'
import type { Column } from '../core/data/column.ts'
import { createProfiler } from '../core/data/profile-of.ts'
import { StudioError } from '../core/errors.ts'
import { limits } from '../core/ingest/limits.ts'
import type { RejectedRow } from '../core/ingest/options.ts'
import { datasetRecord, loadDataset } from '../storage/datasets.ts'
import { saveDataset } from '../storage/save-dataset.ts'
import type { TaskHandler } from './task.ts'

export const dataRekind: TaskHandler<'data/rekind'> = async ({ projectId, token, datasetId, kinds }, { store, context }) => {
  const record = await datasetRecord(store, datasetId)
  const dataset = await loadDataset(store, datasetId)
  const reasons = new Map<string, string>()
  const profile = await store.read(['profiles'], (tx) => tx.get('profiles', datasetId))
  for (const column of profile?.profile.columns ?? []) reasons.set(column.name, column.reason)
  const wanted = new Map(kinds.map(({ column, kind }) => [column, kind]))
  for (const name of wanted.keys()) {
    if (!dataset.columns.some((column) => column.name === name)) {
      throw new StudioError({ code: 'bad-data', message: `missing column; not among the ${dataset.columns.length} columns of the data: ${name.slice(0, 200)}` })
    }
  }
  const total = dataset.columns.length * 2
  let done = 0
  const misfits = new Map<number, { readonly column: string; readonly reason: string }>()
  const changed: Column[] = []
  for (const column of dataset.columns) {
    await context.checkpoint()
    const kind = wanted.get(column.name)
    if (kind === undefined || kind === column.kind) changed.push(column)
    else {
      const result = changeKind(column, kind)
      changed.push(result.column)
      reasons.set(column.name, 'Your choice.')
      for (const [row, reason] of result.misfits) if (!misfits.has(row)) misfits.set(row, { column: column.name, reason })
    }
    context.report({ kind: 'step', phase: 'Reading columns anew', done: ++done, total })
  }
  if (misfits.size === dataset.rows) {
    const first = misfits.values().next().value
    throw new StudioError({ code: 'bad-data', message: `invalid kind; at least one row must fit it: none of ${dataset.rows} does`, hint: `${first?.reason ?? ''} Choose another kind.`, details: { column: first?.column ?? null } })
  }
  const rejected: RejectedRow[] = [...record.rejected]
  const rows: number[] = []
  for (let row = 0; row < dataset.rows; row++) {
    const why = misfits.get(row)
    if (!why) rows.push(row)
    else if (rejected.length < limits.rejectedListed) {
      // The line in the file is not kept with a row: its number in the data stands in the reason.
      const text = dataset.columns.map((column) => writtenCell(column, row) ?? '').join(record.options.delimiter)
      rejected.push({ line: 0, byte: 0, column: why.column, reason: `Row ${row + 1} of the data. ${why.reason}`, text: text.slice(0, limits.quotedCharacters) })
    }
  }
  const profiler = createProfiler(rows.length)
  const columns: Column[] = []
  for (const column of changed) {
    await context.checkpoint()
    const kept = misfits.size === 0 ? column : takeColumn(column, rows)
    columns.push(kept)
    profiler.add(kept, reasons.get(column.name) ?? '')
    context.report({ kind: 'step', phase: 'Reading columns anew', done: ++done, total })
  }
  const ended = await profiler.end()
  const saved = await saveDataset(
    store,
    { id: ended.hash, name: dataset.name, rows: rows.length, columns, source: dataset.source },
    { projectId, token, profile: ended.profile, options: record.options, rejected, checkpoint: () => context.checkpoint() },
  )
  return { datasetId: saved.id }
}
