/** Threads on a shared memory leave the bits of one thread, and of the plain kernels. */
import { afterAll, expect, test } from 'vitest'
import type { Feature, Matrix } from '../../../src/core/data/matrix.ts'
import type { Target } from '../../../src/core/data/target.ts'
import { quietContext } from '../../../src/core/context.ts'
import { histGradientBoosting } from '../../../src/core/estimators/hist-gradient-boosting.ts'
import type { TreeModel } from '../../../src/core/estimators/tree/head.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { checkParams } from '../../../src/core/params.ts'
import { nodeContext } from '../../support/node-context.ts'
import { nodeCrew } from '../../support/node-crew.ts'

const crews = [2, 3].map(nodeCrew)
afterAll(async () => {
  await Promise.all(crews.map((crew) => crew.dismiss()))
})

// More rows than a part of the sums has, and nodes above and below what is worth sharing.
const rows = 20_000
const rng = createRng(9)
const X: Matrix = {
  rows,
  features: Array.from({ length: 11 }, (_, f): Feature => ({ name: `x${f}`, source: '', values: Float32Array.from({ length: rows }, () => (f === 3 && rng.next() < 0.2 ? Number.NaN : f === 10 ? rng.int(6) : rng.normal())), ...(f === 10 && { categories: ['a', 'b', 'c', 'd', 'e', 'f'] }) })),
}
const score = Float64Array.from({ length: rows }, (_, i) => (X.features[0]?.values[i] ?? 0) * (1 + (X.features[1]?.values[i] ?? 0)) + ((X.features[10]?.values[i] ?? 0) % 2) + 0.3 * rng.normal())
const targets: Record<string, Target> = {
  binary: { task: 'binary', column: 'y', classes: ['no', 'yes'], codes: Int32Array.from(score, (s) => (s > 0 ? 1 : 0)) },
  multiclass: { task: 'multiclass', column: 'y', classes: ['a', 'b', 'c'], codes: Int32Array.from(score, (s) => (s < -0.5 ? 0 : s < 0.7 ? 1 : 2)) },
  regression: { task: 'regression', column: 'y', values: score },
}

test.each(Object.keys(targets))('%s', async (task) => {
  const options = { params: checkParams('boosting', histGradientBoosting.params, { maxIter: 4 }), seed: 4 }
  const asked: string[] = []
  const context = nodeContext()
  const fit = async (over: Parameters<typeof nodeContext>[0]) => (await histGradientBoosting.fit(X, targets[task] as Target, options, nodeContext({ ...over, asset: (name) => (asked.push(name), context.asset(name)) }))) as TreeModel
  const one = await fit({})
  for (const crew of crews) expect((await fit({ crew })).trees).toEqual(one.trees)
  expect(asked).toEqual(['boosting.wasm', 'boosting-shared.wasm', 'boosting-shared.wasm'])
  const plain = (await histGradientBoosting.fit(X, targets[task] as Target, options, quietContext())) as TreeModel
  expect(plain.trees).toEqual(one.trees)
})

test('where no helper comes the caller does it all', async () => {
  const options = { params: checkParams('boosting', histGradientBoosting.params, { maxIter: 2 }), seed: 4 }
  const alone = (await histGradientBoosting.fit(X, targets['binary'] as Target, options, nodeContext({ crew: { threads: 4, enlist() {} } }))) as TreeModel
  const one = (await histGradientBoosting.fit(X, targets['binary'] as Target, options, nodeContext())) as TreeModel
  expect(alone.trees).toEqual(one.trees)
})
