/**
 * The reference profile: how each input was distributed in the training rows, and the answers on held-out
 * rows, in a few bins. The server compares what it is asked with it. Measure: the population stability index,
 * sum of (p - q) ln(p / q) over bins, missing values being one of them; 0 is equal, above 0.2 is usually called a drift.
 */
import { isValid } from '../data/column.ts'
import type { Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import { labelsOf } from '../data/target.ts'
import type { Prediction } from '../data/target.ts'
import { missingTime } from './encode.ts'
import type { Feed } from './encode.ts'
import { toBase64 } from './pictures.ts'
import { repeatsOf, rowKeys, shortKey } from '../data/row-keys.ts'
import type { Signature } from './signature.ts'

export interface ReferenceBins {
  /** Numbers and datetimes: ascending inner edges; bin b holds edges[b - 1] < x <= edges[b]. */
  readonly edges?: readonly number[]
  /** Categories with a bin of their own; one more bin is for all others. */
  readonly categories?: readonly string[]
  /** Share of each bin among all rows; the last is that of missing values. */
  readonly shares: readonly number[]
}
export interface OwnKeys {
  /** Hashes of 32 bits of the inputs of training rows, rising, little-endian, in base64. */
  readonly learnt: string
  /** The same of every other row of the data. */
  readonly others: string
  /** Share of all these rows that have an equal: so often a new one is found among them by chance. */
  readonly repeats: number
  /** In (0, 1]: of many rows only the smallest hashes are kept, about this share. */
  readonly kept: number
}
export interface ReferenceProfile {
  readonly version: 1
  readonly rows: number
  /** In the signature's order. */
  readonly inputs: readonly (ReferenceBins & { readonly name: string })[]
  /** Classes, or values in bins, as answered on held-out rows. */
  readonly answers: ReferenceBins & { readonly rows: number }
  /** The rows that the model was made from, told again by a hash: for whoever compares new rows and would take old ones for new. */
  readonly own?: OwnKeys
}

const mostBins = 10
/** Rows told again, 4 bytes each. */
const mostKeys = 50_000
const mostCategories = 30
/** Keeps an empty bin from making the index infinite. */
const floor = 1e-4

export const binCount = (bins: ReferenceBins): number => bins.shares.length

/** Bin of a number; NaN is missing. */
export function binOfNumber(bins: ReferenceBins, value: number): number {
  if (value !== value) return bins.shares.length - 1
  const edges = bins.edges ?? []
  let bin = 0
  while (bin < edges.length && value > (edges[bin] as number)) bin++
  return bin
}
const places = new WeakMap<ReferenceBins, ReadonlyMap<string, number>>()
/** Bin of a category; '' is missing. */
export function binOfText(bins: ReferenceBins, value: string): number {
  if (value === '') return bins.shares.length - 1
  let known = places.get(bins)
  if (!known) places.set(bins, (known = new Map((bins.categories ?? []).map((name, i) => [name, i]))))
  return known.get(value) ?? bins.shares.length - 2
}
/** Bin of a cell on its way into the graph. */
export function binOfFeed(bins: ReferenceBins, feed: Feed, row: number): number {
  if (feed.type === 'string') return binOfText(bins, feed.values[row] as string)
  if (feed.type === 'float') return binOfNumber(bins, feed.values[row] as number)
  const seconds = feed.values[row] as bigint
  return binOfNumber(bins, seconds === missingTime ? Number.NaN : Number(seconds))
}

/** @param counts shape (bins) @param rows of the reference, where its few rows leave bins empty by chance, too */
export function stabilityIndex(bins: ReferenceBins, counts: ArrayLike<number>, rows = Number.POSITIVE_INFINITY): number {
  let total = 0
  for (let b = 0; b < bins.shares.length; b++) total += counts[b] as number
  let index = 0
  for (let b = 0; b < bins.shares.length; b++) {
    const p = Math.max(floor, rows === Number.POSITIVE_INFINITY ? 0 : 0.5 / total, (counts[b] as number) / total)
    const q = Math.max(floor, 0.5 / rows, bins.shares[b] as number)
    index += (p - q) * Math.log(p / q)
  }
  return index
}

/** Bins of about equal share. @param values NaN where missing */
export function numberBins(values: ArrayLike<number>): ReferenceBins {
  const sorted = Float64Array.from(Array.from(values).filter((value) => value === value)).sort()
  const edges: number[] = []
  for (let b = 1; b < mostBins && sorted.length > 0; b++) {
    const edge = sorted[Math.ceil((b * sorted.length) / mostBins) - 1] as number
    // The largest value is no inner edge: nothing would lie above it.
    if (edge < (sorted.at(-1) as number) && edge > (edges.at(-1) ?? Number.NEGATIVE_INFINITY)) edges.push(edge)
  }
  return counted({ edges, shares: new Array<number>(edges.length + 2).fill(0) }, values.length, (bins, i) => binOfNumber(bins, values[i] as number))
}
/** @param texts '' where missing */
export function textBins(texts: readonly string[]): ReferenceBins {
  const counts = new Map<string, number>()
  for (const text of texts) if (text !== '') counts.set(text, (counts.get(text) ?? 0) + 1)
  const categories = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, mostCategories).map(([name]) => name)
  return counted({ categories, shares: new Array<number>(categories.length + 2).fill(0) }, texts.length, (bins, i) => binOfText(bins, texts[i] as string))
}
function counted(bins: ReferenceBins, rows: number, binAt: (bins: ReferenceBins, row: number) => number): ReferenceBins {
  const counts = new Float64Array(bins.shares.length)
  for (let i = 0; i < rows; i++) {
    const bin = binAt(bins, i)
    counts[bin] = (counts[bin] as number) + 1
  }
  return { ...bins, shares: Array.from(counts, (count) => (rows === 0 ? 0 : count / rows)) }
}

function binsOfColumn(column: Column, rows: ArrayLike<number>): ReferenceBins {
  // Pictures have no bins: one for all of them, so that they never drift by themselves.
  if (column.kind === 'image') return { categories: [], shares: [1, 0] }
  if (column.kind === 'categorical') return textBins(Array.from(rows, (row) => (isValid(column, row) ? (column.dictionary[column.codes[row] as number] as string) : '')))
  // Numbers are rounded as they will be on their way into the graph.
  const at = (row: number): number => (column.kind === 'datetime' ? (column.seconds[row] as number) : column.kind === 'numeric' || column.kind === 'boolean' ? Math.fround(column.values[row] as number) : Number.NaN)
  return numberBins(Float64Array.from(rows, (row) => (isValid(column, row) ? at(row) : Number.NaN)))
}

/**
 * @param rows training row numbers
 * @param heldOut answers on rows that training did not see
 */
export function referenceProfile(signature: Signature, columns: readonly Column[], rows: ArrayLike<number>, heldOut: Prediction): ReferenceProfile {
  const inputs = signature.inputs.map(({ name }) => ({ name, ...binsOfColumn(columnNamed({ columns }, name), rows) }))
  const answers = heldOut.task === 'regression' ? numberBins(heldOut.values) : textBins(Array.from(labelsOf(heldOut, signature.threshold), (code) => signature.classes[code] as string))
  const own = ownKeys(signature.inputs.map(({ name }) => columnNamed({ columns }, name)), rows)
  return { version: 1, rows: rows.length, inputs, ...(own && { own }), answers: { ...answers, rows: heldOut.task === 'regression' ? heldOut.values.length : heldOut.probabilities.length / heldOut.classes.length } }
}

/** Of pictures there is none: their cells never leave the studio. */
function ownKeys(inputs: readonly Column[], rows: ArrayLike<number>): OwnKeys | undefined {
  if (inputs.some(({ kind }) => kind === 'image')) return undefined
  const all = rowKeys(inputs, Uint32Array.from({ length: inputs[0]?.length ?? 0 }, (_, i) => i))
  const isLearnt = new Uint8Array(all.length)
  for (let i = 0; i < rows.length; i++) isLearnt[rows[i] as number] = 1
  const short = Uint32Array.from(all, shortKey)
  const limit = short.length <= mostKeys ? Number.POSITIVE_INFINITY : (short.toSorted()[mostKeys] as number)
  const packed = (learnt: number): string => {
    const kept = short.filter((key, row) => isLearnt[row] === learnt && key < limit).sort()
    return toBase64(new Uint8Array(kept.buffer))
  }
  return { learnt: packed(1), others: packed(0), repeats: repeatsOf(all.toSorted()), kept: Math.min(1, limit / 2 ** 32) }
}
