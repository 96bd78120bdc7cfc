/** What trains a network step by step, wherever the arithmetic runs. */
import type { PictureShape } from '../../data/matrix.ts'
import { wholePowerOf } from '../../math/elementary.ts'
import { createRng } from '../../math/rng.ts'
import type { Activation, Sizes } from './dense.ts'
import type { LayerSpec } from './layer-table.ts'

export interface TrainingData {
  /** Row-major, shape (rows, height x width x channels), finite; empty where `fill` writes them. */
  readonly inputs: Float32Array
  /** Row-major, shape (rows, outputs): one-hot classes, or one standardised value. */
  readonly targets: Float32Array
  readonly rows: number
  /** Shape (rows): how much each counts, 1 on average; default 1 each. */
  readonly weights?: Float32Array
  /**
   * Writes the inputs of these rows, `depth` numbers a pixel: pictures are too large to lie in the memory twice.
   * @param step the training step they are for (from 1), undefined where they are judged
   */
  fill?(rows: Uint32Array, into: Float32Array, depth: number, step: number | undefined): void
}
/** The table of layers in front of the last dense one, which has an output a class. */
export interface NetworkTable {
  readonly layers: readonly LayerSpec[]
  /** Of a row; a row of a table is a picture of one pixel. */
  readonly shape: PictureShape
  /** Outputs; 1 = regression. */
  readonly classes: number
}
export interface StepOptions extends NetworkTable {
  readonly learningRate: number
  /** L2 penalty of the weights (not the biases), as scikit-learn's MLP: alpha / (2 n) * sum of squares. */
  readonly alpha: number
  /** The largest number of rows in a step. */
  readonly batchSize: number
  /** Where dropout takes its chance from; default 0. */
  readonly seed?: number
  /** Awaited between layers, so that a long step can be cancelled. */
  pause?(): Promise<void> | undefined
}
/** A checkpoint that any backend can go on from. */
export interface AdamArrays {
  readonly theta: Float32Array
  readonly m: Float32Array
  readonly v: Float32Array
  /** Steps taken so far. */
  readonly steps: number
}
export interface Verdict {
  /** Mean over the rows, each times its weight: log loss, or half squared error, without the penalty. */
  readonly loss: number
  /** Rows whose largest output is their class; 0 for regression. */
  readonly right: number
}
export interface Trainer {
  /**
   * One step of Adam (Kingma & Ba 2015, algorithm 1; epsilon outside the bias correction, as in PyTorch).
   * @param rows row numbers of the data, at most batchSize
   * @returns the verdict on these rows before the step
   */
  learn(rows: Uint32Array): Promise<Verdict>
  /** The verdict on any rows under the present weights. @param each gets every row's probabilities; not for regression */
  judge(rows: Uint32Array, each?: (row: number, probabilities: Float32Array) => void): Promise<Verdict>
  read(): Promise<AdamArrays>
  dispose(): void
}

/** A multi-layer perceptron as a table; its weights lie as dense.ts has them. */
export const denseTable = (sizes: Sizes, activation: Activation): NetworkTable => ({
  layers: sizes.slice(1, -1).map((units) => ({ type: 'dense', units, activation })),
  shape: [1, 1, sizes[0] as number],
  classes: sizes.at(-1) as number,
})

/** Factors of step `steps` (1 the first): the rate with both bias corrections, and the epsilon that goes with it. */
export function adamRate(learningRate: number, steps: number): { readonly rate: number; readonly epsilon: number } {
  const spread = Math.sqrt(1 - wholePowerOf(0.999, steps))
  return { rate: (learningRate * spread) / (1 - wholePowerOf(0.9, steps)), epsilon: 1e-8 * spread }
}

/** One u32 a layer for a step, wherever it is taken. */
export const chancesOf = (seed: number, step: number, layers: number): number[] => {
  const rng = createRng(seed).fork(`step ${step}`)
  return Array.from({ length: layers }, () => rng.int(2 ** 32))
}
