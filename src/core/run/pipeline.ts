/** A fitted recipe and its model, used as one: raw columns in, predictions out. */
import type { Column } from '../data/column.ts'
import type { Matrix } from '../data/matrix.ts'
import type { Prediction, TargetSpec } from '../data/target.ts'
import type { Model, PredictContext } from '../estimators/estimator.ts'
import type { FittedRecipeState } from '../recipe/step.ts'

export interface Pipeline {
  readonly target: TargetSpec
  /** Class names in model order; empty for regression. */
  readonly classes: readonly string[]
  readonly recipe: FittedRecipeState
  readonly model: Model
  /** What the recipe makes of raw columns: explainers edit these instead of raw cells. Rows as in `predict`. */
  features(columns: readonly Column[], rows?: ArrayLike<number>): Matrix
  /** @param rows row numbers into the columns; default all; @param context as in Model.predict. Columns the recipe does not name are ignored. */
  predict(columns: readonly Column[], rows?: ArrayLike<number>, context?: PredictContext): Promise<Prediction>
}
