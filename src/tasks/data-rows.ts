/** A window of cells for the grid, from committed chunks only; the ones used last stay in memory. */
import type { Cell } from '../core/data/column.ts'
import { cellAt, type Column } from '../core/data/column.ts'
import type { ColumnInfo } from '../core/data/dataset.ts'
import { rowsOfSlice, type Condition } from '../core/evaluate/slice.ts'
import { canonicalJson } from '../core/ids.ts'
import { datasetRecord, loadDataset, readChunk } from '../storage/datasets.ts'
import type { Store } from '../storage/port.ts'
import type { ChunkRecord, DatasetRecord } from '../storage/records.ts'
import type { TaskHandler } from './task.ts'

const keptChunks = 12
const keptFilters = 4
const most = 2_000

/** Kept per store, so that two stores (tests, a reopened one) never mix. */
interface Cache {
  readonly chunks: Map<string, ChunkRecord>
  readonly filters: Map<string, Uint32Array>
  /** First rows of chunks seen, by dataset. */
  readonly starts: Map<string, Map<number, number>>
}
const caches = new WeakMap<Store, Cache>()
function cacheOf(store: Store): Cache {
  let cache = caches.get(store)
  if (!cache) caches.set(store, (cache = { chunks: new Map(), filters: new Map(), starts: new Map() }))
  return cache
}
function remember<T>(map: Map<string, T>, key: string, value: T, limit: number): T {
  map.delete(key)
  map.set(key, value)
  if (map.size > limit) map.delete(map.keys().next().value as string)
  return value
}

async function chunkNumber(store: Store, dataset: DatasetRecord, sequence: number): Promise<ChunkRecord> {
  const cache = cacheOf(store)
  const key = `${dataset.id}/${sequence}`
  const chunk = remember(cache.chunks, key, cache.chunks.get(key) ?? (await readChunk(store, dataset, sequence)), keptChunks)
  let starts = cache.starts.get(dataset.id)
  if (!starts) cache.starts.set(dataset.id, (starts = new Map()))
  starts.set(sequence, chunk.firstRow)
  return chunk
}

/** Chunks are of similar size: guess, look, and walk from there. */
async function chunkOf(store: Store, dataset: DatasetRecord, row: number): Promise<ChunkRecord> {
  let sequence = Math.min(dataset.chunks - 1, Math.floor((row / dataset.rowsCommitted) * dataset.chunks))
  const starts = cacheOf(store).starts.get(dataset.id)
  if (starts) for (const [known, first] of starts) if (first <= row && (first > (starts.get(sequence) ?? -1) || (starts.get(sequence) ?? 0) > row)) sequence = known
  for (;;) {
    const chunk = await chunkNumber(store, dataset, sequence)
    if (row < chunk.firstRow) sequence--
    else if (row >= chunk.firstRow + chunk.rows) sequence++
    else return chunk
  }
}

/** A stored chunk's column, seen as a column. */
function view(info: ColumnInfo, chunk: ChunkRecord, index: number, categories: readonly string[]): Column {
  const stored = chunk.columns[index] as ChunkRecord['columns'][number]
  const base = { name: info.name, length: chunk.rows, validity: stored.validity }
  switch (info.kind) {
    case 'numeric':
      return { ...base, kind: 'numeric', values: stored.values as Float64Array, integer: info.integer ?? false, ...(info.layout === undefined ? {} : { layout: info.layout }) }
    case 'datetime':
      return { ...base, kind: 'datetime', seconds: stored.values as Float64Array, layout: info.layout ?? 'epoch-seconds' }
    case 'boolean':
      return { ...base, kind: 'boolean', values: stored.values as Uint8Array, labels: [info.categories?.[0] ?? 'false', info.categories?.[1] ?? 'true'] }
    case 'categorical':
      return { ...base, kind: 'categorical', codes: stored.values as Int32Array, dictionary: categories }
    case 'text':
    case 'id':
    case 'image':
      return { ...base, kind: info.kind, bytes: stored.values as Uint8Array, offsets: stored.offsets as Uint32Array }
  }
}

/** Names of codes: known at once for a complete dataset, collected from the chunks for an unfinished one. */
async function categoriesOf(store: Store, dataset: DatasetRecord): Promise<readonly (readonly string[])[]> {
  if (dataset.state === 'complete') return dataset.columns.map((column) => column.categories ?? [])
  const names: string[][] = dataset.columns.map(() => [])
  for (let sequence = 0; sequence < dataset.chunks; sequence++) {
    const chunk = await chunkNumber(store, dataset, sequence)
    chunk.columns.forEach((column, i) => {
      for (const category of column.newCategories ?? []) (names[i] as string[]).push(category)
    })
  }
  return names
}

async function matching(store: Store, dataset: DatasetRecord, conditions: readonly Condition[]): Promise<Uint32Array> {
  const cache = cacheOf(store)
  const key = canonicalJson([dataset.id, dataset.rowsCommitted, conditions])
  const known = cache.filters.get(key)
  if (known) return remember(cache.filters, key, known, keptFilters)
  const names = [...new Set(conditions.map((condition) => condition.column))]
  const loaded = await loadDataset(store, dataset.id, names, { unfinished: true })
  return remember(cache.filters, key, rowsOfSlice(loaded, conditions), keptFilters)
}

export const dataRows: TaskHandler<'data/rows'> = async ({ datasetId, start, count, conditions, rowNumbers }, { store, context }) => {
  const dataset = await datasetRecord(store, datasetId)
  const filter = rowNumbers ?? (conditions && conditions.length > 0 ? await matching(store, dataset, conditions) : undefined)
  const total = filter ? filter.length : dataset.rowsCommitted
  const from = Math.max(0, Math.min(Math.floor(start), total))
  const to = Math.min(total, from + Math.max(0, Math.min(Math.floor(count), most)))
  const categories = await categoriesOf(store, dataset)
  const numbers: number[] = []
  const cells: Cell[][] = []
  let chunk: ChunkRecord | undefined
  let columns: Column[] = []
  for (let i = from; i < to; i++) {
    const row = filter ? (filter[i] as number) : i
    if (!(row >= 0 && row < dataset.rowsCommitted)) continue
    if (!chunk || row < chunk.firstRow || row >= chunk.firstRow + chunk.rows) {
      await context.checkpoint()
      const found = await chunkOf(store, dataset, row)
      chunk = found
      columns = dataset.columns.map((info, index) => view(info, found, index, categories[index] as readonly string[]))
    }
    const at = row - chunk.firstRow
    numbers.push(row)
    cells.push(columns.map((column) => cellAt(column, at)))
  }
  return { total, rowNumbers: numbers, cells }
}
