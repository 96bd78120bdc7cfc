import { expect, test } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { histGradientBoosting } from '../../src/core/estimators/hist-gradient-boosting.ts'
import type { TreeModel } from '../../src/core/estimators/tree/head.ts'
import { createRng } from '../../src/core/math/rng.ts'
import { checkParams } from '../../src/core/params.ts'
import wasmUrl from '../../src/kernels/boosting.wasm?url'

test('the kernels that the browser compiles give the model of the plain ones', async () => {
  const rng = createRng(2)
  const rows = 3000
  const features = Array.from({ length: 7 }, (_, f) => ({ name: `x${f}`, source: `x${f}`, values: Float32Array.from({ length: rows }, () => (rng.next() < 0.05 ? Number.NaN : rng.normal())) }))
  const codes = Int32Array.from({ length: rows }, (_, i) => ((features[0]!.values[i]! || 0) * (features[1]!.values[i]! || 0) + 0.3 * rng.normal() > 0 ? 1 : 0))
  const X = { rows, features }
  const y = { task: 'binary' as const, column: 'y', classes: ['no', 'yes'], codes }
  const options = { params: checkParams('boosting', histGradientBoosting.params, { maxIter: 20 }), seed: 4 }
  const compiled = (await histGradientBoosting.fit(X, y, options, quietContext({ asset: async () => (await fetch(wasmUrl)).arrayBuffer() }))) as TreeModel
  const plain = (await histGradientBoosting.fit(X, y, options, quietContext())) as TreeModel
  expect(compiled.facts['kernels']).toBe('compiled')
  expect(compiled.trees).toEqual(plain.trees)
})
