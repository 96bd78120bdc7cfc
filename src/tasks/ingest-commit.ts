/**
 * From a source to a complete dataset. What is committed stays through a stop, a full disk or a changed
 * file: the dataset is then paused, and the same file goes on from there.
 */
import type { ColumnInfo, Source } from '../core/data/dataset.ts'
import type { Context } from '../core/context.ts'
import { asStudioError, cancelled, StudioError } from '../core/errors.ts'
import { limits } from '../core/ingest/limits.ts'
import type { IngestChoices } from '../core/ingest/options.ts'
import { fromStart, readTable, surveyTable, type ReadFrom, type TablePlan } from '../core/ingest/read-table.ts'
import type { ColumnChunk } from '../core/ingest/column-builder.ts'
import { watch, type WatchedSource } from '../core/ingest/source.ts'
import { createDatasetWriter, datasetRecord, readChunk, resumeDatasetWriter, type DatasetWriter } from '../storage/datasets.ts'
import { freeBytes } from '../storage/quota.ts'
import type { DatasetRecord } from '../storage/records.ts'
import { finishDataset } from './finish-dataset.ts'
import { openIngestSource, type OpenSource } from './ingest-source.ts'
import type { Host, TaskHandler } from './task.ts'

/** A stopped import as it is: the rows it has become the data, without the file. */
export const ingestKeep: TaskHandler<'ingest/keep'> = async ({ token, datasetId }, host) => {
  const { rowsCommitted, columns } = await datasetRecord(host.store, datasetId)
  if (rowsCommitted === 0) throw new StudioError({ code: 'bad-data', message: 'missing rows; an import is kept from its first row on: it has none yet', hint: 'Go on with the import, or discard it.' })
  const writer = await resumeDatasetWriter(host.store, datasetId, token)
  try {
    await finishDataset(writer, columns.map(() => 'Decided from the whole file when the import began.'), {}, host)
  } catch (thrown) {
    throw await settle(writer, asStudioError(thrown), true)
  }
  return { datasetId }
}

export const ingestCommit: TaskHandler<'ingest/commit'> = async ({ projectId, token, name, source, choices, resumeId }, host) => {
  const opened = await openIngestSource(source)
  const record = await commitSource(opened, { projectId, token, name, choices, ...(resumeId === undefined ? {} : { resumeId }) }, host)
  return { datasetId: record.id }
}

export interface CommitOptions {
  readonly projectId: string
  readonly token: number
  readonly name: string
  readonly choices: IngestChoices
  readonly resumeId?: string
  /** Sources up to this many bytes are read once and kept in memory; for tests of what larger ones do. */
  readonly keepBytes?: number
}

const infoOf = (plan: TablePlan): ColumnInfo[] =>
  plan.columns.map(({ name, kind, layout, labels }) => ({
    name,
    kind: kind.value,
    missing: 0,
    ...(layout === undefined ? {} : { layout }),
    ...(labels === undefined ? {} : { categories: labels }),
  }))

/** The whole way, given bytes and a store: what the task, the tests and the benches call. */
export async function commitSource(opened: OpenSource, options: CommitOptions, host: Host): Promise<DatasetRecord> {
  const reading: Host = { ...host, context: stoppable(host.context) }
  const source = watch(opened.bytes, options.keepBytes)
  const { plan, writer, from } = options.resumeId === undefined ? await begin(source, opened, options, reading) : await resume(source, options, options.resumeId, reading)
  const kept: ColumnChunk[][] = []
  let keptBytes = from.rows > 0 ? Number.POSITIVE_INFINITY : 0
  try {
    const rest = await readTable(source, plan, from, options.choices.maxRows, reading.context, async (group) => {
      await writer.append(group)
      for (const column of group.columns) keptBytes += column.values.byteLength
      if (keptBytes <= limits.keepColumnBytes) kept.push([...group.columns])
      else kept.length = 0
    })
    const reasons = plan.columns.map((column) => column.kind.reason)
    return await finishDataset(writer, reasons, { source: { ...writer.record.source, sha256: plan.sha256 }, rejected: rest.rejected, rejectedCount: rest.rejectedCount }, host, kept)
  } catch (thrown) {
    throw await settle(writer, asStudioError(thrown))
  }
}

/** A person's stop ends the reading at the next checkpoint; what is committed is paused, to go on or to be kept as it is. */
const stoppable = (context: Context): Context => ({
  ...context,
  async checkpoint() {
    await context.checkpoint()
    if (context.stopping()) throw cancelled()
  },
})

async function begin(source: WatchedSource, opened: OpenSource, options: CommitOptions, { store, context }: Host): Promise<{ plan: TablePlan; writer: DatasetWriter; from: ReadFrom }> {
  const plan = await surveyTable(source, options.choices, context)
  const described: Source = { kind: opened.kind, fileName: opened.fileName, bytes: source.size, sha256: plan.sha256, ...(opened.url === undefined ? {} : { url: opened.url }), ...(opened.licence === undefined ? {} : { licence: opened.licence }) }
  const writer = await createDatasetWriter(store, { projectId: options.projectId, token: options.token, name: options.name, source: described, options: plan.options, columns: infoOf(plan) })
  return { plan, writer, from: fromStart(plan) }
}

/** Goes on behind the last committed row, once the bytes proved to be the same, all of them. */
async function resume(source: WatchedSource, options: CommitOptions, resumeId: string, { store, context }: Host): Promise<{ plan: TablePlan; writer: DatasetWriter; from: ReadFrom }> {
  const record = await datasetRecord(store, resumeId)
  const different = (what: string, wanted: string | number, found: string | number): StudioError =>
    new StudioError({
      code: 'bad-data',
      message: `invalid file; to go on, it must be the one that the import began with (${what} ${wanted}): ${found}`,
      hint: `Choose ${record.source.fileName.slice(0, 80)} as it was, or discard the stopped import and start over.`,
      details: { what },
    })
  if (source.size !== record.source.bytes) throw different('bytes', record.source.bytes, source.size)
  const choices: IngestChoices = { ...options.choices, options: record.options, kinds: record.columns.map(({ name, kind }) => ({ column: name, kind })) }
  const surveyed = await surveyTable(source, choices, context, record.rowsCommitted > 0 ? record.bytesRead : null)
  if (surveyed.sha256 !== record.source.sha256) throw different('SHA-256', record.source.sha256.slice(0, 16), surveyed.sha256.slice(0, 16))
  const plan: TablePlan = {
    ...surveyed,
    columns: record.columns.map(({ name, kind, layout, categories }, i) => ({
      name,
      kind: { value: kind, confidence: 1, reason: surveyed.columns[i]?.kind.reason ?? '' },
      ...(layout === undefined ? {} : { layout }),
      ...(kind === 'boolean' && categories ? { labels: [categories[0], categories[1]] as [string, string] } : {}),
    })),
  }
  const writer = await resumeDatasetWriter(store, resumeId, options.token)
  if (record.rowsCommitted === 0) return { plan, writer, from: fromStart(plan) }
  const known: string[][] = record.columns.map(() => [])
  for (let sequence = 0; sequence < record.chunks; sequence++) {
    const chunk = await readChunk(store, record, sequence)
    // One at a time: a chunk may bring more of them than a call takes arguments.
    chunk.columns.forEach((column, i) => {
      for (const category of column.newCategories ?? []) (known[i] as string[]).push(category)
    })
  }
  return { plan, writer, from: { byte: record.bytesRead, line: surveyed.resumeLine ?? 1, rows: record.rowsCommitted, known, listed: record.rejected.length } }
}

/** Leaves a stopped import in a state that can go on, and says what is safe. */
async function settle(writer: DatasetWriter, error: StudioError, keep = false): Promise<StudioError> {
  const { rowsCommitted, bytesStored, bytesRead, source } = writer.record
  const nothing = rowsCommitted === 0
  const refused = !keep && error.code === 'bad-data' && error.details['sourceChanged'] !== true
  try {
    if (nothing || refused) await writer.discard()
    else await writer.pause(error.message)
  } catch {
    // The store that failed cannot take the mark either: an import found writing at start-up counts as paused.
  }
  if (error.code !== 'storage-full') return error
  const count = (value: number): string => value.toLocaleString('en')
  // The rest of the file takes what its beginning took; before any row, about what the file has.
  const needed = nothing ? source.bytes : Math.ceil((bytesStored * (source.bytes - bytesRead)) / bytesRead)
  const free = await freeBytes(needed)
  const room = `About ${count(needed)} bytes more are needed; ${free === undefined ? 'the browser does not say how many are free' : `${count(free)} are free`}.`
  return new StudioError({
    code: 'storage-full',
    message: error.message,
    hint: nothing
      ? `Nothing of this import is kept, older projects are untouched. ${room} Delete a project you no longer need and try again, import only the first rows, or continue in memory.`
      : `${count(rowsCommitted)} rows (${count(bytesStored)} bytes) are kept and the import is paused, older projects are untouched. ${room} Delete a project you no longer need and go on, keep only these rows, or continue in memory.`,
    details: { ...error.details, rowsKept: rowsCommitted, bytesKept: bytesStored, bytesNeeded: needed, bytesFree: free ?? null, datasetId: writer.datasetId },
    cause: error,
  })
}
