import { estimators } from '../estimators/registry.ts';
import { applyRecipe } from '../recipe/recipe.ts';
export function pipelineOf(parts) {
    const { target, classes, recipe, model } = parts;
    const features = (columns, rows) => applyRecipe(recipe, columns, rows);
    return { target, classes, recipe, model, features, predict: (columns, rows) => model.predict(features(columns, rows)) };
}
/** From a stored record. @throws StudioError unsupported or bundle-mismatch where the model is not one of ours */
export function createPipeline(record) {
    return pipelineOf({ ...record, model: estimators.get(record.model.estimator).revive(record.model) });
}
