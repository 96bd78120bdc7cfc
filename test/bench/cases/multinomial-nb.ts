/** Multinomial naive Bayes, 200,000 x 28. */
import { multinomialNb } from '../../../src/core/estimators/multinomial-nb.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(multinomialNb, 200_000, 'classes')
