/** Fits the same data on one and two threads, in a worker as the app's own. */
import { quietContext } from '../../../src/core/context.ts'
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import type { TreeModel } from '../../../src/core/estimators/tree/head.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { checkParams } from '../../../src/core/params.ts'
import { assetUrls } from '../../../workers/assets.ts'
import { helpersOf } from '../../../workers/helpers.ts'

const rng = createRng(2)
const rows = 20_000
const features = Array.from({ length: 10 }, (_, f) => ({ name: `x${f}`, source: `x${f}`, values: Float32Array.from({ length: rows }, () => (rng.next() < 0.05 ? Number.NaN : rng.normal())) }))
const codes = Int32Array.from({ length: rows }, (_, i) => ((features[0]?.values[i] || 0) * (features[1]?.values[i] || 0) + 0.3 * rng.normal() > 0 ? 1 : 0))
const asked: string[] = []

async function fit(threads: number): Promise<TreeModel> {
  const crew = helpersOf(threads)
  const context = quietContext({ ...(crew && { crew }), asset: async (name) => (asked.push(name), (await fetch(assetUrls[name])).arrayBuffer()) })
  return (await histGradientBoosting.fit({ rows, features }, { task: 'binary', column: 'y', classes: ['no', 'yes'], codes }, { params: checkParams('boosting', histGradientBoosting.params, { maxIter: 20 }), seed: 4 }, context)) as TreeModel
}

const [one, two] = [await fit(1), await fit(2)]
self.postMessage({ isolated: self.crossOriginIsolated, asked, one: one.trees, two: two.trees })
