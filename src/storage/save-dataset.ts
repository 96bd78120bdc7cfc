/** A dataset that is in memory, as committed chunks: for derived data, imports and tests. */
import type { Column } from '../core/data/column.ts'
import { columnInfo, type Dataset } from '../core/data/dataset.ts'
import type { Profile } from '../core/data/profile.ts'
import type { ParseOptions, RejectedRow } from '../core/ingest/options.ts'
import { createDatasetWriter } from './datasets.ts'
import type { Store } from './port.ts'
import type { ChunkColumn, DatasetRecord } from './records.ts'

const plainOptions: ParseOptions = { encoding: 'utf-8', delimiter: ',', quote: '"', decimal: '.', header: true, missing: [] }
const targetBytes = 4_000_000

/** Categories of codes not seen in earlier rows. The dictionary is in order of appearance, so these are the next ones. */
export function sliceOf(column: Column, from: number, to: number, known: number): { chunk: ChunkColumn; known: number } {
  const base = { kind: column.kind, validity: column.validity.slice(from >> 3, (to + 7) >> 3) }
  switch (column.kind) {
    case 'numeric':
    case 'boolean':
      return { chunk: { ...base, values: column.values.slice(from, to) }, known }
    case 'datetime':
      return { chunk: { ...base, values: column.seconds.slice(from, to) }, known }
    case 'categorical': {
      const values = column.codes.slice(from, to)
      // The last chunk also takes categories that no row has, so that a dictionary survives whole.
      let next = to === column.length ? column.dictionary.length : known
      for (const code of values) if (code >= next) next = code + 1
      return { chunk: { ...base, values, newCategories: column.dictionary.slice(known, next) }, known: next }
    }
    case 'text':
    case 'id':
    case 'image': {
      const start = column.offsets[from] as number
      const offsets = column.offsets.slice(from, to + 1).map((offset) => offset - start)
      return { chunk: { ...base, values: column.bytes.slice(start, column.offsets[to]), offsets }, known }
    }
  }
}

/** Columns in row groups of about 4 MB, each but the last a multiple of 8 rows. */
export function* chunksFrom(columns: readonly Column[], rows: number, chunkRows?: number): Generator<{ firstRow: number; rows: number; columns: ChunkColumn[] }> {
  const bytes = columns.reduce((sum, column) => sum + (column.kind === 'text' || column.kind === 'id' || column.kind === 'image' ? column.bytes.length + 4 * rows : 8 * rows), 0)
  const step = chunkRows ?? Math.max(8, Math.floor((rows * targetBytes) / Math.max(bytes, 1) / 8) * 8)
  const known = columns.map(() => 0)
  for (let from = 0; from < rows; from += step) {
    const to = Math.min(rows, from + step)
    yield {
      firstRow: from,
      rows: to - from,
      columns: columns.map((column, index) => {
        const part = sliceOf(column, from, to, known[index] as number)
        known[index] = part.known
        return part.chunk
      }),
    }
  }
}

export interface SaveOptions {
  readonly projectId: string
  readonly token: number
  readonly profile: Profile
  readonly options?: ParseOptions
  readonly rejected?: readonly RejectedRow[]
  /** Rows a chunk, a multiple of 8; default: about 4 MB. */
  readonly chunkRows?: number
  readonly checkpoint?: () => Promise<void>
}

/** @throws StudioError storage-full, storage-lost, read-only; nothing of it then stays */
export async function saveDataset(store: Store, dataset: Dataset, options: SaveOptions): Promise<DatasetRecord> {
  const columns = dataset.columns.map(columnInfo)
  const writer = await createDatasetWriter(store, { projectId: options.projectId, token: options.token, name: dataset.name, source: dataset.source, options: options.options ?? plainOptions, columns })
  try {
    for (const part of chunksFrom(dataset.columns, dataset.rows, options.chunkRows)) {
      await options.checkpoint?.()
      await writer.append({ rows: part.rows, columns: part.columns, bytesRead: dataset.source.bytes })
    }
    return await writer.complete({ hash: dataset.id, columns, profile: options.profile, rejected: options.rejected ?? [] })
  } catch (error) {
    await writer.discard().catch(() => {})
    throw error
  }
}
