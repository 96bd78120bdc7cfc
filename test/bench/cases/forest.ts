/** Random forest, 50,000 x 28, two classes, 100 trees without a limit, one thread, out-of-bag score included. Quality is held-out accuracy. */
import { randomForest } from '../../../src/core/estimators/random-forest.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench } from '../harness.ts'

export const bench: Bench = {
  gate: { ratio: 0.3 },
  peer: 'forest.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['sklearn', 'python3-sklearn'],
  ],
  async load(folder) {
    const { train, y, held, accuracy } = readBinaryTable(folder, 50_000, 28)
    const params = checkParams('random-forest', randomForest.params, {})
    return async () => {
      const start = performance.now()
      const model = await randomForest.fit(train, y, { params, seed: 0 }, nodeContext())
      const ms = performance.now() - start
      return { ms, quality: accuracy(await model.predict(held, nodeContext())) }
    }
  },
}
