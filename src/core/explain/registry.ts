import { createRegistry } from '../registry.ts'
import { additiveParts } from './additive-parts.ts'
import { coefficientPath } from './coefficient-path.ts'
import { coefficients } from './coefficients.ts'
import type { Explainer } from './explainer.ts'
import { nearestCounterfactual } from './nearest.ts'
import { partialDependence } from './partial-dependence.ts'
import { permutationImportance } from './permutation.ts'
import { sampledShap } from './sampled-shap.ts'
import { shapSummary } from './shap-summary.ts'
import { shapeFunctions } from './shapes.ts'
import { treeShap } from './tree-shap.ts'
import { treeDrawing } from './tree-view.ts'

/** Every explainer of the studio; a new one is its own file and one line here. */
export const explainers = createRegistry<Explainer>('explainer', [permutationImportance, partialDependence, nearestCounterfactual, treeShap, additiveParts, sampledShap, shapSummary, treeDrawing, coefficients, coefficientPath, shapeFunctions])
