/**
 * Quantile bins of a feature: at most 255 for values, and one for missing. A numeric bin is the number
 * of thresholds below the value, so `value <= threshold[k]` in float32 says exactly `bin <= k`, for
 * every value, seen or not.
 *
 * Source: Ke et al. 2017 (LightGBM), section 2, and its greedy bin finder: a value that alone would
 * fill a bin gets one to itself, the others share the rest evenly.
 */
import type { Feature } from '../../data/matrix.ts'
import { sorted } from './sort.ts'

export interface NumericBins {
  readonly kind: 'numeric'
  /** Ascending, float32; one fewer than there are bins. */
  readonly thresholds: Float32Array
  readonly missing: boolean
}
export interface CategoryBins {
  readonly kind: 'categorical'
  readonly bins: number
  /** Shape (categories): the bin of a code; 255 where no training row has it, which counts as missing. */
  readonly binOfCode: Uint8Array
  readonly missing: boolean
}
export type Bins = NumericBins | CategoryBins

/** A float32 t with a <= t < b, halfway where that exists. */
export function thresholdBetween(a: number, b: number): number {
  const middle = Math.fround(a / 2 + b / 2)
  return middle >= a && middle < b ? middle : a
}

/** @param rows the rows that may be looked at, or a sample of them; @param maxBins in [2, 255] */
export function findBins(feature: Feature, rows: Uint32Array, maxBins: number): Bins {
  return feature.categories ? categoryBins(feature, feature.categories.length, rows, maxBins) : numericBins(feature, rows, maxBins)
}

function numericBins(feature: Feature, rows: Uint32Array, maxBins: number): NumericBins {
  const present = new Float32Array(rows.length)
  let n = 0
  for (let i = 0; i < rows.length; i++) {
    const x = feature.values[rows[i] as number] as number
    if (x === x) present[n++] = x
  }
  const ordered = sorted(present.subarray(0, n))
  // Groups of equal values: group k is ordered[starts[k] .. starts[k + 1]).
  const starts = new Uint32Array(n + 1)
  let groups = 0
  for (let i = 0; i < n; i++) if (i === 0 || ordered[i] !== ordered[i - 1]) starts[groups++] = i
  starts[groups] = n
  const edges = groups <= maxBins ? Uint32Array.from({ length: Math.max(0, groups - 1) }, (_, group) => group) : evenEdges(starts, groups, n, maxBins)
  const thresholds = Float32Array.from(edges, (group) => thresholdBetween(ordered[starts[group] as number] as number, ordered[starts[group + 1] as number] as number))
  return { kind: 'numeric', thresholds, missing: n < rows.length }
}

/** The groups after which a bin ends, for more groups than bins. */
function evenEdges(starts: Uint32Array, groups: number, n: number, maxBins: number): number[] {
  const heavyRows = n / maxBins
  let lightBins = maxBins
  let lightRows = n
  for (let group = 0; group < groups; group++) {
    const size = (starts[group + 1] as number) - (starts[group] as number)
    if (size < heavyRows) continue
    lightBins--
    lightRows -= size
  }
  let share = lightRows / Math.max(1, lightBins)
  const edges: number[] = []
  let inBin = 0
  for (let group = 0; group + 1 < groups && edges.length < maxBins - 1; group++) {
    const size = (starts[group + 1] as number) - (starts[group] as number)
    const heavy = size >= heavyRows
    const nextHeavy = (starts[group + 2] as number) - (starts[group + 1] as number) >= heavyRows
    inBin += size
    if (!heavy) lightRows -= size
    if (!heavy && inBin < share && !(nextHeavy && inBin >= share / 2)) continue
    edges.push(group)
    inBin = 0
    if (heavy) continue
    // What rounding gave to this bin is taken from the ones that follow.
    lightBins--
    share = lightRows / Math.max(1, lightBins)
  }
  return edges
}

/** The most frequent categories get bins of their own; where there are too many, the rarest share the last. */
function categoryBins(feature: Feature, categories: number, rows: Uint32Array, maxBins: number): CategoryBins {
  const counts = new Uint32Array(categories)
  let missing = false
  for (let i = 0; i < rows.length; i++) {
    const code = feature.values[rows[i] as number] as number
    if (code >= 0 && code < categories) counts[code] = (counts[code] as number) + 1
    else missing = true
  }
  const seen = Array.from(counts.keys()).filter((code) => counts[code] !== 0)
  const ranked = seen.length <= maxBins ? seen : seen.sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b)
  const binOfCode = new Uint8Array(categories).fill(255)
  ranked.forEach((code, rank) => (binOfCode[code] = Math.min(rank, maxBins - 1)))
  return { kind: 'categorical', bins: Math.min(ranked.length, maxBins), binOfCode, missing }
}
