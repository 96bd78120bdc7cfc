/** The contract of a metric: a named score of predictions against truth, with its scale and direction. */
import type { Prediction, Target, Task } from '../data/target.ts'
import type { Draw } from './sample.ts'

/** An undefined score is a reason, never NaN. */
export type Score = { readonly value: number } | { readonly undefined: string }

export interface MetricInput {
  /** Truth and prediction have the same rows; classes of the prediction are those of the target. */
  readonly target: Target
  readonly prediction: Prediction
  /** Decision threshold of the positive class, binary only; default 0.5. */
  readonly threshold?: number
}

export interface Metric {
  readonly id: string
  readonly label: string
  /** One sentence a newcomer understands. */
  readonly help: string
  readonly source: string
  readonly tasks: readonly Task[]
  readonly needs: 'label' | 'probability' | 'value'
  readonly greaterIsBetter: boolean
  /** Closed bounds of its values; null where there is none. */
  readonly range: readonly [number | null, number | null]
  /** `target-units` is shown with the target's own unit; `share` may be shown as per cent. */
  readonly unit: 'share' | 'target-units' | 'target-units-squared' | 'none'
  /** It sorts the rows once for each class: work grows with rows times classes. */
  readonly ranksEachClass?: boolean
  compute(input: MetricInput): Score
  /** The same score where each row counts as often as the draw says; O(rows) once the sample is sorted. */
  scoreDraw(draw: Draw): Score
  /**
   * Metrics that need labels only: the score of a confusion table.
   * @param confusion shape (classes x classes), actual by predicted, row-major
   */
  scoreConfusion?(confusion: ArrayLike<number>, classes: readonly string[]): Score
}
