/** One decision tree of depth 10, 50,000 x 28. */
import { decisionTree } from '../../../src/core/estimators/decision-tree.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(decisionTree, 50_000, 'classes', { maxDepth: 10, minSamplesLeaf: 5 })
