/**
 * The contract of an estimator: a stateless definition whose `fit` returns an immutable model. It holds
 * no reference to training data; everything it learnt is in `state()`, and `revive(state())` predicts
 * the same bits.
 */
import type { LayersModel } from '../code/layers.ts'
import type { Context } from '../context.ts'
import type { Matrix, PictureShape } from '../data/matrix.ts'
import type { Prediction, Target, Task } from '../data/target.ts'
import type { GraphBuilder } from '../onnx/graph.ts'
import type { OnnxRunner } from '../onnx/runner.ts'
import type { ParamTable, ValuesOf } from '../params.ts'
import type { Json } from '../recipe/step.ts'

export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array | Int8Array | Uint16Array

export interface ModelState {
  readonly estimator: string
  readonly version: number
  readonly json: { readonly [key: string]: Json }
  readonly arrays: Readonly<Record<string, TypedArray>>
}

export interface EstimatorTags {
  /** NaN in features is handled natively. */
  readonly acceptsMissing: boolean
  /** Features with `categories` are split as categories, not as numbers. */
  readonly acceptsCategories: boolean
  /** Works better, or only, on standardised features: the default recipe then scales. */
  readonly wantsScaled: boolean
  /** Refuses features below 0: the default recipe then scales numbers to [0, 1]. */
  readonly wantsNonNegative?: boolean
  /** Takes one feature, and that a picture (Feature.shape); others refuse pictures. */
  readonly takesPictures?: boolean
  /** Cannot use FitOptions.weights: a run with a sample weight is refused. */
  readonly ignoresWeights?: boolean
  /** The seed changes the result. */
  readonly randomised: boolean
  /** Same bits for the same seed on every machine (false for models trained on a GPU). */
  readonly deterministic: boolean
  /** Learns in rounds: it has a live curve, and stop keeps the best so far. */
  readonly iterative: boolean
  /** Can go on from an earlier model (FitOptions.earlier), by as many rounds more as this parameter says. */
  readonly continues?: string
  /** The model holds training rows as they are prepared: whoever gets it gets them. */
  readonly keepsRows?: boolean
  /** Fits the constant a sensible person would guess: always on the leaderboard. */
  readonly baseline: boolean
}

export interface FitOptions<P extends ParamTable = ParamTable> {
  readonly params: ValuesOf<P>
  /** Whole number in [0, 2^32). */
  readonly seed: number
  /** Shape (rows), not negative; default 1 each. */
  readonly weights?: Float64Array
  /**
   * Of a model of its own on the same features: what is learnt comes on top of it. With the same rows, seed and
   * parameters the bits are those of a training that did both at once. Only where tags.continues says so.
   */
  readonly earlier?: ModelState
}

/** What a prediction may use: the compiled kernels, and a chance to be cancelled. */
export type PredictContext = Pick<Context, 'asset' | 'checkpoint'>

/** How large a fit is. */
export interface FitShape {
  readonly rows: number
  /** Numbers of a row: all of a picture's. */
  readonly features: number
  /** 1 for numbers. */
  readonly classes: number
  /** Of the one picture that a row is. */
  readonly picture?: PictureShape
}

/** Facts for the run record that are not parameters: rounds kept, backend used, why it stopped. */
export type ModelFacts = { readonly [key: string]: Json }

export interface Model {
  readonly estimator: string
  readonly task: Task
  readonly facts: ModelFacts
  /** Predictions for the features it was fitted on, in the same order. The context makes many rows faster, and never other. */
  predict(X: Matrix, context?: PredictContext): Promise<Prediction>
  state(): ModelState
  /** Where it predicts through ONNX Runtime: the same model with a way to it. */
  withRunner?(open: () => Promise<OnnxRunner>): Model
}

/** What an estimator's graph ends in: a tensor [N, 1] of values or [N, classes] of probabilities. */
export interface OnnxHead {
  readonly tensor: string
  /** float where not given. Values should end in double: in float32 a mean of 2000 leaves no digits for a spread of 1. */
  readonly type?: 'float' | 'double'
  /** What names the class where float probabilities are too coarse to: the largest column, or of two classes the last where it reaches a least score. */
  readonly decides?: Decision
}

export interface Decision {
  /** A double tensor [N, classes], or [N, 1] for two. */
  readonly tensor: string
  /** The least score of the last column whose probability reaches the threshold. */
  reaching(threshold: number): number
}

/** What of themselves its models show: `trees` (TreeModel), `coefficients` (LinearModel), `shapes` (AdditiveModel), `network` (PictureModel). Explainers ask this, never an id. */
export type Insight = 'trees' | 'coefficients' | 'shapes' | 'network'

/** Coefficients over a range of penalties, from the weakest that silences all to hardly any. */
export interface PenaltyPath {
  /** Strongest first. */
  readonly penalties: readonly number[]
  /** Shape (penalties)(features): for one standard deviation of the feature in training. */
  readonly coefficients: readonly (readonly number[])[]
  /** The penalty of the run itself. */
  readonly chosen: number
}

/** How the picker groups estimators; each has a heading there. */
export const families = ['baseline', 'linear', 'trees', 'neighbours', 'bayes', 'kernels', 'neural'] as const
export type Family = (typeof families)[number]

export interface Estimator<P extends ParamTable = ParamTable> {
  readonly id: string
  readonly label: string
  readonly family: Family
  /** One sentence for the picker. */
  readonly summary: string
  /** Paper section or reference implementation, and how ours differs. */
  readonly source: string
  readonly tasks: readonly Task[]
  readonly tags: EstimatorTags
  readonly params: P
  /** Every model it fits, and every one it revives, has these. */
  readonly shows?: readonly Insight[]
  /**
   * Bytes that a fit takes at its peak beside the features themselves, within a factor of 2; where it is absent,
   * little. Measured by `npm run bench -- memory`.
   */
  memory?(params: ValuesOf<P>, shape: FitShape): number
  /** How its coefficients come and go with the penalty. @throws StudioError as fit */
  path?(X: Matrix, y: Target, options: FitOptions<P>, points: number, context: Context): Promise<PenaltyPath>
  /**
   * @throws StudioError bad-data for a target or features it cannot learn from, diverged where the
   * numbers left the finite range, cancelled
   */
  fit(X: Matrix, y: Target, options: FitOptions<P>, context: Context): Promise<Model>
  /** @throws StudioError bundle-mismatch where the state is not one of ours */
  revive(state: ModelState): Model
  /** Neural networks: the same layers for TensorFlow.js (core/code/layers.ts writes its files). */
  toLayers?(state: ModelState): LayersModel
  /** @param input a float tensor [N, features] in feature order, NaN = missing; [N, height x width x channels] for a picture */
  toOnnx(state: ModelState, input: string, graph: GraphBuilder): OnnxHead
}
