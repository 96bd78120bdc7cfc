/** Support vectors with the RBF kernel, 4,000 x 28. */
import { svm } from '../../../src/core/estimators/svm.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(svm, 4_000, 'classes', { gamma: 1 / 28 })
