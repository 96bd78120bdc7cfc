/** 100,000 x 28, seven classes, 50 rounds of 7 trees of depth 6: from float32 columns to a model. Quality is held-out log loss. */
import type { ClassPrediction, ClassTarget } from '../../../src/core/data/target.ts'
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { nodeCrew } from '../../support/node-crew.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench } from '../harness.ts'

// XGBoost takes twice the hessian of the softmax: half its rate and penalty here are the same steps.
const params = checkParams('boosting', histGradientBoosting.params, { learningRate: 0.15, maxIter: 50, maxDepth: 6, maxLeafNodes: 0, minSamplesLeaf: 4, l2Regularization: 0.5, earlyStopping: 'off' })

export const benchOn = (threads: number): Bench => ({
  threads,
  gate: { ratio: 0.7, quality: { best: 'low', share: 0.005 } },
  peer: 'boosting-classes.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['xgboost', 'python3-xgboost'],
  ],
  async load(folder) {
    const { train, y: table, held, codes } = readBinaryTable(folder, 100_000, 28)
    const y: ClassTarget = { task: 'multiclass', column: 'y', classes: ['0', '1', '2', '3', '4', '5', '6'], codes: table.codes }
    const crew = threads > 1 ? nodeCrew(threads) : undefined
    return async () => {
      const start = performance.now()
      const model = await histGradientBoosting.fit(train, y, { params, seed: 0 }, nodeContext(crew ? { crew } : {}))
      const ms = performance.now() - start
      const { probabilities } = (await model.predict(held)) as ClassPrediction
      return { ms, quality: codes.reduce((sum, code, row) => sum - Math.log(Math.max(probabilities[row * 7 + code] as number, 1e-15)), 0) / held.rows }
    }
  },
})
export const bench = benchOn(1)
