/** What a search will take: measured on few rows, carried over by the order in which its trials may begin. */
import { expect, it } from 'vitest'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { columnInfo, type Dataset } from '../../../../src/core/data/dataset.ts'
import { cancelled } from '../../../../src/core/errors.ts'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { defaultRecipe } from '../../../../src/core/recipe/default-recipe.ts'
import type { FoldRecipe } from '../../../../src/core/run/fold.ts'
import { type FitCost, fitCost, searchTime, timeOfFit } from '../../../../src/core/tune/forecast.ts'
import type { Space } from '../../../../src/core/tune/space.ts'
import type { TuneSpec } from '../../../../src/core/tune/tune.ts'
import { nodeContext } from '../../../support/node-context.ts'

const rng = createRng(5)
const n = 3000
const x = Array.from({ length: n }, () => rng.normal())
const columns = [columnFrom('x', 'numeric', x), columnFrom('y', 'numeric', x.map((value) => 3 * value + rng.normal()))]
const dataset: Dataset = { id: 'd', name: 'd', rows: n, columns, source: { kind: 'derived', fileName: '', bytes: 0, sha256: '' } }
const rows = Uint32Array.from({ length: n }, (_, row) => row)
const base = (estimator: string, params = {}): FoldRecipe => ({ target: { column: 'y', task: 'regression' }, recipe: defaultRecipe(estimators.get(estimator).tags, columns.map(columnInfo), 'y'), estimator: { id: estimator, params }, seed: 1 })
const alpha: Space = [{ kind: 'number', name: 'alpha', low: 0.01, high: 100, scale: 'log' }]
const spec = (change: Partial<TuneSpec> = {}): TuneSpec => ({ strategy: 'random', space: alpha, trials: 10, metric: 'rmse', folding: { strategy: { kind: 'random' }, folds: 3, seed: 1 }, seed: 4, ...change })
/** 1 ms a row, whatever the number. */
const linear: FitCost = { all: 300, rows: [100, 200], ms: [100, 200], fixed: 0 }

it('follows the sizes that were measured and, beyond them, how they grew', () => {
  expect([50, 100, 150, 200, 400].map((count) => timeOfFit(linear, count))).toEqual([50, 100, 150, 200, expect.closeTo(400, 9)])
  // 10 ms a row over 50 ms that every training takes: 4 times the rows are not 4 times as long.
  expect(timeOfFit({ ...linear, rows: [100, 400], ms: [1050, 4050] }, 1600)).toBeCloseTo(16_050, 6)
  // Doubled rows, four times as long.
  expect(timeOfFit({ ...linear, rows: [100, 200], ms: [100, 400] }, 800)).toBeCloseTo(6400, 6)
  expect(timeOfFit({ ...linear, rows: [100], ms: [100] }, 800)).toBe(800)
  expect(timeOfFit({ ...linear, ms: [100, 90] }, 800)).toBe(90)
})

it('lets trials run side by side as far as the strategy allows', () => {
  // Each fold learns from 200 rows: 200 ms.
  expect(searchTime(linear, spec(), 1)).toBe(10 * 3 * 200)
  expect(searchTime(linear, spec(), 2)).toBe(10 * 3 * 100)
  expect(searchTime(linear, spec(), 30)).toBe(200)
  expect(searchTime(linear, spec(), 300)).toBe(200)
  // Five at random, then never more than four at a time.
  expect(searchTime(linear, spec({ strategy: 'bayesian' }), 300)).toBeGreaterThanOrEqual(3 * 200)
  // By time a fold learns from 75, 150 and 225 of 300 rows, and is dealt once.
  expect(searchTime(linear, spec({ folding: { strategy: { kind: 'time', column: 't' }, folds: 3, repeats: 4, seed: 1 } }), 1)).toBeCloseTo(10 * 450, 6)
  expect(searchTime(linear, spec({ folding: { strategy: { kind: 'random' }, folds: 3, repeats: 4, seed: 1 } }), 1)).toBe(4 * 10 * 3 * 200)
})

it('knows what budgets and outer folds cost', () => {
  // 27 on 1/27, 9 on 1/9, 3 on 1/3, one on all: rungs of about 1 trial each. Below 100 rows a training is taken to cost half of it at least.
  const halved = searchTime(linear, spec({ strategy: 'halving', trials: 4 }), 1)
  expect(halved).toBeCloseTo(3 * (27 * 50 + 9 * 50 + (3 * 200) / 3 + 200), 6)
  const forest: Space = [{ kind: 'integer', name: 'minSamplesLeaf', low: 1, high: 9, scale: 'linear' }]
  const inTrees = (fixed: number): number => searchTime({ ...linear, fixed }, spec({ strategy: 'halving', trials: 4, space: forest, resource: 'nEstimators' }), 1)
  expect(inTrees(0)).toBeCloseTo(3 * 4 * 200, 6)
  expect(inTrees(1)).toBeCloseTo(3 * 40 * 200, 6)
  // Inner searches and the one model of each outer fold have 4/5 of the rows.
  expect(searchTime(linear, spec({ outerFolds: 5 }), 1)).toBeCloseTo(6000 + 5 * (10 * 3 * 160 + 240), 6)
})

it('measures some of its own trials on more and more rows, and gives up what takes too long', async () => {
  const cost = await fitCost(base('ridge'), dataset, rows, spec(), nodeContext(), 1e6)
  expect(cost).toMatchObject({ all: n, rows: [250, 1000, 2000], fixed: 0 })
  expect(cost!.ms.every((ms) => ms >= 0)).toBe(true)
  const space: Space = [{ kind: 'integer', name: 'minSamplesLeaf', low: 1, high: 9, scale: 'linear' }]
  const trees = await fitCost(base('random-forest', { nEstimators: 30 }), dataset, rows.slice(0, 200), spec({ strategy: 'halving', space, resource: 'nEstimators' }), nodeContext(), 1e6)
  expect(trees).toMatchObject({ all: 200, rows: [133] })
  expect(trees!.fixed).toBeGreaterThanOrEqual(0)
  expect(trees!.fixed).toBeLessThanOrEqual(1)
  // Each look at the clock is ten seconds later.
  let clock = 0
  expect(await fitCost(base('ridge'), dataset, rows, spec(), nodeContext({ now: () => (clock += 10_000) }), 1500)).toBeUndefined()
  await expect(fitCost(base('ridge'), dataset, rows, spec(), nodeContext({ checkpoint: () => Promise.reject(cancelled()) }), 1500)).rejects.toMatchObject({ code: 'cancelled' })
})
