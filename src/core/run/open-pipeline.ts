import type { Column } from '../data/column.ts'
import type { TargetSpec } from '../data/target.ts'
import type { Model, ModelState } from '../estimators/estimator.ts'
import { estimators } from '../estimators/registry.ts'
import type { OnnxRunner } from '../onnx/runner.ts'
import { applyRecipe } from '../recipe/recipe.ts'
import type { FittedRecipeState } from '../recipe/step.ts'
import type { Pipeline } from './pipeline.ts'

export function pipelineOf(parts: { readonly target: TargetSpec; readonly classes: readonly string[]; readonly recipe: FittedRecipeState; readonly model: Model }): Pipeline {
  const { target, classes, recipe, model } = parts
  const features = (columns: readonly Column[], rows?: ArrayLike<number>) => applyRecipe(recipe, columns, rows)
  return { target, classes, recipe, model, features, predict: (columns, rows, context) => model.predict(features(columns, rows), context) }
}

/**
 * From a stored record.
 * @param openRunner for models that predict through ONNX Runtime; it is opened when one first does
 * @throws StudioError unsupported or bundle-mismatch where the model is not one of ours
 */
export function openPipeline(record: { readonly target: TargetSpec; readonly classes: readonly string[]; readonly recipe: FittedRecipeState; readonly model: ModelState }, openRunner?: () => Promise<OnnxRunner>): Pipeline {
  const model = estimators.get(record.model.estimator).revive(record.model)
  return pipelineOf({ ...record, model: openRunner && model.withRunner ? model.withRunner(openRunner) : model })
}
