/** Elastic net, 200,000 x 28. */
import { elasticNet } from '../../../src/core/estimators/elastic-net.ts'
import { besideSklearn } from '../beside-sklearn.ts'

export const bench = besideSklearn(elasticNet, 200_000, 'numbers', { alpha: 0.01 })
