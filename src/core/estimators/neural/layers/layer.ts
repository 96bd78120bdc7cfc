/**
 * The contract of a layer that our own kernels train. A layer is planned once for its input shape; then
 * it works on a batch at places in one memory. Images lie channels-last; channels are padded to whole
 * vectors (`depth`) from the first layer's output on, and padding stays zero.
 */
import type { Call } from '../../../../kernels/crew.ts'
import type { NeuralKernels } from '../../../../kernels/neural.ts'

/** One row of a batch: height x width x depth floats, of which the first `channels` of each pixel are real. */
export interface Shape {
  readonly height: number
  readonly width: number
  readonly channels: number
  readonly depth: number
}
export const floatsOf = ({ height, width, depth }: Shape): number => height * width * depth

/** Byte offsets of what some rows of a batch need. */
export interface ForwardPlaces {
  readonly input: number
  readonly output: number
  readonly weights: number
  /** Of these rows alone. */
  readonly scratch: number
  /** Of the whole batch: what `forward` leaves here for `backward` of the same batch stays until then. */
  readonly memory: number
  /** Learning (batch statistics, dropout) or answering. */
  readonly training: boolean
  /** u32, another one for each layer and step: where chance comes from. */
  readonly chance: number
  /** Place of the first row in its batch. */
  readonly first: number
}
export interface BackwardPlaces extends ForwardPlaces {
  /** Of these rows alone; those of all parts of a batch are added up. */
  readonly gradient: number
  /** What `turn` left. */
  readonly turned: number
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
  /** Multiplications of one row going forward, roughly. */
  readonly work: number
  /** Floats of memory between forward and backward; absent = none. */
  readonly memory?: number
  /** Pairs of runs: `count` floats at `flat` of a checkpoint lie at `here` of this layer's weights. */
  eachRun(visit: (flat: number, here: number, count: number) => void): void
  /** Kernel calls alone, here and in `backward`: they may be made on another thread, while other rows are worked on elsewhere. */
  forward(kernels: NeuralKernels, at: ForwardPlaces, rows: number): void
  backward(kernels: NeuralKernels, at: BackwardPlaces, rows: number): void
  /** Transposes the weights for `backward`, once a step: floats it needs, and how. */
  readonly turned?: number
  turn?(kernels: NeuralKernels, weights: number, turned: number): void
  /** For layers that look at all rows of a batch at once: before `forward` of any row. */
  gather?(kernels: NeuralKernels, at: ForwardPlaces, rows: number, each: EachCall): void
  /** The same before `backward`; it also leaves the whole gradient, so `backward` leaves none. */
  gatherBack?(kernels: NeuralKernels, at: BackwardPlaces, rows: number, each: EachCall): void
}
/** Makes calls that do not touch one another's results, on as many threads as there are. */
export type EachCall = (calls: readonly Call[]) => void
