/** Actual against predicted, and how actual - predicted spreads. */
import { createRng, shuffle } from '../math/rng.ts'
import type { Sample } from '../metrics/sample.ts'
import type { Residuals } from './evaluation.ts'
import { quantile } from './bootstrap.ts'

const limit = 2000
const mostWorst = 200

/** A seeded sample of positions in rising order: all where there are few enough. */
export function samplePositions(rows: number, seed: number, most: number): Uint32Array {
  const positions = Uint32Array.from({ length: rows }, (_, i) => i)
  if (rows <= most) return positions
  return shuffle(positions, createRng(seed).fork('sample')).slice(0, most).sort()
}

/** @param rows dataset row numbers of the sample's rows */
export function residualsOf(sample: Sample, rows: Uint32Array, seed: number): Residuals {
  const { actual, predicted } = sample.values
  const keep = samplePositions(sample.rows, seed, limit)
  const { order } = sample.byError()
  const worst = Array.from({ length: Math.min(mostWorst, order.length) }, (_, i) => order[order.length - 1 - i] as number)
  const differences = actual.map((value, i) => value - (predicted[i] as number)).sort()
  return {
    row: Array.from(keep, (i) => rows[i] as number),
    actual: Array.from(keep, (i) => actual[i] as number),
    predicted: Array.from(keep, (i) => predicted[i] as number),
    sampledFrom: sample.rows,
    worst: {
      row: worst.map((i) => rows[i] as number),
      actual: worst.map((i) => actual[i] as number),
      predicted: worst.map((i) => predicted[i] as number),
    },
    histogram: histogramOf(differences),
  }
}

/** Uniform bins over [min, max], as many as Freedman & Diaconis ask, 1 to 60. @param sorted rising */
export function histogramOf(sorted: Float64Array): { edges: number[]; counts: number[] } {
  const n = sorted.length
  const low = sorted[0]
  const high = sorted[n - 1]
  if (low === undefined || high === undefined || !Number.isFinite(low) || !Number.isFinite(high)) return { edges: [], counts: [] }
  if (low === high) return { edges: [low, high], counts: [n] }
  const width = (2 * (quantile(sorted, 0.75) - quantile(sorted, 0.25))) / Math.cbrt(n)
  const wanted = width > 0 ? Math.ceil((high - low) / width) : 30
  const bins = Math.min(60, Math.max(1, wanted))
  const counts = new Array<number>(bins).fill(0)
  for (const value of sorted) {
    const bin = Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))
    counts[bin] = (counts[bin] as number) + 1
  }
  return { edges: Array.from({ length: bins + 1 }, (_, i) => low + ((high - low) * i) / bins), counts }
}
