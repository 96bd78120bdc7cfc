/** Logistic regression, 200,000 x 28: from float32 columns to a model. Quality is held-out accuracy. */
import { logisticRegression } from '../../../src/core/estimators/logistic-regression.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench } from '../harness.ts'

// scikit-learn's lbfgs stops at 1e-4; ours goes to the same tolerance here, and further by default.
const params = checkParams('logistic-regression', logisticRegression.params, { tol: 1e-4 })

export const bench: Bench = {
  gate: { ratio: 1 },
  peer: 'linear.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['sklearn', 'python3-sklearn'],
  ],
  async load(folder) {
    const { train, y, held, accuracy } = readBinaryTable(folder, 200_000, 28)
    return async () => {
      const start = performance.now()
      const model = await logisticRegression.fit(train, y, { params, seed: 0 }, nodeContext())
      const ms = performance.now() - start
      return { ms, quality: accuracy(await model.predict(held)) }
    }
  },
}
