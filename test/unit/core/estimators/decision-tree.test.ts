import { describe, expect, test } from 'vitest'
import { quietContext } from '../../../../src/core/context.ts'
import type { Progress } from '../../../../src/core/context.ts'
import type { Feature, Matrix } from '../../../../src/core/data/matrix.ts'
import type { ClassPrediction, RegressionPrediction, Target } from '../../../../src/core/data/target.ts'
import { decisionTree } from '../../../../src/core/estimators/decision-tree.ts'
import type { TreeModel } from '../../../../src/core/estimators/tree/head.ts'
import { codesOfSet } from '../../../../src/core/estimators/tree/tree.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { checkParams } from '../../../../src/core/params.ts'
import type { ParamValues } from '../../../../src/core/params.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'

const feature = (values: ArrayLike<number>, categories?: number): Feature => {
  const base = { name: 'x', source: 'x', values: Float32Array.from(values) }
  return categories === undefined ? base : { ...base, categories: Array.from({ length: categories }, (_, i) => `c${i}`) }
}
const matrix = (...features: Feature[]): Matrix => ({ rows: features[0]!.values.length, features })
const numbers = (values: ArrayLike<number>): Target => ({ task: 'regression', column: 'y', values: Float64Array.from(values) })
const classes = (codes: ArrayLike<number>, k = 2): Target => ({ task: k === 2 ? 'binary' : 'multiclass', column: 'y', classes: Array.from({ length: k }, (_, i) => `k${i}`), codes: Int32Array.from(codes) })

async function fit(X: Matrix, y: Target, params: ParamValues = {}, report: (p: Progress) => void = () => {}): Promise<TreeModel> {
  const values = checkParams('decision-tree', decisionTree.params, { minSamplesLeaf: 1, maxDepth: 0, ...params })
  return (await decisionTree.fit(X, y, { params: values, seed: 1 }, quietContext({ report }))) as TreeModel
}
const valuesOf = async (model: TreeModel, X: Matrix): Promise<number[]> => Array.from(((await model.predict(X)) as RegressionPrediction).values)
const NaN_ = Number.NaN

describe('splits', () => {
  test('a value on the threshold goes left; both sides are means', async () => {
    const model = await fit(matrix(feature([1, 2, 4, 5])), numbers([1, 3, 17, 20]), { maxDepth: 1 })
    // Squares around 10.25 are 278.75; around 2 and 18.5 they are 2 + 4.5: 272.25 less, over 4 rows.
    expect(model.trees.threshold[0]).toBe(3)
    expectAllClose([model.trees.gain[0]!], [272.25 / 4], { relative: 1e-12 })
    expect(await valuesOf(model, matrix(feature([3, Math.fround(3.0000003), Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])))).toEqual([2, 18.5, 18.5, 2])
  })
  test('ties: the lowest feature, then the lowest threshold', async () => {
    const model = await fit(matrix(feature([1, 2, 3, 4]), feature([1, 2, 3, 4])), classes([0, 1, 1, 0]), { maxDepth: 1 })
    expect([model.trees.feature[0], model.trees.threshold[0]]).toEqual([0, 1.5])
  })
  test('without gain it still splits what is mixed, as XOR needs', async () => {
    const X = matrix(feature([0, 0, 1, 1]), feature([0, 1, 0, 1]))
    const { probabilities } = (await (await fit(X, classes([0, 1, 1, 0]))).predict(X)) as ClassPrediction
    expect(Array.from(probabilities)).toEqual([1, 0, 0, 1, 0, 1, 1, 0])
  })
  test('neighbouring float32 values part', async () => {
    const X = matrix(feature([1, 1 + 2 ** -23]))
    expect(await valuesOf(await fit(X, numbers([0, 1])), X)).toEqual([0, 1])
  })
})

describe('missing values and categories', () => {
  test('missing learns its side', async () => {
    const model = await fit(matrix(feature([1, 2, NaN_, NaN_, 8, 9])), numbers([0, 0, 6, 6, 6, 6]))
    expect(await valuesOf(model, matrix(feature([NaN_, 1, 9])))).toEqual([6, 0, 6])
    const other = await fit(matrix(feature([1, 2, NaN_, NaN_, 8, 9])), numbers([0, 0, 0, 0, 6, 6]))
    expect(await valuesOf(other, matrix(feature([NaN_, 1, 9])))).toEqual([0, 0, 6])
  })
  test('missing against present is a split', async () => {
    const model = await fit(matrix(feature([3, 3, NaN_])), numbers([0, 0, 9]))
    expect(await valuesOf(model, matrix(feature([NaN_, Number.POSITIVE_INFINITY])))).toEqual([9, 0])
  })
  test('unseen missing follows the larger side', async () => {
    expect(await valuesOf(await fit(matrix(feature([1, 8, 9])), numbers([5, 0, 0])), matrix(feature([NaN_])))).toEqual([0])
  })
  test('categories part by their mean, whatever their codes; one that training lacks goes with missing', async () => {
    const model = await fit(matrix(feature([0, 1, 2, 3, 0, 1, 2, 3, 1], 5)), numbers([1, 5, 1, 5, 1, 5, 1, 5, 5]), { maxDepth: 1 })
    expect(codesOfSet(model.trees, 0)).toEqual([0, 2])
    expect(await valuesOf(model, matrix(feature([0, 1, 2, 3, 4, NaN_], 5)))).toEqual([1, 5, 1, 5, 5, 5])
  })
  test.each(['numbers', 'classes'])('hundreds of categories of noise do not beat a number that matters, and those that matter are still found: %s', async (task) => {
    const draw = createRng(4)
    const [rows, categories] = [900, 300]
    const effects = Array.from({ length: categories }, () => draw.normal())
    const codes = Array.from({ length: rows }, () => draw.int(categories))
    const x = Array.from({ length: rows }, () => draw.normal())
    const target = (of: (row: number) => number): Target => (task === 'numbers' ? numbers(Array.from({ length: rows }, (_, i) => of(i) + 0.3 * draw.normal())) : classes(Array.from({ length: rows }, (_, i) => (of(i) > 0 ? 1 : 0))))
    const X = matrix(feature(codes, categories), feature(x))
    expect((await fit(X, target((i) => x[i]!), { maxDepth: 1 })).trees.feature[0]).toBe(1)
    expect((await fit(X, target((i) => effects[codes[i]!]!), { maxDepth: 1 })).trees.feature[0]).toBe(0)
    // Where it takes both, the stronger comes first.
    expect((await fit(X, target((i) => x[i]! / 2 + effects[codes[i]!]!), { maxDepth: 1 })).trees.feature[0]).toBe(0)
  })
  test('three classes: a category of its own is set apart', async () => {
    const codes = [0, 1, 2, 0, 1, 2, 0, 1, 2]
    const X = matrix(feature(codes, 3))
    const { probabilities } = (await (await fit(X, classes(codes, 3))).predict(matrix(feature([0, 1, 2], 3)))) as ClassPrediction
    expect(Array.from(probabilities)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1])
  })
})

describe('data that teach nothing, or little', () => {
  test.each([
    ['constant feature', matrix(feature([2, 2, 2]))],
    ['feature without a value', matrix(feature([NaN_, NaN_, NaN_]))],
    ['one category', matrix(feature([1, 1, 1], 3))],
  ])('%s: the mean', async (_, X) => {
    const model = await fit(X, numbers([1, 2, 6]))
    expect(model.trees.feature).toEqual(Int32Array.of(-1))
    expectAllClose(await valuesOf(model, X), [3, 3, 3], { relative: 1e-15 })
  })
  test('one row; one class', async () => {
    expect(await valuesOf(await fit(matrix(feature([1])), numbers([7])), matrix(feature([2])))).toEqual([7])
    const only: Target = { task: 'binary', column: 'y', classes: ['a'], codes: new Int32Array(3) }
    const { probabilities } = (await (await fit(matrix(feature([1, 2, 3])), only)).predict(matrix(feature([5])))) as ClassPrediction
    expect(Array.from(probabilities)).toEqual([1])
  })
  test('a constant target is not split, even where sums round', async () => {
    const values = new Array(100).fill(1e9 + 0.1)
    expect((await fit(matrix(feature(values.map((_, i) => i))), numbers(values))).trees.feature).toHaveLength(1)
  })
  test('no rows and no features are refused', async () => {
    await expect(fit(matrix(feature([])), numbers([]))).rejects.toMatchObject({ code: 'bad-data' })
    await expect(fit({ rows: 1, features: [] }, numbers([1]))).rejects.toMatchObject({ code: 'bad-data' })
  })
})

describe('growth', () => {
  const rng = createRng(8)
  const rows = 500
  const X = matrix(
    feature(Array.from({ length: rows }, () => (rng.next() < 0.1 ? NaN_ : rng.normal()))),
    feature(Array.from({ length: rows }, () => rng.int(9)), 9),
    feature(Array.from({ length: rows }, () => rng.int(4))),
  )
  const y = numbers(Array.from({ length: rows }, (_, i) => (X.features[0]!.values[i]! > 0 ? 1 : 0) + (X.features[1]!.values[i]! % 2) + rng.normal()))
  test('limits hold; children add up; each node is the mean of the rows that reach it', async () => {
    const progress: number[] = []
    const { trees, facts } = await fit(X, y, { maxDepth: 5, minSamplesLeaf: 7, minSamplesSplit: 20 }, (p) => p.kind === 'step' && progress.push(p.done))
    expect(facts['depth']).toBeLessThanOrEqual(5)
    expect(Math.min(...trees.cover)).toBeGreaterThanOrEqual(7)
    for (let node = 0; node < trees.feature.length; node++) {
      if (trees.feature[node]! < 0) continue
      const [l, r] = [trees.left[node]!, trees.right[node]!]
      expect(l).toBe(node + 1)
      expect(trees.cover[l]! + trees.cover[r]!).toBe(trees.cover[node])
      expectAllClose([(trees.cover[l]! * trees.value[l]! + trees.cover[r]! * trees.value[r]!) / trees.cover[node]!], [trees.value[node]!], { relative: 1e-12, absolute: 1e-12 })
    }
    expect(progress.at(-1)).toBe(rows)
    expect(progress).toEqual([...progress].sort((a, b) => a - b))
  })
  test('without limits it learns rows that differ by heart', async () => {
    const model = await fit(X, y)
    const distinct = new Set(Array.from({ length: rows }, (_, i) => X.features.map((f) => f.values[i]).join())).size
    if (distinct === rows) expectAllClose(await valuesOf(model, X), (y as { values: Float64Array }).values, { relative: 1e-12, absolute: 1e-12 })
    expect(model.trees.feature.filter((f) => f < 0).length).toBe(distinct)
  })
  test('revives to the same bits', async () => {
    const model = await fit(X, y)
    expect(await decisionTree.revive(structuredClone(model.state())).predict(X)).toEqual(await model.predict(X))
  })
})

describe('absolute error and pruning', () => {
  test('leaves are medians; an even count takes the mean of both middles', async () => {
    const model = await fit(matrix(feature([1, 1, 1, 2, 2, 2, 2])), numbers([0, 1, 50, 100, 110, 120, 900]), { errorCriterion: 'absolute' })
    // Around 100 they are 1190 apart; the sides are 50 around 1, and 810 around 115.
    expect(await valuesOf(model, matrix(feature([1, 2])))).toEqual([1, 115])
    expectAllClose([model.trees.gain[0]!], [(100 + 99 + 50 + 0 + 10 + 20 + 800 - 50 - 810) / 7], { relative: 1e-12 })
  })
  test('a branch that lowers too little for its leaves goes, category sets stay whole', async () => {
    const X = matrix(feature([0, 0, 1, 1, 2, 2, 3, 3], 4), feature([0, 1, 0, 1, 0, 1, 0, 1]))
    const y = numbers([0, 1, 0, 1, 10, 11, 10, 11])
    const whole = await fit(X, y)
    // The second question lowers the mean square by 0.25 for 4 leaves in place of 2: 0.125 a leaf.
    const kept = await fit(X, y, { ccpAlpha: 0.1249 })
    expect(kept.trees.feature).toEqual(whole.trees.feature)
    const pruned = await fit(X, y, { ccpAlpha: 0.1251 })
    expect(Array.from(pruned.trees.feature)).toEqual([0, -1, -1])
    expect(codesOfSet(pruned.trees, pruned.trees.set[0]!)).toEqual([0, 1])
    expect(Array.from(pruned.trees.cover)).toEqual([8, 4, 4])
    const stump = await fit(X, y, { ccpAlpha: 1000 })
    expect(Array.from(stump.trees.feature)).toEqual([-1])
  })
})
