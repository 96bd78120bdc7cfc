/** Makes rows x 20 numbers and two classes, and boosts trees on them. */
import { quietContext } from '../../../src/core/context.ts'
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { checkParams } from '../../../src/core/params.ts'
import { assetUrls } from '../../../workers/assets.ts'
import { helpersOf } from '../../../workers/helpers.ts'
import { yieldToMessages } from '../../../src/jobs/worker-context.ts'

self.onmessage = async ({ data: { rows, rounds, threads } }: MessageEvent<{ rows: number; rounds: number; threads: number }>) => {
  try {
    const rng = createRng(1)
    // Sums of three uniform numbers stand for normal ones: they are made ten times as fast.
    const features = Array.from({ length: 20 }, (_, f) => ({ name: `x${f}`, source: '', values: Float32Array.from({ length: rows }, () => 2 * (rng.next() + rng.next() + rng.next()) - 3) }))
    const [a, b, c] = features.map(({ values }) => values) as [Float32Array, Float32Array, Float32Array]
    const codes = new Int32Array(rows)
    for (let i = 0; i < rows; i++) codes[i] = (a[i] as number) * (b[i] as number) + (c[i] as number) + 0.3 * rng.next() > 0 ? 1 : 0
    const crew = helpersOf(threads)
    const context = quietContext({ ...(crew && { crew }), now: () => performance.now(), checkpoint: yieldToMessages, asset: async (name) => (await fetch(assetUrls[name])).arrayBuffer() })
    const params = checkParams('boosting', histGradientBoosting.params, { learningRate: 0.3, maxIter: rounds, maxDepth: 6, maxLeafNodes: 0, earlyStopping: 'off' })
    const begun = performance.now()
    const model = await histGradientBoosting.fit({ rows, features }, { task: 'binary', column: 'y', classes: ['no', 'yes'], codes }, { params, seed: 1 }, context)
    self.postMessage({ ms: performance.now() - begun, facts: model.facts, isolated: self.crossOriginIsolated })
  } catch (error) {
    self.postMessage({ error: String(error) })
  }
}
