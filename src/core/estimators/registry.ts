import { createRegistry } from '../registry.ts'
import type { Estimator } from './estimator.ts'
import { baseline } from './baseline.ts'
import { decisionTree } from './decision-tree.ts'
import { histGradientBoosting } from './hist-gradient-boosting.ts'
import { logistic } from './logistic.ts'
import { mlp } from './neural/mlp.ts'
import { ridge } from './ridge.ts'

/** Every estimator of the studio; a new one is its own file and one line here. */
export const estimators = createRegistry<Estimator>('estimator', [baseline, ridge, logistic, decisionTree, histGradientBoosting, mlp])
