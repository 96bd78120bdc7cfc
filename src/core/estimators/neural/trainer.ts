/** What trains a network step by step, wherever the arithmetic runs. */
import { wholePowerOf } from '../../math/elementary.ts'
import type { Activation, Sizes } from './dense.ts'

export interface MlpData {
  /** Row-major, shape (rows, features), finite. */
  readonly inputs: Float32Array
  /** Row-major, shape (rows, outputs): one-hot classes, or one standardised value. */
  readonly targets: Float32Array
  readonly rows: number
}
export interface StepOptions {
  readonly sizes: Sizes
  readonly activation: Activation
  /** Outputs; 1 = regression. */
  readonly classes: number
  readonly learningRate: number
  /** L2 penalty of the weights (not the biases), as scikit-learn's MLP: alpha / (2 n) * sum of squares. */
  readonly alpha: number
  /** The largest number of rows in a step. */
  readonly batchSize: number
}
/** A checkpoint that any backend can go on from. */
export interface AdamArrays {
  readonly theta: Float32Array
  readonly m: Float32Array
  readonly v: Float32Array
  /** Steps taken so far. */
  readonly steps: number
}
export interface Trainer {
  /**
   * One step of Adam (Kingma & Ba 2015, algorithm 1; epsilon outside the bias correction, as in PyTorch).
   * @param rows row numbers of the data, at most batchSize
   * @returns the mean loss of these rows before the step (log loss, or half squared error), without the penalty
   */
  step(rows: Uint32Array): Promise<number>
  /** Mean loss of any rows under the present weights. */
  loss(rows: Uint32Array): Promise<number>
  read(): Promise<AdamArrays>
  dispose(): void
}

/** Factors of step `steps` (1 the first): the rate with both bias corrections, and the epsilon that goes with it. */
export function adamRate(learningRate: number, steps: number): { readonly rate: number; readonly epsilon: number } {
  const spread = Math.sqrt(1 - wholePowerOf(0.999, steps))
  return { rate: (learningRate * spread) / (1 - wholePowerOf(0.9, steps)), epsilon: 1e-8 * spread }
}
