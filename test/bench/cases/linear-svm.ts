/** Linear support vector machine with probabilities, 50,000 x 28. */
import { linearSvm } from '../../../src/core/estimators/linear-svm.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(linearSvm, 50_000, 'classes')
