import { describe, expect, it } from 'vitest'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import { defaultsOf } from '../../../../src/core/params.ts'
import { fitRecipe } from '../../../../src/core/recipe/recipe.ts'
import { featureCount, memoryOf, memoryOfSearch, sampleThatFits, searchSampleThatFits, type DataShape } from '../../../../src/core/run/memory.ts'
import type { RunSpec } from '../../../../src/core/run/run-spec.ts'
import { splitOf } from '../../../../src/core/run/split-of.ts'
import { train } from '../../../../src/core/run/train.ts'
import { loadDataset } from '../../../../src/storage/datasets.ts'
import { ingestSample, specFor } from '../../../support/host.ts'

const MB = 2 ** 20
const wide: DataShape = { rows: 10_000_000, bytes: 10_000_000 * 21 * 8, classes: 2, columns: Array.from({ length: 21 }, (_, i) => ({ name: `x${i}`, kind: 'numeric', missing: 0 })) }
const spec = (estimator: string, more: Partial<RunSpec> = {}): RunSpec => ({
  version: 1,
  projectId: 'p',
  datasetId: 'd',
  target: { column: 'x0', task: 'binary' },
  split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 1 },
  recipe: { version: 1, steps: [], excluded: [] },
  estimator: { id: estimator, params: {} },
  seed: 1,
  ...more,
})

describe('the memory that a run needs', () => {
  it('counts the features that recipes make', async () => {
    for (const [file, column] of [['penguins.csv', 'species'], ['german-credit.csv', 'credit_risk']] as const) {
      const opened = await ingestSample(file)
      const dataset = await loadDataset(opened.host.store, opened.datasetId)
      for (const id of ['ridge', 'hist-gradient-boosting', 'multinomial-nb']) {
        const own = specFor(opened, { column, task: 'multiclass' }, id)
        const made = fitRecipe(dataset.columns, splitOf(own, dataset).train, own.recipe, { target: column, sampleWeight: undefined }).train.features.length
        const told = featureCount(own.recipe, opened.columns, column)
        // Whether a column has holes, and which categories are rare, is known only once it is fitted.
        expect(told / made, `${file} ${id}: ${told} for ${made}`).toBeGreaterThanOrEqual(0.9)
        expect(told / made, `${file} ${id}: ${told} for ${made}`).toBeLessThan(1.6)
      }
    }
  })
  it('grows with rows, classes, trees and folds side by side', () => {
    const boosting = memoryOf(spec('hist-gradient-boosting'), wide, 1)
    // Measured in a tab: 1.9 GB.
    expect(boosting / MB).toBeGreaterThan(1000)
    expect(boosting / MB).toBeLessThan(3800)
    expect(memoryOf(spec('hist-gradient-boosting'), { ...wide, rows: 1_000_000, bytes: wide.bytes / 10 }, 1)).toBeLessThan(boosting / 5)
    expect(memoryOf(spec('hist-gradient-boosting', { folds: 5 }), wide, 2)).toBeGreaterThan(1.8 * boosting)
    expect(memoryOf(spec('hist-gradient-boosting', { folds: 5 }), wide, 1)).toBe(boosting)
    expect(memoryOf(spec('random-forest', { estimator: { id: 'random-forest', params: { nEstimators: 400 } } }), wide, 1)).toBeGreaterThan(2 * memoryOf(spec('random-forest'), wide, 1))
  })
  it.each(estimators.all.filter(({ tags }) => !tags.takesPictures))('$id tells a finite number for any size', (estimator) => {
    for (const rows of [1, 1000, 1e8]) for (const classes of [1, 2, 100]) expect(estimator.memory?.(defaultsOf(estimator.params) as never, { rows, features: 10, classes }) ?? 0).toBeGreaterThanOrEqual(0)
  })
  it('tells what a search takes at its largest settings, and the sample of it that fits', () => {
    const forest = spec('random-forest')
    const trees = { space: [{ kind: 'integer', name: 'nEstimators', low: 25, high: 400, scale: 'log' }] as const, trials: 20, folds: 3 }
    const alone = memoryOfSearch(forest, trees, wide, 1)
    expect(alone).toBe(memoryOfSearch({ ...forest, estimator: { id: 'random-forest', params: { nEstimators: 400 } } }, { ...trees, space: [] }, wide, 1))
    expect(alone).toBeGreaterThan(memoryOfSearch(forest, { ...trees, space: [] }, wide, 1))
    expect(memoryOfSearch(forest, trees, wide, 4)).toBe(4 * alone)
    // No more side by side than there are folds to train.
    expect(memoryOfSearch(forest, { ...trees, trials: 1 }, wide, 8)).toBe(3 * alone)
    expect(searchSampleThatFits(forest, trees, wide, 1, 1e13)).toBeUndefined()
    const rows = searchSampleThatFits(forest, trees, wide, 1, 6144 * MB) as number
    expect(rows).toBeGreaterThan(0)
    expect(memoryOfSearch({ ...forest, sampleRows: rows }, trees, wide, 1)).toBeLessThanOrEqual(6144 * MB)
  })
  it('proposes the largest sample that fits, in round numbers, or none', async () => {
    const forest = spec('random-forest')
    expect(sampleThatFits(forest, wide, 1, 1e12)).toBeUndefined()
    const limit = 4096 * MB
    const rows = sampleThatFits(forest, wide, 1, limit) as number
    expect(String(rows)).toMatch(/^\d\d0+$/)
    expect(memoryOf({ ...forest, sampleRows: rows }, wide, 1)).toBeLessThanOrEqual(limit)
    expect(memoryOf({ ...forest, sampleRows: rows * 1.15 }, wide, 1)).toBeGreaterThan(limit)
    expect(sampleThatFits(forest, wide, 1, 100 * MB)).toBe(0)
  })
  it('learns from the sample, says so, and does it again the same', async () => {
    const opened = await ingestSample('german-credit.csv')
    const dataset = await loadDataset(opened.host.store, opened.datasetId)
    const own = { ...specFor(opened, { column: 'credit_risk', task: 'binary' }, 'logistic-regression'), sampleRows: 200 }
    const [once, again] = [await train(own, dataset, opened.host.context), await train(own, dataset, opened.host.context)]
    expect([once.split.train.length, once.split.valid.length]).toEqual([200, 200])
    expect(once.warnings).toContain('400 rows are in no part: a sample of 200 rows is learnt from.')
    expect(again.pipeline.model.state()).toEqual(once.pipeline.model.state())
  })
})
