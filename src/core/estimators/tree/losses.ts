/**
 * What boosting descends on: squared error, log loss of two classes, softmax log loss of more (absolute,
 * quantile and Poisson: value-losses.ts). A loss
 * keeps the scores and the truth of one part of the rows in the kernels' buffer.
 *
 * Source: Friedman 2001, "Greedy Function Approximation"; hessians p (1 - p) as in scikit-learn.
 */
import type { BoostingKernels, Layout } from '../../../kernels/boosting.ts'
import { rowPadding } from '../../../kernels/boosting.ts'
import type { Target } from '../../data/target.ts'
import { scoreOnGrid } from './grid.ts'
import { poissonLoss, quantileLoss } from './value-losses.ts'
import { log } from '../../math/elementary.ts'

/** Buffers that all parts share, one after the other. */
export interface Workspace {
  readonly gradient: number
  readonly hessian: number
  readonly sums: number
  /** Planes of probabilities, softmax only. */
  readonly probabilities: number
}
/** Scores and truth of one part. */
export interface LossPart {
  readonly rows: number
  /** Rows of a plane, padded. */
  readonly stride: number
  readonly raw: number
  readonly truth: number
}
export interface Loss {
  readonly name: string
  /** Scores a row has, trees a round grows. */
  readonly outputs: number
  /** Score before any tree, in the units of predictions; shape (outputs). */
  readonly base: readonly number[]
  /** Leaf values times this are in the units of predictions. */
  readonly scale: number
  /** Gradients times this are in the units of the loss, which the L1 penalty is given in; default 1. */
  readonly gradientUnit?: number
  /** What predictions are of scores; default the scores themselves. */
  readonly link?: 'log'
  /** The largest hessian a row can have, at the scores that `begin` saw last. */
  readonly maxHessian: number
  fill(kernels: BoostingKernels, part: LossPart, rows: Uint32Array): void
  /** Prepares a round and returns the mean loss at the current scores. */
  begin(kernels: BoostingKernels, part: LossPart, work: Workspace): number
  /** Writes gradients and hessians of one output and their sums. */
  gradients(kernels: BoostingKernels, part: LossPart, output: number, work: Workspace): void
  /** The best value of a leaf, in place of -g / h, where the loss has one. @param leafRows may be sorted */
  renew?(kernels: BoostingKernels, part: LossPart, leafRows: Uint32Array, weightAt: ((row: number) => number) | undefined): number
}

export interface LossChoice {
  readonly loss: 'squared' | 'absolute' | 'quantile' | 'poisson'
  /** In (0, 1), for the quantile loss. */
  readonly quantile: number
}

export function takePart(layout: Layout, rows: number, outputs: number): LossPart {
  const stride = Math.ceil(rows / rowPadding) * rowPadding
  return { rows, stride, raw: layout.take(stride * 4 * outputs), truth: layout.take(stride * 4) }
}

/** @param rows the training rows, which give the base score */
export function lossFor(owner: string, y: Target, rows: Uint32Array, weights: Float64Array | undefined, choice: LossChoice): Loss {
  if (y.task === 'regression') {
    if (choice.loss === 'poisson') return poissonLoss(owner, y.values, rows, weights)
    if (choice.loss === 'absolute') return quantileLoss(y.values, rows, weights, 0.5, 2)
    if (choice.loss === 'quantile') return quantileLoss(y.values, rows, weights, choice.quantile, 1)
    return squaredError(y.values, rows, weights)
  }
  return y.classes.length === 2 ? binaryLogLoss(y.codes, rows, weights) : softmaxLoss(y.codes, y.classes.length, rows, weights)
}

const doubleAt = (kernels: BoostingKernels, sums: number, index: number): number => new Float64Array(kernels.buffer, sums, 3)[index] as number

function squaredError(values: Float64Array, rows: Uint32Array, weights: Float64Array | undefined): Loss {
  let [total, mean] = [0, 0]
  for (const row of rows) {
    const w = weights?.[row] ?? 1
    total += w
    if (w > 0) mean += ((values[row] as number) - mean) * (w / total)
  }
  let squares = 0
  let largest = 0
  for (const row of rows) largest = Math.max(largest, Math.abs((values[row] as number) - mean))
  for (const row of rows) squares += (largest > 0 ? ((values[row] as number) - mean) / largest : 0) ** 2
  // Targets are learnt in standard deviations, so float32 scores serve any unit.
  const scale = squares > 0 ? largest * Math.sqrt(squares / rows.length) : 1
  return {
    name: 'mean squared error',
    outputs: 1,
    base: [mean],
    scale,
    gradientUnit: scale,
    maxHessian: 1,
    fill(kernels, part, partRows) {
      const truth = new Float32Array(kernels.buffer, part.truth, part.stride)
      for (let i = 0; i < partRows.length; i++) truth[i] = ((values[partRows[i] as number] as number) - mean) / scale
    },
    begin(kernels, part, work) {
      kernels.squaredGradients(part.raw, part.truth, part.rows, work.gradient, work.hessian, work.sums)
      return (doubleAt(kernels, work.sums, 2) / part.rows) * scale ** 2
    },
    gradients() {},
  }
}

/** Score of a pad row: certain and right, so it adds nothing. */
const padScore = 100

function binaryLogLoss(codes: Int32Array, rows: Uint32Array, weights: Float64Array | undefined): Loss {
  const [negative, positive] = classTotals(codes, 2, rows, weights) as [number, number]
  // Half a row of each class keeps the log-odds finite where one never occurs.
  const base = scoreOnGrid(negative > 0 && positive > 0 ? log(positive / negative) : log((positive + 0.5) / (negative + 0.5)))
  return {
    name: 'log loss',
    outputs: 1,
    base: [base],
    scale: 1,
    maxHessian: 0.25,
    fill(kernels, part, partRows) {
      new Float32Array(kernels.buffer, part.truth, part.stride).fill(1)
      new Float32Array(kernels.buffer, part.raw, part.stride).fill(padScore).fill(base, 0, part.rows)
      const sign = new Float32Array(kernels.buffer, part.truth, part.stride)
      for (let i = 0; i < partRows.length; i++) sign[i] = codes[partRows[i] as number] === 1 ? 1 : -1
    },
    begin(kernels, part, work) {
      kernels.binaryGradients(part.raw, part.truth, part.stride, work.gradient, work.hessian, work.sums)
      return doubleAt(kernels, work.sums, 2) / part.rows
    },
    gradients() {},
  }
}

function softmaxLoss(codes: Int32Array, classes: number, rows: Uint32Array, weights: Float64Array | undefined): Loss {
  const totals = classTotals(codes, classes, rows, weights)
  const sum = totals.reduce((a, b) => a + b, 0)
  const logs = totals.map((total) => log((total > 0 ? total : 0.5) / sum))
  const centre = logs.reduce((a, b) => a + b, 0) / classes
  const base = logs.map((value) => scoreOnGrid(value - centre))
  return {
    name: 'log loss',
    outputs: classes,
    base,
    scale: 1,
    maxHessian: 0.25,
    fill(kernels, part, partRows) {
      base.forEach((score, k) => new Float32Array(kernels.buffer, part.raw + k * part.stride * 4, part.stride).fill(score))
      const truth = new Uint32Array(kernels.buffer, part.truth, part.stride)
      for (let i = 0; i < partRows.length; i++) truth[i] = codes[partRows[i] as number] as number
    },
    begin(kernels, part, work) {
      kernels.softmax(part.raw, classes, part.stride, part.truth, part.rows, work.probabilities, work.sums)
      return doubleAt(kernels, work.sums, 2) / part.rows
    },
    gradients(kernels, part, output, work) {
      kernels.classGradients(work.probabilities + output * part.stride * 4, part.truth, output, part.rows, work.gradient, work.hessian, work.sums)
    },
  }
}

function classTotals(codes: Int32Array, classes: number, rows: Uint32Array, weights: Float64Array | undefined): number[] {
  const totals = new Array<number>(classes).fill(0)
  for (const row of rows) {
    const code = codes[row] as number
    totals[code] = (totals[code] as number) + (weights?.[row] ?? 1)
  }
  return totals
}
