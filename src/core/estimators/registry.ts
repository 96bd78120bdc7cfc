import { createRegistry } from '../registry.ts'
import type { Estimator } from './estimator.ts'
import { decisionTree } from './decision-tree.ts'
import { histGradientBoosting } from './hist-gradient-boosting.ts'
import { mlp } from './neural/mlp.ts'

/** Every estimator of the studio; a new one is its own file and one line here. */
export const estimators = createRegistry<Estimator>('estimator', [decisionTree, histGradientBoosting, mlp])
