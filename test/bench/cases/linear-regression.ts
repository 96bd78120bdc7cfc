/** Least squares, 200,000 x 28, with the standard errors that the peer does not give. */
import { linearRegression } from '../../../src/core/estimators/linear-regression.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(linearRegression, 200_000, 'numbers')
