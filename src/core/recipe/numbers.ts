/** Order statistics over the values that are there, and what becomes of codes that are counted with. */
import type { NumericSeries } from './step.ts'

/** The series with other values, which are numbers from here on: a code of a category that was moved or cut off stands for no category. */
export function asNumbers({ categories: _, ...series }: NumericSeries, values: Float32Array): NumericSeries {
  return { ...series, values }
}

/** The values that are not missing. */
export const finite = (values: Float32Array): Float32Array => values.filter((value) => !Number.isNaN(value))

/** Quantile by linear interpolation (numpy's default). @param sorted ascending, not empty @param q in [0, 1] */
export function quantileOf(sorted: ArrayLike<number>, q: number): number {
  const at = (sorted.length - 1) * q
  const low = Math.floor(at)
  const a = sorted[low] as number
  const b = sorted[Math.min(low + 1, sorted.length - 1)] as number
  return a + (b - a) * (at - low)
}

export const medianOf = (values: Float32Array): number => quantileOf(Float32Array.from(values).sort(), 0.5)
