/**
 * Quantile bins of a feature: at most 255 for values, and one for missing. A numeric bin is the number
 * of thresholds below the value, so `value <= threshold[k]` in float32 says exactly `bin <= k`, for
 * every value, seen or not.
 */
import type { Feature } from '../../data/matrix.ts'
import { sorted } from '../../../kernels/sort.ts'
import { thresholdsOf } from '../../../kernels/thresholds.ts'

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
  return { kind: 'numeric', thresholds: thresholdsOf(sorted(present.subarray(0, n)), maxBins), missing: n < rows.length }
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
