import { createRegistry } from '../registry.ts'
import type { Estimator } from './estimator.ts'
import { baseline } from './baseline.ts'
import { bernoulliNb } from './bernoulli-nb.ts'
import { decisionTree } from './decision-tree.ts'
import { elasticNet } from './elastic-net.ts'
import { explainableBoosting } from './explainable-boosting.ts'
import { extraTrees } from './extra-trees.ts'
import { gaussianNb } from './gaussian-nb.ts'
import { histGradientBoosting } from './hist-gradient-boosting.ts'
import { kNeighbors } from './k-neighbors.ts'
import { lasso } from './lasso.ts'
import { linearRegression } from './linear-regression.ts'
import { linearSvm } from './linear-svm.ts'
import { logisticRegression } from './logistic-regression.ts'
import { multinomialNb } from './multinomial-nb.ts'
import { cnn } from './neural/cnn.ts'
import { mlp } from './neural/mlp.ts'
import { randomForest } from './random-forest.ts'
import { onnxModel } from './onnx-model.ts'
import { ridge } from './ridge.ts'
import { svm } from './svm.ts'

/** Every estimator of the studio; a new one is its own file and one line here. */
export const estimators = createRegistry<Estimator>('estimator', [baseline, ridge, linearRegression, lasso, elasticNet, logisticRegression, decisionTree, randomForest, extraTrees, histGradientBoosting, explainableBoosting, kNeighbors, gaussianNb, multinomialNb, bernoulliNb, linearSvm, svm, mlp, cnn], [onnxModel])

/** Those that learn from columns of a table, rather than from the pixels of a picture. */
export const tableEstimators: readonly Estimator[] = estimators.all.filter(({ tags }) => !tags.takesPictures)
