/** Exact attributions of 10,000 x 28 by 100 trees of depth 6, one thread, tables of the leaves included. Quality is the accuracy of the sign of their sums. */
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import { attributionsOf } from '../../../src/core/estimators/tree/attribute.ts'
import type { TreeModel } from '../../../src/core/estimators/tree/head.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench } from '../harness.ts'

const params = checkParams('boosting', histGradientBoosting.params, { learningRate: 0.3, maxIter: 100, maxDepth: 6, maxLeafNodes: 0, minSamplesLeaf: 4, l2Regularization: 1, earlyStopping: 'off' })

export const bench: Bench = {
  gate: { ratio: 0.5 },
  peer: 'shap.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['xgboost', 'python3-xgboost'],
  ],
  async load(folder) {
    const { train, y, held, accuracy } = readBinaryTable(folder, 100_000, 28)
    const { trees, head } = (await histGradientBoosting.fit(train, y, { params, seed: 0 }, nodeContext())) as TreeModel
    return async () => {
      const start = performance.now()
      // A copy of the trees, so that no run finds the tables of an earlier one.
      const { base, values } = await attributionsOf({ ...trees }, held, head, nodeContext())
      const ms = performance.now() - start
      const probabilities = new Float64Array(held.rows * 2)
      for (let row = 0; row < held.rows; row++) {
        const score = values.subarray(row * 28, row * 28 + 28).reduce((a, b) => a + b, base[0] as number)
        probabilities[2 * row + (score >= 0 ? 1 : 0)] = 1
      }
      return { ms, quality: accuracy({ task: 'binary', classes: ['0', '1'], probabilities }) }
    }
  },
}
