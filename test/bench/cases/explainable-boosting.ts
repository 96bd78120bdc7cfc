/** An explainable boosting machine, 5,000 x 28. No other is in Debian: the peer is additive boosting without pairs and bags, so ours goes without them too. */
import { explainableBoosting } from '../../../src/core/estimators/explainable-boosting.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(explainableBoosting, 5_000, 'classes', { interactions: 0, outerBags: 1 })
