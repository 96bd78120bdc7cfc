/** Gaussian naive Bayes, 200,000 x 28. */
import { gaussianNb } from '../../../src/core/estimators/gaussian-nb.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(gaussianNb, 200_000, 'classes')
