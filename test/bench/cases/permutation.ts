/** Permutation importance of 28 columns at 20,000 rows, 5 repeats, 100 trees of depth 6, one thread; the peer takes all cores. Quality is the largest mean drop of accuracy. */
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import type { ExplainInput, PermutationImportance } from '../../../src/core/explain/explainer.ts'
import { permutationImportance } from '../../../src/core/explain/permutation.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { readBinaryTable } from '../data.ts'
import type { Bench } from '../harness.ts'

const params = checkParams('boosting', histGradientBoosting.params, { learningRate: 0.3, maxIter: 100, maxDepth: 6, maxLeafNodes: 0, minSamplesLeaf: 4, l2Regularization: 1, earlyStopping: 'off' })

export const bench: Bench = {
  peer: 'permutation.py',
  needs: [
    ['numpy', 'python3-numpy'],
    ['sklearn', 'python3-sklearn'],
  ],
  async load(folder) {
    const { train, y, held, codes } = readBinaryTable(folder, 100_000, 28)
    const model = await histGradientBoosting.fit(train, y, { params, seed: 0 }, nodeContext())
    const rows = Uint32Array.from({ length: held.rows }, (_, i) => i)
    // Of the pipeline only its features and model are asked.
    const input = { pipeline: { model, features: () => held }, dataset: { columns: [] }, part: 'valid', rows, target: { ...y, codes }, seed: 1, threshold: 0.5 } as unknown as ExplainInput
    return async () => {
      const start = performance.now()
      const said = (await permutationImportance.explain(input, { metric: 'accuracy', repeats: 5, maxRows: 1_000_000 }, nodeContext())) as PermutationImportance
      return { ms: performance.now() - start, quality: said.columns[0]?.mean ?? 0 }
    }
  },
}
