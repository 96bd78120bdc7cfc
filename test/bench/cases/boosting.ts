/** 200,000 x 28, two classes, 100 trees of depth 6: from float32 columns to a model. Quality is the area under the held-out ROC curve. */
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { nodeCrew } from '../../support/node-crew.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench } from '../harness.ts'

// XGBoost stops at a hessian of 1, which is 4 rows at even odds.
const params = checkParams('boosting', histGradientBoosting.params, { learningRate: 0.3, maxIter: 100, maxDepth: 6, maxLeafNodes: 0, minSamplesLeaf: 4, l2Regularization: 1, earlyStopping: 'off' })

export const benchOn = (threads: number): Bench => ({
  threads,
  gate: { ratio: 0.7, quality: { best: 'high', margin: 0.002 } },
  peer: 'boosting.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['xgboost', 'python3-xgboost'],
  ],
  async load(folder) {
    const { train, y, held, auc } = readBinaryTable(folder, 200_000, 28)
    const crew = threads > 1 ? nodeCrew(threads) : undefined
    return async () => {
      const start = performance.now()
      const model = await histGradientBoosting.fit(train, y, { params, seed: 0 }, nodeContext(crew ? { crew } : {}))
      const ms = performance.now() - start
      return { ms, quality: auc(await model.predict(held)) }
    }
  },
})
export const bench = benchOn(1)
