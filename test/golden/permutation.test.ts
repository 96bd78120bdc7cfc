import { expect, test } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { columnFrom } from '../../src/core/data/column.ts'
import type { Dataset } from '../../src/core/data/dataset.ts'
import type { ExplainInput } from '../../src/core/explain/explainer.ts'
import { partialDependence } from '../../src/core/explain/partial-dependence.ts'
import { permutationImportance, shuffleSource } from '../../src/core/explain/permutation.ts'
import { metrics } from '../../src/core/metrics/registry.ts'
import { defaultsOf } from '../../src/core/params.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import { glassPipeline } from '../support/glass-pipeline.ts'
import golden from './permutation.json' with { type: 'json' }

const names = golden.weights.map((_, c) => `x${c}`)
const dataset: Dataset = {
  id: 'golden',
  name: 'golden',
  rows: golden.X.length,
  columns: names.map((name, c) => columnFrom(name, 'numeric', golden.X.map((row) => row[c] as number))),
  source: { kind: 'paste', fileName: '', bytes: 0, sha256: '' },
}
const pipeline = glassPipeline('regression', names.map((name, c) => ({ name, kind: 'numeric', weights: [[golden.weights[c] as number]] })))
const input: ExplainInput = {
  pipeline,
  dataset,
  part: 'valid',
  rows: Uint32Array.from(golden.X, (_, i) => i),
  target: { task: 'regression', column: 'y', values: Float64Array.from(golden.y) },
  seed: 1,
  threshold: 0.5,
}
/** The same sums in another order. */
const exact = { absolute: 1e-12 }

test('drops equal scikit-learn on its own permutations', async () => {
  const X = pipeline.features(dataset.columns)
  const score = async (matrix: typeof X): Promise<number> => {
    const result = metrics.get('mae').compute({ target: input.target, prediction: await pipeline.model.predict(matrix) })
    return 'value' in result ? result.value : Number.NaN
  }
  const baseline = await score(X)
  for (const [c, name] of names.entries()) {
    const drops: number[] = []
    for (const permutation of golden.permutations) drops.push((await score(shuffleSource(X, name, permutation))) - baseline)
    expectAllClose(drops, golden.importances[c] as number[], exact)
  }
})

test('with permutations of its own it agrees in distribution', async () => {
  const result = await permutationImportance.explain(input, { ...defaultsOf(permutationImportance.params), metric: 'mae', repeats: 50 }, quietContext())
  if (result.kind !== 'permutation-importance') throw new Error(result.kind)
  expect(result.columns.map(({ column }) => column)).toEqual(['x0', 'x1', 'x2', 'x3'])
  for (const { column, mean, sd } of result.columns) {
    const c = names.indexOf(column)
    const wanted = golden.mean[c] as number
    // A mean of 5 against a mean of 50: five standard errors of their difference.
    expectAllClose([mean], [wanted], { absolute: 5 * Math.sqrt((sd * sd) / 50 + (sd * sd) / 5) + 1e-12 })
  }
})

test('partial dependence and ICE equal scikit-learn', async () => {
  const result = await partialDependence.explain(input, { ...defaultsOf(partialDependence.params), column: 'x0', curves: golden.X.length }, quietContext())
  if (result.kind !== 'partial-dependence') throw new Error(result.kind)
  // scikit-learn's grid is scipy's mquantiles, which interpolates between other order statistics than numpy's default.
  expect(result.grid.length).toBe(golden.partialDependence.grid.length)
  const slope = (ys: readonly number[], xs: readonly (number | string)[]): number => ((ys.at(-1) as number) - (ys[0] as number)) / ((xs.at(-1) as number) - (xs[0] as number))
  // Features are float32: a grid value keeps 7 digits.
  expectAllClose([slope(result.mean, result.grid)], [slope(golden.partialDependence.mean, golden.partialDependence.grid)], { relative: 1e-6 })
  const at = (grid: readonly (number | string)[], ys: readonly number[], x: number): number => (ys[0] as number) + slope(ys, grid) * (x - (grid[0] as number))
  expectAllClose(golden.partialDependence.grid.map((x) => at(result.grid, result.mean, x)), golden.partialDependence.mean, { absolute: 1e-5 })
  golden.partialDependence.ice.forEach((curve, i) => expectAllClose(golden.partialDependence.grid.map((x) => at(result.grid, result.ice[i] ?? [], x)), curve, { absolute: 1e-5 }))
})
