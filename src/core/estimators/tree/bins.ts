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
  const starts: number[] = []
  for (let i = 0; i < n; i++) if (i === 0 || ordered[i] !== ordered[i - 1]) starts.push(i)
  const edgeAfter = (group: number): number => thresholdBetween(ordered[starts[group] as number] as number, ordered[starts[group + 1] as number] as number)
  const thresholds: number[] = []
  if (starts.length <= maxBins) {
    for (let group = 0; group + 1 < starts.length; group++) thresholds.push(edgeAfter(group))
  } else {
    const sizeOf = (group: number): number => (starts[group + 1] ?? n) - (starts[group] as number)
    let heavy = 0
    let lightRows = 0
    for (let group = 0; group < starts.length; group++) {
      if (sizeOf(group) >= n / maxBins) heavy++
      else lightRows += sizeOf(group)
    }
    const isHeavy = (group: number): boolean => sizeOf(group) >= n / maxBins
    let lightBins = Math.max(1, maxBins - heavy)
    let share = lightRows / lightBins
    let inBin = 0
    let left = lightRows
    for (let group = 0; group + 1 < starts.length && thresholds.length < maxBins - 1; group++) {
      inBin += sizeOf(group)
      if (!isHeavy(group)) left -= sizeOf(group)
      if (!isHeavy(group) && inBin < share && !(isHeavy(group + 1) && inBin >= share / 2)) continue
      thresholds.push(edgeAfter(group))
      inBin = 0
      if (!isHeavy(group)) {
        lightBins = Math.max(1, lightBins - 1)
        share = left / lightBins
      }
    }
  }
  return { kind: 'numeric', thresholds: Float32Array.from(thresholds), missing: n < rows.length }
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
