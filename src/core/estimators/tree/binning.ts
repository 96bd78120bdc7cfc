/** Finds the bins of all features and writes every row's bins into the kernels' buffer, several features side by side. */
import { binsPerFeature, missingBin, rowPadding, thresholdsWork } from '../../../kernels/boosting.ts'
import type { BoostingKernels } from '../../../kernels/boosting.ts'
import { partRows } from '../../../kernels/boosting-parts.ts'
import type { Call } from '../../../kernels/crew.ts'
import type { Feature } from '../../data/matrix.ts'
import type { Rng } from '../../math/rng.ts'
import { findBins } from './bins.ts'
import type { Bins, CategoryBins } from './bins.ts'
import { binSampleRows, featuresAtOnce } from './grower-layout.ts'
import type { GrowerLayout } from './grower-layout.ts'
import type { Pacer } from './pacer.ts'
import { runPaced } from './run-paced.ts'

/** Rows of a column that a kernel call bins before cancel gets a chance. */
const rowsPerCall = 2 ** 21

/**
 * @param rows of the features that are learnt from, the rows of the layout; @param draw of the rows that the ends of
 * bins are found on, where there are too many. Gradients and packed rows are overwritten.
 */
export async function binRows(kernels: BoostingKernels, at: GrowerLayout, features: readonly Feature[], rows: Uint32Array, maxBins: number, draw: Rng, pacer: Pacer): Promise<Bins[]> {
  const n = rows.length
  const all = features[0]?.values.length === n && rows.every((row, i) => row === i)
  const u8 = new Uint8Array(kernels.buffer)
  const f32 = new Float32Array(kernels.buffer)
  const sampled = Math.min(n, binSampleRows)
  const sample = new Uint32Array(kernels.buffer, at.rows, sampled)
  for (let i = 0; i < sampled; i++) sample[i] = n <= binSampleRows ? i : draw.int(n)

  const bins: Bins[] = []
  /** Features whose values lie in the planes. */
  let waiting: number[] = []
  // Scratch, gradients, hessians and packed rows lie one behind the other and are not needed yet.
  const planeOf = (lane: number): number => at.scratch + lane * Math.ceil(n / rowPadding) * rowPadding * 4
  const binWaiting = async (): Promise<void> => {
    const found = await runPaced(kernels, waiting.map((feature, lane) => stepsOf(at, n, feature, lane, planeOf(lane), sampled, maxBins)), pacer)
    waiting.forEach((feature, lane) => {
      const [result] = found[lane] as [number]
      const from = (at.thresholds >>> 2) + lane * binsPerFeature
      bins[feature] = { kind: 'numeric', thresholds: f32.slice(from, from + (result & 255)), missing: result > 255 }
    })
    waiting = []
  }
  for (const [index, feature] of features.entries()) {
    if (feature.categories) {
      bins[index] = writeCategories(u8, at.columns + index * n, feature, findBins(feature, rows, maxBins) as CategoryBins, rows)
      await pacer()
      continue
    }
    const plane = planeOf(waiting.length) >>> 2
    if (all) f32.set(feature.values, plane)
    else for (let i = 0; i < n; i++) f32[plane + i] = feature.values[rows[i] as number] as number
    waiting.push(index)
    if (waiting.length === featuresAtOnce) await binWaiting()
    await pacer()
  }
  if (waiting.length > 0) await binWaiting()

  const turns: Call[][] = []
  for (let from = 0; from < n; from += partRows) turns.push([['turn', at.columns, n, features.length, from, Math.min(partRows, n - from), at.rowMajor, at.stride]])
  kernels.run(turns)
  return bins
}

/** The ends of its bins first, then the bins of all rows. */
function stepsOf(at: GrowerLayout, rows: number, feature: number, lane: number, values: number, sampled: number, maxBins: number): Call[][] {
  const thresholds = at.thresholds + lane * binsPerFeature * 4
  const steps: Call[][] = [[['findThresholds', values, at.rows, sampled, maxBins, at.binning + lane * thresholdsWork(sampled), thresholds]]]
  for (let from = 0; from < rows; from += rowsPerCall) {
    const bin: Call = ['binColumn', values + from * 4, Math.min(rowsPerCall, rows - from), thresholds, at.columns + feature * rows + from]
    if (from === 0) steps[0]?.push(bin)
    else steps.push([bin])
  }
  return steps
}

function writeCategories(u8: Uint8Array, column: number, feature: Feature, bins: CategoryBins, rows: Uint32Array): CategoryBins {
  for (let i = 0; i < rows.length; i++) u8[column + i] = bins.binOfCode[feature.values[rows[i] as number] as number] ?? missingBin
  return bins
}
