/**
 * Datasets as an append-only log with a commit marker: each chunk and its dataset record are written in
 * one transaction, and a last strict one flips the state to complete. What was acknowledged is there
 * after a crash; what was not is not.
 */
import type { Column } from '../core/data/column.ts'
import type { ColumnInfo, Dataset, Source } from '../core/data/dataset.ts'
import type { Profile } from '../core/data/profile.ts'
import { StudioError } from '../core/errors.ts'
import { freshId } from '../core/ids.ts'
import type { ParseOptions, RejectedRow } from '../core/ingest/options.ts'
import { byteSize } from './bytes.ts'
import { startColumn } from './columns.ts'
import { fencedWrite } from './fenced.ts'
import { chunksOf } from './keys.ts'
import type { ReadTransaction, Store } from './port.ts'
import type { ChunkColumn, ChunkRecord, DatasetRecord } from './records.ts'
import { checkChunk } from './schemas.ts'

const rejectedLimit = 1000

export interface DatasetStart {
  readonly projectId: string
  /** The writer's fencing token. */
  readonly token: number
  readonly name: string
  /** `sha256` may be '' until the source was read to its end. */
  readonly source: Source
  readonly options: ParseOptions
  /** Kinds as decided; `missing` and `categories` may be empty until complete. */
  readonly columns: readonly ColumnInfo[]
  /** Default: a fresh one. */
  readonly id?: string
}
export interface Chunk {
  readonly rows: number
  readonly columns: readonly ChunkColumn[]
  /** As in ChunkRecord. */
  readonly lines?: Uint32Array
  /** Bytes of the source behind the last row of this chunk. */
  readonly bytesRead: number
  /** Rows kept out since the last chunk; counted, and listed up to 1,000 in all. */
  readonly rejected?: readonly RejectedRow[]
  /** How many in all, where more than listed. */
  readonly rejectedCount?: number
}
export interface DatasetEnd {
  /** Content hash. */
  readonly hash: string
  readonly columns: readonly ColumnInfo[]
  readonly profile: Profile
  /** With the SHA-256 that is known now. */
  readonly source?: Source
  /** Rows kept out after the last chunk. */
  readonly rejected?: readonly RejectedRow[]
  readonly rejectedCount?: number
  readonly bytesRead?: number
}
export interface DatasetWriter {
  readonly datasetId: string
  /** As committed last. */
  readonly record: DatasetRecord
  /**
   * Commits a row group. All chunks but the last have a multiple of 8 rows. After a failure the writer
   * stands where it stood: the same chunk may be tried again.
   * @throws StudioError storage-full, storage-lost, read-only
   */
  append(chunk: Chunk): Promise<void>
  /** Keeps what is committed as an import that can go on later. */
  pause(reason: string): Promise<void>
  /** Strict: once it resolves the dataset is there for good. */
  complete(end: DatasetEnd): Promise<DatasetRecord>
  /** Removes what was written. */
  discard(): Promise<void>
}

/** Starts a dataset in state `writing`. @throws StudioError as `append` */
export async function createDatasetWriter(store: Store, start: DatasetStart): Promise<DatasetWriter> {
  const record: DatasetRecord = {
    id: start.id ?? freshId('data'),
    projectId: start.projectId,
    version: 1,
    name: start.name,
    hash: '',
    state: 'writing',
    rowsCommitted: 0,
    chunks: 0,
    bytesStored: 0,
    bytesRead: 0,
    source: start.source,
    options: start.options,
    columns: start.columns,
    rejectedCount: 0,
    rejected: [],
    createdAt: Date.now(),
  }
  await fencedWrite(store, start.projectId, start.token, ['datasets'], (tx) => tx.put('datasets', record))
  return writerFrom(store, start.token, record)
}

/** Goes on with an unfinished dataset. @throws StudioError bad-data where it is missing or complete */
export async function resumeDatasetWriter(store: Store, datasetId: string, token: number): Promise<DatasetWriter> {
  const old = await datasetRecord(store, datasetId)
  if (old.state === 'complete') throw new StudioError({ code: 'bad-data', message: `invalid resume; the import is already complete: ${old.name.slice(0, 80)}` })
  const record = await fencedWrite(store, old.projectId, token, ['datasets'], async (tx) => {
    const { pausedBecause: _, ...rest } = old
    const next: DatasetRecord = { ...rest, state: 'writing' }
    await tx.put('datasets', next)
    return next
  })
  return writerFrom(store, token, record)
}

function writerFrom(store: Store, token: number, first: DatasetRecord): DatasetWriter {
  let record = first
  const { id, projectId } = first

  const save = async (next: DatasetRecord, body: (tx: Parameters<Parameters<typeof fencedWrite>[4]>[0]) => Promise<void>, strict: boolean) => {
    await fencedWrite(
      store,
      projectId,
      token,
      ['datasets', 'chunks', 'profiles'],
      async (tx) => {
        const current = await tx.get('datasets', id)
        if (!current) throw new StudioError({ code: 'bad-data', message: `missing dataset; it was deleted while it was imported: ${record.name.slice(0, 80)}` })
        await body(tx)
        await tx.put('datasets', next)
      },
      strict ? 'strict' : 'relaxed',
    )
    record = next
  }
  const withRejected = (rejected: readonly RejectedRow[], count = rejected.length) => ({
    rejectedCount: record.rejectedCount + count,
    rejected: record.rejected.length >= rejectedLimit ? record.rejected : [...record.rejected, ...rejected].slice(0, rejectedLimit),
  })

  return {
    datasetId: id,
    get record() {
      return record
    },
    async append(chunk) {
      if (record.rowsCommitted % 8 !== 0) throw new StudioError({ code: 'bug', message: `invalid chunk; only the last may have a row number that 8 does not divide: ${record.rowsCommitted} rows before it` })
      const entry: ChunkRecord = { datasetId: id, sequence: record.chunks, firstRow: record.rowsCommitted, rows: chunk.rows, columns: chunk.columns, ...(chunk.lines ? { lines: chunk.lines } : {}) }
      checkChunk(entry, record)
      const next: DatasetRecord = {
        ...record,
        ...withRejected(chunk.rejected ?? [], chunk.rejectedCount),
        rowsCommitted: record.rowsCommitted + chunk.rows,
        chunks: record.chunks + 1,
        bytesStored: record.bytesStored + byteSize(chunk.columns),
        bytesRead: chunk.bytesRead,
      }
      await save(next, (tx) => tx.put('chunks', entry), false)
    },
    pause: (reason) => save({ ...record, state: 'paused', pausedBecause: reason }, async () => {}, true),
    async complete(end) {
      const next: DatasetRecord = {
        ...record,
        ...withRejected(end.rejected ?? [], end.rejectedCount),
        state: 'complete',
        hash: end.hash,
        columns: end.columns,
        source: end.source ?? record.source,
        bytesRead: end.bytesRead ?? record.bytesRead,
      }
      await save(next, (tx) => tx.put('profiles', { datasetId: id, projectId, profile: end.profile }), true)
      return next
    },
    discard: () => deleteDataset(store, id, token),
  }
}

/** @throws StudioError bad-data where there is none */
export async function datasetRecord(store: Store, datasetId: string): Promise<DatasetRecord> {
  const record = await store.read(['datasets'], (tx) => tx.get('datasets', datasetId))
  if (record) return record
  throw new StudioError({ code: 'bad-data', message: `missing dataset; it was deleted or never was on this device: ${datasetId.slice(0, 80)}` })
}

/** Imports of a project that were stopped or broken off, oldest first. */
export async function unfinishedDatasets(store: Store, projectId: string): Promise<DatasetRecord[]> {
  const all = await store.read(['datasets'], (tx) => tx.getAllOfProject('datasets', projectId))
  return all.filter((record) => record.state !== 'complete').sort((a, b) => a.createdAt - b.createdAt)
}

/** One committed row group, checked. @throws StudioError bad-data where it is missing or damaged */
export async function readChunk(store: Store, dataset: DatasetRecord, sequence: number): Promise<ChunkRecord> {
  return store.read(['chunks'], (tx) => chunkIn(tx, dataset, sequence))
}

async function chunkIn(tx: ReadTransaction, dataset: DatasetRecord, sequence: number): Promise<ChunkRecord> {
  const chunk = sequence < dataset.chunks ? await tx.get('chunks', [dataset.id, sequence]) : undefined
  if (!chunk) {
    throw new StudioError({
      code: 'bad-data',
      message: `missing rows; part ${sequence + 1} of ${dataset.chunks} of the data is not in storage: ${dataset.name.slice(0, 80)}`,
      hint: 'Import the file again; other datasets and runs are not affected.',
      details: { datasetId: dataset.id, sequence },
    })
  }
  checkChunk(chunk, dataset)
  return chunk
}

/**
 * Whole columns of a dataset, its committed chunks end to end.
 * @param columnNames default: all, in the file's order; otherwise in the order given
 * @param options.unfinished also read a dataset that is not complete
 * @throws StudioError bad-data where it is missing, unfinished or damaged, or has no such column
 */
export async function loadDataset(store: Store, datasetId: string, columnNames?: readonly string[], options: { readonly unfinished?: boolean } = {}): Promise<Dataset> {
  return store.read(['datasets', 'chunks'], async (tx) => {
    const record = await tx.get('datasets', datasetId)
    if (!record) throw new StudioError({ code: 'bad-data', message: `missing dataset; it was deleted or never was on this device: ${datasetId.slice(0, 80)}` })
    if (record.state !== 'complete' && !options.unfinished) {
      throw new StudioError({ code: 'bad-data', message: `invalid dataset; its import stopped at row ${record.rowsCommitted}: ${record.name.slice(0, 80)}`, hint: 'Resume or discard the import first.' })
    }
    const at = new Map(record.columns.map((column, index) => [column.name, index]))
    const wanted = (columnNames ?? record.columns.map((column) => column.name)).map((name) => {
      const index = at.get(name)
      if (index === undefined) {
        throw new StudioError({ code: 'bad-data', message: `missing column; not among the ${record.columns.length} columns of the data: ${name.slice(0, 200)}`, details: { column: name.slice(0, 200) } })
      }
      return { index, builder: startColumn(record.columns[index] as ColumnInfo, record.rowsCommitted) }
    })
    for (let sequence = 0; sequence < record.chunks; sequence++) {
      const chunk = await chunkIn(tx, record, sequence)
      for (const { index, builder } of wanted) builder.add(chunk.columns[index] as ChunkColumn, chunk.firstRow, chunk.rows)
    }
    const columns: Column[] = wanted.map(({ builder }) => builder.end())
    return { id: record.hash || record.id, name: record.name, rows: record.rowsCommitted, columns, source: record.source }
  })
}

/** Removes a dataset and all that belongs to it. @throws StudioError read-only, storage-lost */
export async function deleteDataset(store: Store, datasetId: string, token: number): Promise<void> {
  const record = await store.read(['datasets'], (tx) => tx.get('datasets', datasetId))
  if (!record) return
  await fencedWrite(
    store,
    record.projectId,
    token,
    ['datasets', 'chunks', 'profiles'],
    async (tx) => {
      await tx.delete('datasets', datasetId)
      await tx.delete('profiles', datasetId)
      await tx.delete('chunks', chunksOf(datasetId))
    },
    'strict',
  )
}
