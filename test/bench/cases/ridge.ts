/** Ridge regression, 200,000 x 28: from float32 columns to a model. Quality is held-out accuracy at 0.5. */
import type { RegressionTarget } from '../../../src/core/data/target.ts'
import { ridge } from '../../../src/core/estimators/ridge.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench } from '../harness.ts'

const params = checkParams('ridge', ridge.params, {})

export const bench: Bench = {
  gate: { ratio: 1 },
  peer: 'ridge.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['sklearn', 'python3-sklearn'],
  ],
  async load(folder) {
    const { train, y, held, accuracy } = readBinaryTable(folder, 200_000, 28)
    const target: RegressionTarget = { task: 'regression', column: 'y', values: Float64Array.from(y.codes) }
    return async () => {
      const start = performance.now()
      const model = await ridge.fit(train, target, { params, seed: 0 }, nodeContext())
      const ms = performance.now() - start
      const prediction = await model.predict(held)
      if (prediction.task !== 'regression') throw new Error('ridge predicts numbers')
      const probabilities = Float64Array.from({ length: 2 * held.rows }, (_, i) => (i % 2 === 1 ? (prediction.values[i >> 1] as number) : 1 - (prediction.values[i >> 1] as number)))
      return { ms, quality: accuracy({ task: 'binary', classes: y.classes, probabilities }) }
    }
  },
}
