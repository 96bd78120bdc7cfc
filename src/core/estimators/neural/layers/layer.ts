/**
 * The contract of a layer that our own kernels train. A layer is planned once for its input shape; then
 * it works on a batch at places in one memory. Images lie channels-last; channels are padded to whole
 * vectors (`depth`) from the first layer's output on, and padding stays zero.
 */
import type { NeuralKernels } from '../../../../kernels/neural.ts'

/** One row of a batch: height x width x depth floats, of which the first `channels` of each pixel are real. */
export interface Shape {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly depth: number
}
export const floatsOf = ({ height, width, depth }: Shape): number => height * width * depth

/** Byte offsets. */
export interface ForwardPlaces {
  readonly input: number
  readonly output: number
  readonly weights: number
  readonly scratch: number
  /** What `forward` leaves here for `backward` of the same batch stays until then. */
  readonly memory: number
  /** Learning (batch statistics, dropout) or answering. */
  readonly training: boolean
  /** u32, another one for each layer and step: where chance comes from. */
  readonly chance: number
}
export interface BackwardPlaces extends ForwardPlaces {
  readonly gradient: number
  /** Slopes of the loss by this layer's output; may be overwritten. */
  readonly delta: number
  /** Where the slopes by its input go; absent where nobody asks. */
  readonly inputDelta?: number
}
export interface Layer {
  readonly output: Shape
  /** Floats of weights, biases behind them, as they lie in memory. */
  readonly weights: number
  /** Floats from the start that the L2 penalty pulls on: weights, not biases. */
  readonly decayed: number
  /** Floats of weights and biases without padding, as checkpoints hold them. */
  readonly flatWeights: number
  /** Floats of working memory. */
  readonly scratch: number
  /** Floats of memory between forward and backward; absent = none. */
  memory?(rows: number): number
  /** Pairs of runs: `count` floats at `flat` of a checkpoint lie at `here` of this layer's weights. */
  eachRun(visit: (flat: number, here: number, count: number) => void): void
  forward(kernels: NeuralKernels, at: ForwardPlaces, rows: number): void
  backward(kernels: NeuralKernels, at: BackwardPlaces, rows: number): void
}
