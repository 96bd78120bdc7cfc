/** MLP 30-64-64-2 on 20,000 rows, batches of 128, Adam: five epochs on our kernels. Quality is held-out accuracy. */
import { mlp } from '../../../src/core/estimators/neural/mlp.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { nodeCrew } from '../../support/node-crew.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench } from '../harness.ts'

const params = checkParams('mlp', mlp.params, { hiddenLayerSizes: '64, 64', batchSize: 128, maxIter: 5, earlyStopping: false, backend: 'wasm' })

export const benchOn = (threads: number): Bench => ({
  threads,
  gate: { ratio: 1.5 },
  peer: 'neural-mlp.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['torch', 'python3-torch'],
  ],
  async load(folder) {
    const { train, y, held, accuracy } = readBinaryTable(folder, 20_000, 30)
    const crew = threads > 1 ? nodeCrew(threads) : undefined
    return async () => {
      const start = performance.now()
      const model = await mlp.fit(train, y, { params, seed: 0 }, nodeContext(crew ? { crew } : {}))
      const ms = performance.now() - start
      return { ms, quality: accuracy(await model.predict(held)) }
    }
  },
})
export const bench = benchOn(1)
