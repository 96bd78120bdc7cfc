import { createRegistry } from '../registry.ts'
import type { Estimator } from './estimator.ts'
import { baseline } from './baseline.ts'
import { bernoulliNb } from './bernoulli-nb.ts'
import { decisionTree } from './decision-tree.ts'
import { elasticNet } from './elastic-net.ts'
import { extraTrees } from './extra-trees.ts'
import { gaussianNb } from './gaussian-nb.ts'
import { histGradientBoosting } from './hist-gradient-boosting.ts'
import { lasso } from './lasso.ts'
import { linearRegression } from './linear-regression.ts'
import { logisticRegression } from './logistic-regression.ts'
import { multinomialNb } from './multinomial-nb.ts'
import { mlp } from './neural/mlp.ts'
import { randomForest } from './random-forest.ts'
import { ridge } from './ridge.ts'

/** Every estimator of the studio; a new one is its own file and one line here. */
export const estimators = createRegistry<Estimator>('estimator', [baseline, ridge, linearRegression, lasso, elasticNet, logisticRegression, decisionTree, randomForest, extraTrees, histGradientBoosting, gaussianNb, multinomialNb, bernoulliNb, mlp])
