/** 1,000,000 x 28 predicted by 100 trees of depth 6, one thread, from float32 columns to probabilities. Quality is accuracy. */
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench } from '../harness.ts'

const params = checkParams('boosting', histGradientBoosting.params, { learningRate: 0.3, maxIter: 100, maxDepth: 6, maxLeafNodes: 0, minSamplesLeaf: 4, l2Regularization: 1, earlyStopping: 'off' })

export const bench: Bench = {
  gate: { ratio: 1 },
  peer: 'tree-predict.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['xgboost', 'python3-xgboost'],
  ],
  async load(folder) {
    const { train, y, held, accuracy } = readBinaryTable(folder, 100_000, 28)
    const model = await histGradientBoosting.fit(train, y, { params, seed: 0 }, nodeContext())
    return async () => {
      const start = performance.now()
      const prediction = await model.predict(held, nodeContext())
      return { ms: performance.now() - start, quality: accuracy(prediction) }
    }
  },
}
