/** What a twin of an estimator is given and gives: contract of models.ts, one entry an estimator. */
import type { PictureShape } from '../../data/matrix.ts'
import type { Task } from '../../data/target.ts'
import type { ParamValue } from '../../params.ts'
import type { Json } from '../../recipe/step.ts'

export interface TwinFit {
  readonly task: Task
  readonly classes: readonly string[]
  /** Checked, with every default. */
  readonly params: Readonly<Record<string, ParamValue>>
  readonly seed: number
  /** Feature numbers that are category codes. */
  readonly categorical: readonly number[]
  /** Categories of the feature that has most. */
  readonly mostCategories: number
  /** Whether a column weighs the rows: `weight`, shape (rows of the file). */
  readonly weighed: boolean
  readonly facts: { readonly [key: string]: Json }
  readonly features: readonly string[]
  /** Rows that teach. */
  readonly rows: number
  /** Where the one feature is a picture: X is (rows, height, width, channels). */
  readonly picture?: PictureShape
}
export interface TwinModel {
  /** Import lines. */
  readonly imports: readonly string[]
  /** Lines that fit: they know X, y, train, SEED and, where a column weighs the rows, `weight`; they leave `answer`, a function of rows of X. */
  readonly lines: readonly string[]
  /** Allowed difference of shares and of R²; twice as much for the log loss, relative for errors in the target's unit. */
  readonly tolerance: number
  readonly because: string
  /** The twin is another model that is as good: on top of the tolerance comes what chance makes of the difference of two scores on these rows, sqrt(2) times the reach of a 95 % interval. */
  readonly another?: true
  /** On top of the tolerance for ranks alone: where probabilities reach 1, the last bit decides which comes first. */
  readonly ranks?: number
}
export type TwinEstimator = (fit: TwinFit) => TwinModel

export const namesClasses = ({ task }: TwinFit): boolean => task !== 'regression'
export const balanced = ({ params }: TwinFit): Json | undefined => (params['classWeight'] === 'none' || params['classWeight'] === undefined ? undefined : params['classWeight'] === 'balanced-subsample' ? 'balanced_subsample' : 'balanced')

/** Python of the weights of the training rows; undefined where all weigh the same. @param lifted rare classes, too */
export const rowsWeigh = (fit: TwinFit, lifted: boolean): string | undefined => {
  const factors = [...(fit.weighed ? ['weight[train]'] : []), ...(lifted && balanced(fit) ? ['compute_sample_weight("balanced", y[train])'] : [])]
  return factors.length === 0 ? undefined : factors.join(' * ')
}
