import { createRegistry } from '../registry.ts'
import type { Explainer } from './explainer.ts'
import { nearestCounterfactual } from './nearest.ts'
import { partialDependence } from './partial-dependence.ts'
import { permutationImportance } from './permutation.ts'
import { treeShap } from './tree-shap.ts'

/** Every explainer of the studio; a new one is its own file and one line here. */
export const explainers = createRegistry<Explainer>('explainer', [permutationImportance, partialDependence, nearestCounterfactual, treeShap])
