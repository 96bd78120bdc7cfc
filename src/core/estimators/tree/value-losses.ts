/**
 * Losses of numbers besides the squared error: absolute and quantile error, whose leaves are quantiles of what is
 * left in them, and Poisson deviance on a log scale.
 *
 * Source: Friedman 2001, section 4.3 (LAD); scikit-learn's _loss module for base scores, gradients and weighted
 * quantiles of leaves. The half deviance leaves out what does not depend on the prediction, as there.
 */
import type { BoostingKernels } from '../../../kernels/boosting.ts'
import { StudioError } from '../../errors.ts'
import { log } from '../../math/elementary.ts'
import type { Loss, LossPart, Workspace } from './losses.ts'

/**
 * Without weights between the two values beside the share, as numpy's percentile; with weights the smallest value
 * up to which at least the share of the weight lies. Sorts `order` in place.
 */
export function quantileOf(order: Uint32Array, valueOf: (item: number) => number, weightOf: ((item: number) => number) | undefined, share: number): number {
  order.sort((a, b) => valueOf(a) - valueOf(b))
  if (!weightOf) {
    const place = share * (order.length - 1)
    const low = valueOf(order[Math.floor(place)] as number)
    return low + (valueOf(order[Math.ceil(place)] as number) - low) * (place - Math.floor(place))
  }
  let total = 0
  for (const item of order) total += weightOf(item)
  let reached = 0
  for (const item of order) {
    reached += weightOf(item)
    if (reached >= share * total * (1 - 1e-12) && reached > 0) return valueOf(item)
  }
  return order.length > 0 ? valueOf(order[order.length - 1] as number) : 0
}

interface Views {
  readonly raw: Float32Array
  readonly truth: Float32Array
  readonly gradient: Float32Array
  readonly hessian: Float32Array
  readonly sums: Float64Array
}
const viewsOf = (kernels: BoostingKernels, part: LossPart, work: Workspace): Views => ({
  raw: new Float32Array(kernels.buffer, part.raw, part.rows),
  truth: new Float32Array(kernels.buffer, part.truth, part.rows),
  gradient: new Float32Array(kernels.buffer, work.gradient, part.rows),
  hessian: new Float32Array(kernels.buffer, work.hessian, part.rows),
  sums: new Float64Array(kernels.buffer, work.sums, 3),
})

/** @param quantile in (0, 1); 0.5 is half the absolute error, which `factor` 2 makes whole */
export function quantileLoss(values: Float64Array, rows: Uint32Array, weights: Float64Array | undefined, quantile: number, factor: 1 | 2): Loss {
  const base = quantileOf(rows.slice(), (row) => values[row] as number, weights && ((row) => weights[row] as number), quantile)
  let largest = 0
  for (const row of rows) largest = Math.max(largest, Math.abs((values[row] as number) - base))
  let squares = 0
  for (const row of rows) squares += (largest > 0 ? ((values[row] as number) - base) / largest : 0) ** 2
  // Targets are learnt in spreads around the base, so float32 scores serve any unit.
  const scale = squares > 0 ? largest * Math.sqrt(squares / rows.length) : 1
  const [below, above] = [-quantile * factor, (1 - quantile) * factor]
  return {
    name: factor === 2 ? 'mean absolute error' : 'mean pinball loss',
    outputs: 1,
    base: [base],
    scale,
    maxHessian: 1,
    fill(kernels, part, partRows) {
      const truth = new Float32Array(kernels.buffer, part.truth, part.stride)
      for (let i = 0; i < partRows.length; i++) truth[i] = ((values[partRows[i] as number] as number) - base) / scale
    },
    begin(kernels, part, work) {
      const { raw, truth, gradient, hessian, sums } = viewsOf(kernels, part, work)
      let [absolute, loss] = [0, 0]
      for (let i = 0; i < part.rows; i++) {
        const away = (truth[i] as number) - (raw[i] as number)
        const slope = away > 0 ? below : above
        gradient[i] = slope
        hessian[i] = 1
        absolute += Math.abs(slope)
        loss -= away * slope
      }
      sums.set([absolute, part.rows, loss])
      return (loss / part.rows) * scale
    },
    gradients() {},
    renew(kernels, part, leafRows, weightAt) {
      const raw = new Float32Array(kernels.buffer, part.raw, part.rows)
      const truth = new Float32Array(kernels.buffer, part.truth, part.rows)
      return quantileOf(leafRows, (i) => (truth[i] as number) - (raw[i] as number), weightAt, quantile)
    },
  }
}

/** @throws StudioError bad-data for a negative target, or one that is 0 everywhere */
export function poissonLoss(owner: string, values: Float64Array, rows: Uint32Array, weights: Float64Array | undefined): Loss {
  let [total, mean] = [0, 0]
  for (const row of rows) {
    const value = values[row] as number
    if (value < 0) throw new StudioError({ code: 'bad-data', message: `invalid target of ${owner}; counts of the Poisson loss are at least 0: ${value}`, details: { row } })
    const w = weights?.[row] ?? 1
    total += w
    if (w > 0) mean += (value - mean) * (w / total)
  }
  if (!(mean > 0)) throw new StudioError({ code: 'bad-data', message: `invalid target of ${owner}; counts of the Poisson loss must not all be 0: ${mean}` })
  const base = log(mean)
  let largest = mean
  return {
    name: 'half Poisson deviance',
    outputs: 1,
    base: [base],
    scale: 1,
    link: 'log',
    get maxHessian() {
      return largest
    },
    fill(kernels, part, partRows) {
      new Float32Array(kernels.buffer, part.raw, part.stride).fill(base)
      const truth = new Float32Array(kernels.buffer, part.truth, part.stride)
      for (let i = 0; i < partRows.length; i++) truth[i] = values[partRows[i] as number] as number
    },
    begin(kernels, part, work) {
      const { raw, truth, gradient, hessian, sums } = viewsOf(kernels, part, work)
      hessian.set(raw)
      kernels.exponential(work.hessian, Math.ceil(part.rows / 4) * 4)
      let [absolute, curvature, loss, top] = [0, 0, 0, 0]
      for (let i = 0; i < part.rows; i++) {
        const rate = hessian[i] as number
        const slope = Math.fround(rate - (truth[i] as number))
        gradient[i] = slope
        absolute += Math.abs(slope)
        curvature += rate
        if (rate > top) top = rate
        loss += rate - (truth[i] as number) * (raw[i] as number)
      }
      largest = top
      sums.set([absolute, curvature, loss])
      return loss / part.rows
    },
    gradients() {},
  }
}
