/**
 * The profile of a dataset, one column at a time so that memory stays bounded: exact counts, quantiles
 * as numpy's default (linear interpolation), duplicate rows by a 64-bit hash of each row (odds of a false
 * pair among a million rows: 3 in 10^8).
 */
import { createByteDictionary, hashBytes } from '../ingest/cell-set.ts'
import type { Column, TextColumn } from './column.ts'
import { columnInfo, type ColumnInfo } from './dataset.ts'
import { datasetHash, valuesDigest } from './content-hash.ts'
import type { ColumnProfile, ColumnWarning, Histogram, Profile } from './profile.ts'

/** Distinct texts are counted exactly up to here. */
export const distinctLimit = 1_000_000
const topCount = 20
const most = 30
const mostlyMissingShare = 0.5
const manyCategories = 50
const fewRows = 20

type Numbers = NonNullable<ColumnProfile['numbers']>

/** Linear interpolation between closest ranks, rounded as numpy rounds. @param sorted ascending, not empty */
export function quantileOf(sorted: Float64Array, q: number): number {
  const place = q * (sorted.length - 1)
  const below = Math.floor(place)
  const t = place - below
  const a = sorted[below] as number
  const b = sorted[Math.min(below + 1, sorted.length - 1)] as number
  return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t)
}

function countBelow(sorted: Float64Array, edge: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < edge) low = middle + 1
    else high = middle
  }
  return low
}

/** At most 30 bins from least to greatest; whole numbers in a short range get a bin each. The last bin holds its upper edge. */
export function histogramOf(sorted: Float64Array, whole: boolean): Histogram {
  const min = sorted[0] as number
  const max = sorted[sorted.length - 1] as number
  const edges: number[] = []
  if (min === max) edges.push(min - 0.5, min + 0.5)
  else if (whole && max - min < most) for (let edge = min - 0.5; edge <= max + 0.5; edge++) edges.push(edge)
  else {
    const bins = Math.max(5, Math.min(most, Math.ceil(Math.sqrt(sorted.length))))
    // The range of finite numbers may be infinite; otherwise it is used, which keeps edges in order to the last bit.
    const range = max - min
    const edgeAt = (t: number): number => (Number.isFinite(range) ? min + range * t : min * (1 - t) + max * t)
    for (let i = 0; i <= bins; i++) edges.push(i === bins ? max : edgeAt(i / bins))
  }
  const counts = edges.slice(1).map((edge, i) => (i === edges.length - 2 ? sorted.length : countBelow(sorted, edge)) - (i === 0 ? 0 : countBelow(sorted, edges[i] as number)))
  return { edges, counts }
}

function numbersOf(values: Float64Array, validity: Uint8Array, whole: boolean): { numbers: Numbers | undefined; distinct: number; sorted: Float64Array } {
  const sorted = new Float64Array(values.length)
  let n = 0
  for (let row = 0; row < values.length; row++) if ((((validity[row >> 3] as number) >> (row & 7)) & 1) === 1) sorted[n++] = values[row] as number
  const kept = sorted.subarray(0, n)
  if (n === 0) return { numbers: undefined, distinct: 0, sorted: kept }
  // Neumaier's sum, so that the mean does not depend on the order of magnitude of what came before.
  let sum = 0
  let carry = 0
  let zeros = 0
  for (let i = 0; i < n; i++) {
    const value = kept[i] as number
    const next = sum + value
    carry += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
    if (value === 0) zeros++
  }
  const total = sum + carry
  const mean = Number.isFinite(total) ? total / n : kept.reduce((part, value) => part + value / n, 0)
  let squares = 0
  for (let i = 0; i < n; i++) squares += ((kept[i] as number) - mean) ** 2
  let sd = Math.sqrt(squares / n)
  if (!Number.isFinite(sd)) {
    const scale = kept.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
    sd = scale * Math.sqrt(kept.reduce((sum, value) => sum + (value / scale - mean / scale) ** 2, 0) / n)
  }
  kept.sort()
  let distinct = 1
  for (let i = 1; i < n; i++) if (kept[i] !== kept[i - 1]) distinct++
  const [a, b, c, d, e, f, g] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99].map((q) => quantileOf(kept, q)) as [number, number, number, number, number, number, number]
  return {
    numbers: { min: kept[0] as number, max: kept[n - 1] as number, mean, sd, zeros, quantiles: [a, b, c, d, e, f, g], histogram: histogramOf(kept, whole) },
    distinct,
    sorted: kept,
  }
}

type Top = { readonly value: string; readonly count: number }[]
/** Most frequent first, then in order of appearance. */
function topOf(counts: ArrayLike<number>, size: number, textOf: (code: number) => string): Top {
  const codes: number[] = []
  for (let code = 0; code < size; code++) {
    const count = counts[code] as number
    if (count === 0) continue
    if (codes.length === topCount && (counts[codes[topCount - 1] as number] as number) >= count) continue
    let at = codes.length
    while (at > 0 && (counts[codes[at - 1] as number] as number) < count) at--
    codes.splice(at, 0, code)
    if (codes.length > topCount) codes.pop()
  }
  return codes.map((code) => ({ value: textOf(code), count: counts[code] as number }))
}

function textsOf(column: TextColumn): { top: Top; distinct: number; exact: boolean; lengths: ColumnProfile['lengths'] } {
  const dictionary = createByteDictionary()
  let counts = new Uint32Array(1024)
  let exact = true
  let min = Number.POSITIVE_INFINITY
  let max = 0
  let total = 0
  let n = 0
  const { bytes, offsets, validity } = column
  for (let row = 0; row < column.length; row++) {
    if ((((validity[row >> 3] as number) >> (row & 7)) & 1) === 0) continue
    const from = offsets[row] as number
    const to = offsets[row + 1] as number
    let characters = 0
    for (let i = from; i < to; i++) if (((bytes[i] as number) & 0xc0) !== 0x80) characters++
    if (characters < min) min = characters
    if (characters > max) max = characters
    total += characters
    n++
    if (dictionary.size >= distinctLimit) {
      exact = false
      continue
    }
    const code = dictionary.codeOf(bytes, from, to)
    if (code >= counts.length) {
      const larger = new Uint32Array(counts.length * 2)
      larger.set(counts)
      counts = larger
    }
    counts[code] = (counts[code] as number) + 1
  }
  return {
    top: topOf(counts, dictionary.size, (code) => dictionary.textOf(code)),
    distinct: dictionary.size,
    exact,
    lengths: n === 0 ? undefined : { min, max, mean: total / n },
  }
}

/** Folds a column's values into two 32-bit hashes a row. */
function mixRows(column: Column, low: Uint32Array, high: Uint32Array): void {
  const words =
    column.kind === 'numeric' ? new Uint32Array(column.values.buffer, column.values.byteOffset, column.length * 2) : column.kind === 'datetime' ? new Uint32Array(column.seconds.buffer, column.seconds.byteOffset, column.length * 2) : undefined
  const codes = column.kind === 'categorical' ? column.codes : column.kind === 'boolean' ? column.values : undefined
  const text = column.kind === 'text' || column.kind === 'id' || column.kind === 'image' ? column : undefined
  for (let row = 0; row < column.length; row++) {
    const valid = ((column.validity[row >> 3] as number) >> (row & 7)) & 1
    let a = 0x5bd1e995
    let b = valid
    if (valid === 1) {
      if (words) {
        a = words[row * 2] as number
        b = (words[row * 2 + 1] as number) ^ 1
      } else if (codes) a = codes[row] as number
      else if (text) a = hashBytes(text.bytes, text.offsets[row] as number, text.offsets[row + 1] as number)
    }
    let h = Math.imul((low[row] as number) ^ a, 0x9e3779b1) ^ b
    h = Math.imul(h ^ (h >>> 15), 0x85ebca6b)
    low[row] = h ^ (h >>> 13)
    let g = Math.imul((high[row] as number) ^ b, 0xc2b2ae35) ^ a
    g = Math.imul(g ^ (g >>> 16), 0x27d4eb2f)
    high[row] = g ^ (g >>> 15)
  }
}
function duplicatesOf(low: Uint32Array, high: Uint32Array): number {
  let capacity = 16
  while (capacity < low.length * 2) capacity *= 2
  const table = new Int32Array(capacity).fill(-1)
  let duplicates = 0
  for (let row = 0; row < low.length; row++) {
    let slot = ((low[row] as number) ^ (high[row] as number)) & (capacity - 1)
    for (;;) {
      const other = table[slot] as number
      if (other < 0) {
        table[slot] = row
        break
      }
      if (low[other] === low[row] && high[other] === high[row]) {
        duplicates++
        break
      }
      slot = (slot + 1) & (capacity - 1)
    }
  }
  return duplicates
}

/** Statistics of one column; the duplicate warning needs the others and is added by the profiler. */
export function profileColumn(column: Column, reason: string): ColumnProfile {
  const info = columnInfo(column)
  const count = column.length - info.missing
  const base = { name: column.name, kind: column.kind, reason, count, missing: info.missing }
  const warnings: ColumnWarning[] = []
  let profile: Omit<ColumnProfile, 'warnings'>
  let consecutive = false
  switch (column.kind) {
    case 'numeric':
    case 'datetime': {
      const { numbers, distinct, sorted } = numbersOf(column.kind === 'numeric' ? column.values : column.seconds, column.validity, column.kind === 'numeric' && column.integer)
      consecutive = column.kind === 'numeric' && column.integer && distinct === count && (sorted[count - 1] as number) - (sorted[0] as number) === count - 1
      profile = { ...base, distinct, distinctIsExact: true, ...(numbers ? { numbers } : {}) }
      break
    }
    case 'categorical': {
      const counts = new Uint32Array(column.dictionary.length)
      for (const code of column.codes) if (code >= 0) counts[code] = (counts[code] as number) + 1
      const distinct = counts.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0)
      profile = { ...base, distinct, distinctIsExact: true, top: topOf(counts, counts.length, (code) => column.dictionary[code] as string) }
      break
    }
    case 'boolean': {
      let yes = 0
      for (const value of column.values) yes += value
      const counts = [count - yes, yes]
      profile = { ...base, distinct: counts.filter((value) => value > 0).length, distinctIsExact: true, top: topOf(counts, 2, (code) => column.labels[code] as string) }
      break
    }
    case 'image': {
      // Hashes: only how many differ says anything.
      const { distinct, exact } = textsOf(column)
      profile = { ...base, distinct, distinctIsExact: exact }
      break
    }
    case 'text':
    case 'id': {
      const { top, distinct, exact, lengths } = textsOf(column)
      profile = { ...base, distinct, distinctIsExact: exact, top, ...(lengths ? { lengths } : {}) }
    }
  }
  const { distinct } = profile
  if (count > 0 && distinct === 1) warnings.push({ code: 'constant' })
  if (column.length > 0 && info.missing > mostlyMissingShare * column.length) warnings.push({ code: 'mostly-missing', share: info.missing / column.length })
  const allDiffer = distinct === count && count >= fewRows
  if (column.kind === 'id' || (allDiffer && (consecutive || column.kind === 'categorical' || column.kind === 'text'))) warnings.push({ code: 'id-like', distinct })
  else if (column.kind === 'categorical' && distinct > manyCategories) warnings.push({ code: 'many-categories', distinct })
  return { ...profile, warnings }
}

export interface Profiler {
  /** Columns in the data's order. @param reason why the column has its kind */
  add(column: Column, reason: string): void
  /** The profile, the content hash and what forms need to know of each column. */
  end(): Promise<{ readonly profile: Profile; readonly hash: string; readonly columns: readonly ColumnInfo[] }>
}

export function createProfiler(rows: number): Profiler {
  const low = new Uint32Array(rows)
  const high = new Uint32Array(rows)
  const profiles: ColumnProfile[] = []
  const columns: ColumnInfo[] = []
  const digests: Promise<string>[] = []
  return {
    add(column, reason) {
      // The browser hashes beside us while the statistics are made.
      digests.push(valuesDigest(column))
      mixRows(column, low, high)
      columns.push(columnInfo(column))
      profiles.push(profileColumn(column, reason))
    },
    async end() {
      const values = await Promise.all(digests)
      const firstWith = new Map<string, string>()
      const complete = profiles.map((profile, i): ColumnProfile => {
        const digest = values[i] as string
        const of = firstWith.get(digest)
        if (of === undefined) firstWith.set(digest, profile.name)
        return of === undefined || profile.count === 0 ? profile : { ...profile, warnings: [...profile.warnings, { code: 'duplicate', of }] }
      })
      const hash = await datasetHash(rows, columns.map(({ name }, i) => ({ name, digest: values[i] as string })))
      return { profile: { version: 1, rows, duplicateRows: rows === 0 ? 0 : duplicatesOf(low, high), columns: complete }, hash, columns }
    },
  }
}

/** Of columns that are all in memory. @param reasons why each has its kind; default: none given */
export async function profileOf(columns: readonly Column[], rows: number, reasons: readonly string[] = []): ReturnType<Profiler['end']> {
  const profiler = createProfiler(rows)
  columns.forEach((column, i) => profiler.add(column, reasons[i] ?? ''))
  return profiler.end()
}

