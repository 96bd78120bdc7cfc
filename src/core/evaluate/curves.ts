/** ROC, precision-recall and calibration of one class against the rest, reduced for drawing. */
import type { Sample } from '../metrics/sample.ts'
import type { Calibration, CurvePoints } from './evaluation.ts'
import { cumulativeCounts, evenly } from './threshold.ts'

const limit = 2000

/** Corners only: a point on the line between its neighbours draws nothing. */
function corners(x: Float64Array, y: Float64Array): Int32Array {
  const kept: number[] = []
  for (let i = 0; i < x.length; i++) {
    const a = kept.at(-1)
    if (a !== undefined && i < x.length - 1) {
      const cross = ((x[i] as number) - (x[a] as number)) * ((y[i + 1] as number) - (y[i] as number)) - ((y[i] as number) - (y[a] as number)) * ((x[i + 1] as number) - (x[i] as number))
      if (cross === 0) continue
    }
    kept.push(i)
  }
  return Int32Array.from(kept)
}

/** From (0, 0) to (1, 1); undefined where the class is absent or the only one. */
export function rocCurve(sample: Sample, classIndex: number): CurvePoints | undefined {
  const { hits, misses } = cumulativeCounts(sample, classIndex)
  const positives = hits.at(-1) ?? 0
  const negatives = misses.at(-1) ?? 0
  if (positives === 0 || negatives === 0) return undefined
  // Counts, not shares, until the end: whole numbers make the corner test exact.
  const x = Float64Array.from([0, ...misses])
  const y = Float64Array.from([0, ...hits])
  const corner = corners(x, y)
  const keep = Array.from(evenly(corner.length, limit), (i) => corner[i] as number)
  return {
    name: sample.classes[classIndex] as string,
    x: keep.map((i) => (x[i] as number) / negatives),
    y: keep.map((i) => (y[i] as number) / positives),
  }
}

/**
 * Recall (x, rising) against precision (y) at every threshold, from recall 0 with precision 1, which
 * scikit-learn adds as the anchor. Drawn as steps its area is the average precision.
 */
export function precisionRecallCurve(sample: Sample, classIndex: number): CurvePoints | undefined {
  const { hits, misses } = cumulativeCounts(sample, classIndex)
  const positives = hits.at(-1) ?? 0
  if (positives === 0) return undefined
  const x = [0]
  const y = [1]
  for (const i of evenly(hits.length, limit - 1)) {
    x.push((hits[i] as number) / positives)
    y.push((hits[i] as number) / ((hits[i] as number) + (misses[i] as number)))
  }
  return { name: sample.classes[classIndex] as string, x, y }
}

/** Ten uniform bins as scikit-learn's calibration_curve makes them: (low, high], the first holds 0 too. */
export function calibration(sample: Sample, classIndex: number, binCount = 10): Calibration {
  const k = sample.classes.length
  const { probabilities } = sample.prediction
  const { codes } = sample.truth
  const edges = Float64Array.from({ length: binCount + 1 }, (_, i) => i * (1 / binCount))
  edges[binCount] = 1
  const count = new Float64Array(binCount)
  const predicted = new Float64Array(binCount)
  const observed = new Float64Array(binCount)
  for (let row = 0; row < sample.rows; row++) {
    const p = probabilities[row * k + classIndex] as number
    let bin = 0
    while (bin < binCount - 1 && p > (edges[bin + 1] as number)) bin++
    count[bin] = (count[bin] as number) + 1
    predicted[bin] = (predicted[bin] as number) + p
    if (codes[row] === classIndex) observed[bin] = (observed[bin] as number) + 1
  }
  const bins = Array.from(count, (rows, bin) => ({
    low: edges[bin] as number,
    high: edges[bin + 1] as number,
    count: rows,
    meanPredicted: (predicted[bin] as number) / rows,
    shareObserved: (observed[bin] as number) / rows,
  })).filter((bin) => bin.count > 0)
  const error = bins.reduce((sum, bin) => sum + bin.count * Math.abs(bin.meanPredicted - bin.shareObserved), 0) / Math.max(1, sample.rows)
  return { name: sample.classes[classIndex] as string, bins, error }
}
