/** Extra trees, 50,000 x 28, 100 trees without a limit, one thread. */
import { extraTrees } from '../../../src/core/estimators/extra-trees.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(extraTrees, 50_000, 'classes')
