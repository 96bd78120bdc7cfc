import { describe, expect, it } from 'vitest'
import { quietContext } from '../../../../src/core/context.ts'
import { comparePairs, correctedResampledT, holm, mcNemar, pairedBootstrap, sharedRanks } from '../../../../src/core/evaluate/compare.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { metrics } from '../../../../src/core/metrics/registry.ts'
import { Sample } from '../../../../src/core/metrics/sample.ts'

const rng = createRng(3)
const noise = (n: number, sd: number) => Float64Array.from({ length: n }, () => rng.normal() * sd)

describe('comparing models', () => {
  it('says nothing of equal models, and is certain of a constant gap', () => {
    expect(correctedResampledT([0.8, 0.9, 0.7], [0.8, 0.9, 0.7], 0.5)).toMatchObject({ difference: 0, p: 1 })
    expect(correctedResampledT([3, 3, 3], [2, 2, 2], 0.5)).toMatchObject({ difference: 1, p: 0, low: 1, high: 1 })
    expect(mcNemar([1, 0, 1], [1, 0, 1])).toMatchObject({ p: 1, n: 0 })
    expect(holm([])).toEqual([])
  })

  it('refuses what is not paired', () => {
    expect(() => correctedResampledT([1, 2], [1, 2, 3], 0.5)).toThrow('invalid comparison; both models need the same folds: 2 and 3')
    expect(() => correctedResampledT([1], [2], 0.5)).toThrow('invalid comparison; fewer than 2 folds: 1')
    expect(() => mcNemar([1], [1, 0])).toThrow('invalid comparison; both models need the same rows: 1 and 2')
  })

  it('is the more careful the more the training rows overlap', () => {
    const [a, b] = [[0.8, 0.82, 0.85, 0.83], [0.78, 0.81, 0.81, 0.82]]
    expect(correctedResampledT(a, b, 1 / 3).p).toBeGreaterThan(correctedResampledT(a, b, 0).p)
  })

  it('bootstraps two models on the same resamples: a shared hardness of rows cancels', async () => {
    const n = 200
    const truth = noise(n, 1)
    const hard = noise(n, 2)
    const better = noise(n, 0.1)
    const sample = (values: Float64Array) => new Sample({ target: { task: 'regression', column: 'y', values: truth }, prediction: { task: 'regression', values } })
    const good = sample(truth.map((value, i) => value + hard[i]!))
    const bad = sample(truth.map((value, i) => value + hard[i]! * 1.1 + better[i]!))
    const rmse = metrics.get('rmse')
    const made = (await pairedBootstrap(good, bad, rmse, 1, quietContext()))!
    expect(made.p).toBeLessThan(0.01)
    expect(made.high).toBeLessThan(0)
    expect(await pairedBootstrap(good, bad, rmse, 1, quietContext())).toEqual(made)
    expect(await pairedBootstrap(good, good, rmse, 1, quietContext())).toMatchObject({ difference: 0, p: 1 })
  })

  it('tells many clearly different models apart from their rows, whatever Holm asks of so few resamples', async () => {
    const values = noise(400, 1)
    const contenders = Array.from({ length: 8 }, (_, i) => {
      const off = noise(values.length, 0.1 * 1.5 ** i)
      return { sample: new Sample({ target: { task: 'regression', column: 'y', values }, prediction: { task: 'regression', values: values.map((value, row) => value + (off[row] as number)) } }) }
    })
    const context = { ...quietContext(), report: () => {} }
    const pairs = await comparePairs(contenders, metrics.get('rmse'), { heldToTrained: 0, seed: 1 }, context)
    expect(pairs).toHaveLength(28)
    // A count of a thousand resamples says 0.002 at the least, which Holm takes to 0.056.
    for (const { tests } of pairs) expect(tests[0]?.corrected).toBeLessThan(0.01)
  })

  it('shares a rank among models that cannot be told apart', () => {
    const base = Array.from({ length: 10 }, () => 0.7 + rng.normal() * 0.02)
    const jitter = (by: number) => base.map((value) => value + by + rng.normal() * 0.003)
    // The second and third differ from the first by less than their noise; the fourth and fifth by far more.
    const models = [jitter(-0.1), jitter(0), jitter(0.0005), jitter(-0.1), jitter(-0.3)]
    expect(sharedRanks(models, true, 1 / 4)).toEqual([3, 1, 1, 3, 5])
    expect(sharedRanks(models, false, 1 / 4)).toEqual([2, 4, 4, 2, 1])
    expect(sharedRanks([base], true, 1 / 4)).toEqual([1])
    expect(sharedRanks([], true, 1 / 4)).toEqual([])
  })
})
