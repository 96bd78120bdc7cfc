/** Bernoulli naive Bayes, 200,000 x 28. */
import { bernoulliNb } from '../../../src/core/estimators/bernoulli-nb.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(bernoulliNb, 200_000, 'classes')
