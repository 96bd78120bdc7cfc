/** Lasso, 200,000 x 28. */
import { lasso } from '../../../src/core/estimators/lasso.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(lasso, 200_000, 'numbers', { alpha: 0.01 })
