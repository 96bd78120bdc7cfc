import { describe, expect, test } from 'vitest'
import type { Context, Progress } from '../../../../src/core/context.ts'
import { quietContext } from '../../../../src/core/context.ts'
import type { Feature, Matrix } from '../../../../src/core/data/matrix.ts'
import type { ClassPrediction, RegressionPrediction, Target } from '../../../../src/core/data/target.ts'
import { histGradientBoosting } from '../../../../src/core/estimators/hist-gradient-boosting.ts'
import type { TreeModel } from '../../../../src/core/estimators/tree/head.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { checkParams } from '../../../../src/core/params.ts'
import type { ParamValues } from '../../../../src/core/params.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { nodeContext } from '../../../support/node-context.ts'

const feature = (values: ArrayLike<number>, categories?: number): Feature => {
  const base = { name: 'x', source: 'x', values: Float32Array.from(values) }
  return categories === undefined ? base : { ...base, categories: Array.from({ length: categories }, (_, i) => `c${i}`) }
}
const matrix = (...features: Feature[]): Matrix => ({ rows: features[0]!.values.length, features })
const numbers = (values: ArrayLike<number>): Target => ({ task: 'regression', column: 'y', values: Float64Array.from(values) })
const classes = (codes: ArrayLike<number>, k = 2): Target => ({ task: k === 2 ? 'binary' : 'multiclass', column: 'y', classes: Array.from({ length: k }, (_, i) => `k${i}`), codes: Int32Array.from(codes) })

async function fit(X: Matrix, y: Target, params: ParamValues = {}, context: Context = nodeContext(), weights?: Float64Array): Promise<TreeModel> {
  const values = checkParams('boosting', histGradientBoosting.params, params)
  return (await histGradientBoosting.fit(X, y, { params: values, seed: 1, ...(weights ? { weights } : {}) }, context)) as TreeModel
}
const valuesOf = async (model: TreeModel, X: Matrix): Promise<Float64Array> => ((await model.predict(X)) as RegressionPrediction).values

/** A mixed table with missing values and categories, and a target that depends on all of it. */
function mixed(rows: number, seed: number): { X: Matrix; score: Float64Array } {
  const rng = createRng(seed)
  const a = Float32Array.from({ length: rows }, () => (rng.next() < 0.1 ? Number.NaN : rng.normal()))
  const b = Float32Array.from({ length: rows }, () => rng.int(8) - 4)
  const c = Float32Array.from({ length: rows }, () => (rng.next() < 0.05 ? Number.NaN : rng.int(12)))
  const score = Float64Array.from({ length: rows }, (_, i) => (Number.isNaN(a[i]) ? 1.5 : Math.sin(2 * a[i]!)) + 0.2 * b[i]! + (c[i]! % 3 === 0 ? 1 : 0) + 0.3 * rng.normal())
  return { X: matrix(feature(a), feature(b), feature(c, 12)), score }
}

describe('compiled and plain kernels give one model', () => {
  const { X, score } = mixed(1500, 5)
  test.each([
    ['numbers', numbers(score), {}],
    ['two classes', classes(score.map((s) => (s > 0.4 ? 1 : 0))), { maxFeatures: 0.7 }],
    ['three classes, stopping early', classes(score.map((s) => (s > 0.8 ? 2 : s > 0 ? 1 : 0)), 3), { earlyStopping: 'on', nIterNoChange: 3 }],
    ['no limit on leaves', numbers(score), { maxLeafNodes: 0, maxDepth: 7, minSamplesLeaf: 3, maxBins: 16, l2Regularization: 2 }],
  ] as const)('%s', async (_, y, params) => {
    const compiled = await fit(X, y, { maxIter: 20, ...params })
    const plain = await fit(X, y, { maxIter: 20, ...params }, quietContext())
    expect([compiled.facts['kernels'], plain.facts['kernels']]).toEqual(['compiled', 'plain'])
    expect(plain.trees).toEqual(compiled.trees)
    expect(plain.head).toEqual(compiled.head)
  })
  test('with weights', async () => {
    const weights = Float64Array.from({ length: 1500 }, (_, i) => (i % 4) / 2)
    const y = classes(score.map((s) => (s > 0.4 ? 1 : 0)))
    expect((await fit(X, y, { maxIter: 5 }, quietContext(), weights)).trees).toEqual((await fit(X, y, { maxIter: 5 }, nodeContext(), weights)).trees)
  })
})

describe('one stump, by hand', () => {
  // Mean of 1, 1, 5, 5 is 3; residuals -2, -2, 2, 2; learning rate 1 without penalty gives the means of both sides.
  test('splits where the values part, and a value on the threshold goes left', async () => {
    const X = matrix(feature([1, 2, 4, 5]))
    const model = await fit(X, numbers([1, 1, 5, 5]), { maxIter: 1, learningRate: 1, minSamplesLeaf: 1 })
    expect(model.trees.threshold[0]).toBe(3)
    expectAllClose(await valuesOf(model, matrix(feature([1, 3, 3 + 2 ** -22, 9, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]))), [1, 1, 5, 5, 1, 5], { absolute: 1e-6 })
  })
  test('L2 penalty divides by one more row: 3 +- 4 / (2 + 1)', async () => {
    const X = matrix(feature([1, 2, 4, 5]))
    const model = await fit(X, numbers([1, 1, 5, 5]), { maxIter: 1, learningRate: 1, minSamplesLeaf: 1, l2Regularization: 1 })
    expectAllClose(await valuesOf(model, X), [3 - 4 / 3, 3 - 4 / 3, 3 + 4 / 3, 3 + 4 / 3], { absolute: 1e-6 })
  })
  test('missing values learn their side', async () => {
    const X = matrix(feature([1, 2, Number.NaN, Number.NaN, 8, 9]))
    const model = await fit(X, numbers([0, 0, 6, 6, 6, 6]), { maxIter: 1, learningRate: 1, minSamplesLeaf: 1 })
    expectAllClose(await valuesOf(model, matrix(feature([Number.NaN, 1, 9]))), [6, 0, 6], { absolute: 1e-6 })
  })
  test('missing against present alone is a split', async () => {
    const X = matrix(feature([3, 3, 3, Number.NaN, Number.NaN, Number.NaN]))
    const model = await fit(X, numbers([0, 0, 0, 1, 1, 1]), { maxIter: 1, learningRate: 1, minSamplesLeaf: 1 })
    expect(model.trees.threshold[0]).toBe(Number.POSITIVE_INFINITY)
    expectAllClose(await valuesOf(model, matrix(feature([Number.NaN, 1e30, Number.POSITIVE_INFINITY]))), [1, 0, 0], { absolute: 1e-6 })
  })
  test('where no missing value was seen, missing follows the larger side', async () => {
    const model = await fit(matrix(feature([1, 2, 3, 8])), numbers([0, 0, 0, 4]), { maxIter: 1, learningRate: 1, minSamplesLeaf: 1 })
    expectAllClose(await valuesOf(model, matrix(feature([Number.NaN]))), [0], { absolute: 1e-6 })
  })
  test('categories that are far apart in code share a side', async () => {
    const codes = Array.from({ length: 80 }, (_, i) => i % 4)
    const model = await fit(matrix(feature(codes, 5)), numbers(codes.map((c) => (c % 2 ? 5 : 1))), { maxIter: 1, learningRate: 1, maxLeafNodes: 2 })
    expectAllClose(await valuesOf(model, matrix(feature([0, 1, 2, 3], 5))), [1, 5, 1, 5], { absolute: 1e-6 })
  })
})

describe('data that teach nothing, or little', () => {
  test.each([
    ['a constant feature', matrix(feature(new Array(50).fill(2)))],
    ['a feature without a value', matrix(feature(new Array(50).fill(Number.NaN)))],
    ['a category that never changes', matrix(feature(new Array(50).fill(1), 3))],
  ])('%s leaves the mean', async (_, X) => {
    const model = await fit(X, numbers(Array.from({ length: 50 }, (_, i) => i)), { maxIter: 3 })
    expectAllClose(await valuesOf(model, X), new Array(50).fill(24.5), { absolute: 1e-6 })
    expect(model.trees.feature.every((f) => f === -1)).toBe(true)
  })
  test('one row is its own mean', async () => {
    const X = matrix(feature([3]))
    expect(await valuesOf(await fit(X, numbers([7])), X)).toEqual(Float64Array.of(7))
    const { probabilities } = (await (await fit(X, classes([1]))).predict(X)) as ClassPrediction
    expect(probabilities[1]!).toBeGreaterThan(0.5)
  })
  test('a constant target is met exactly, however large', async () => {
    const X = matrix(feature([1, 2, 3]))
    expect(await valuesOf(await fit(X, numbers([1e300, 1e300, 1e300])), X)).toEqual(Float64Array.of(1e300, 1e300, 1e300))
  })
  test('targets of any size are learnt alike', async () => {
    const { X, score } = mixed(400, 2)
    const plain = await valuesOf(await fit(X, numbers(score), { maxIter: 10 }), X)
    for (const unit of [2 ** 100, 2 ** -100]) {
      const scaled = await valuesOf(await fit(X, numbers(score.map((s) => s * unit)), { maxIter: 10 }), X)
      expectAllClose(scaled.map((s) => s / unit), plain, { relative: 1e-6, absolute: 1e-6 })
    }
  })
  test.each([
    ['no rows', matrix(feature([])), numbers([]), /missing rows/],
    ['no features', { rows: 2, features: [] }, numbers([1, 2]), /missing features/],
    ['one class', matrix(feature([1, 2])), { task: 'binary', column: 'y', classes: ['only'], codes: new Int32Array(2) } as Target, /missing classes/],
    ['a target that is not finite', matrix(feature([1, 2])), numbers([1, Number.NaN]), /invalid target; not finite in row 1: NaN/],
    ['a code beyond the categories', matrix(feature([0, 7], 3)), numbers([1, 2]), /invalid feature x; not a category code below 3: 7/],
  ])('%s is refused', async (_, X, y, message) => {
    await expect(fit(X, y)).rejects.toThrow(message)
  })
})

describe('rules of growth', () => {
  const { X, score } = mixed(2000, 9)
  const y = classes(score.map((s) => (s > 0.4 ? 1 : 0)))
  test('no leaf rests on fewer rows than asked, at any depth', async () => {
    const { trees } = await fit(X, y, { maxIter: 40, minSamplesLeaf: 37 })
    expect(Math.min(...trees.cover)).toBeGreaterThanOrEqual(37)
    expect(trees.feature.some((f) => f === 2)).toBe(true)
  })
  test('depth and leaves stay within limits; children add up to their parent', async () => {
    const { trees } = await fit(X, y, { maxIter: 10, maxLeafNodes: 9, maxDepth: 4, minSamplesLeaf: 5 })
    for (let tree = 0; tree + 1 < trees.start.length; tree++) {
      const nodes = Array.from({ length: trees.start[tree + 1]! - trees.start[tree]! }, (_, i) => trees.start[tree]! + i)
      expect(nodes.filter((node) => trees.feature[node]! < 0).length).toBeLessThanOrEqual(9)
      const depth = new Map([[nodes[0]!, 0]])
      for (const node of nodes) {
        if (trees.feature[node]! < 0) continue
        expect(trees.cover[trees.left[node]!]! + trees.cover[trees.right[node]!]!).toBe(trees.cover[node])
        expect(trees.gain[node]!).toBeGreaterThan(0)
        depth.set(trees.left[node]!, depth.get(node)! + 1).set(trees.right[node]!, depth.get(node)! + 1)
      }
      expect(Math.max(...depth.values())).toBeLessThanOrEqual(4)
    }
  })
  test('the order of rows changes nothing but the last digits of leaves', async () => {
    const order = Uint32Array.from({ length: 2000 }, (_, i) => (i * 7919) % 2000)
    const mix = (values: Float32Array) => Float32Array.from(order, (row) => values[row]!)
    const mixedUp = matrix(...X.features.map((f) => ({ ...f, values: mix(f.values) })))
    const codes = (y as { codes: Int32Array }).codes
    const a = await fit(X, y, { maxIter: 5 })
    const b = await fit(mixedUp, classes(Int32Array.from(order, (row) => codes[row]!)), { maxIter: 5 })
    expect(b.trees.feature).toEqual(a.trees.feature)
    expect(b.trees.threshold).toEqual(a.trees.threshold)
    expectAllClose(b.trees.value, a.trees.value, { relative: 1e-5, absolute: 1e-6 })
  })
})

describe('rounds', () => {
  const { X, score } = mixed(600, 4)
  const y = numbers(score)
  function listening(overrides: Partial<Context> = {}): { context: Context; heard: Progress[] } {
    const heard: Progress[] = []
    return { heard, context: nodeContext({ report: (progress) => void heard.push(progress), ...overrides }) }
  }
  test('progress rises to its total and the training loss never rises', async () => {
    const { context, heard } = listening()
    await fit(X, y, { maxIter: 12 }, context)
    const steps = heard.flatMap((p) => (p.kind === 'step' ? [p.done / p.total] : []))
    expect(steps.at(-1)).toBe(1)
    expect(steps).toEqual([...steps].sort((a, b) => a - b))
    const losses = heard.flatMap((p) => (p.kind === 'curve' && p.series === 'training loss' ? [p.y] : []))
    expect(losses).toHaveLength(13)
    for (let i = 1; i < losses.length; i++) expect(losses[i]!).toBeLessThanOrEqual(losses[i - 1]!)
  })
  test('stopping early keeps the round that was best on held-back rows', async () => {
    const { context, heard } = listening()
    const model = await fit(X, y, { maxIter: 400, learningRate: 0.5, earlyStopping: 'on', nIterNoChange: 6, validationFraction: 0.25 }, context)
    const judged = heard.flatMap((p) => (p.kind === 'curve' && p.series === 'inner validation loss' ? [p.y] : []))
    const best = judged.indexOf(Math.min(...judged)) + 1
    expect(model.facts).toMatchObject({ rounds: best, roundsRun: best + 6, stopped: 'no gain on held-back rows', heldBackRows: 150 })
    expect(model.trees.target).toHaveLength(best)
    expect(heard.filter((p) => p.kind === 'step').at(-1)).toMatchObject({ done: 400, total: 400 })
  })
  test('stop keeps what was learnt so far', async () => {
    let rounds = 0
    const { context } = listening({ stopping: () => ++rounds >= 3 })
    const model = await fit(X, y, { maxIter: 50 }, context)
    expect(model.facts).toMatchObject({ rounds: 3, stopped: 'stopped on request' })
    expect(model.trees).toEqual((await fit(X, y, { maxIter: 3 })).trees)
  })
  test('cancel rejects', async () => {
    const controller = new AbortController()
    const context = nodeContext({ signal: controller.signal, report: (p) => p.kind === 'step' && p.done === 2 && controller.abort() })
    await expect(fit(X, y, { maxIter: 2000 }, context)).rejects.toMatchObject({ code: 'cancelled' })
  })
})

describe('state', () => {
  test('revived models predict the same bits', async () => {
    const { X, score } = mixed(500, 6)
    for (const y of [numbers(score), classes(score.map((s) => (s > 0.4 ? 1 : 0))), classes(score.map((s) => (s > 0.8 ? 2 : s > 0 ? 1 : 0)), 3)]) {
      const model = await fit(X, y, { maxIter: 8 })
      const revived = histGradientBoosting.revive(structuredClone(model.state()))
      expect(await revived.predict(X)).toEqual(await model.predict(X))
      expect(revived.facts).toEqual(model.facts)
    }
  })
  test('a state that is not one of ours is refused', async () => {
    const { X, score } = mixed(100, 6)
    const state = (await fit(X, numbers(score), { maxIter: 2 })).state()
    const looped = { ...state, arrays: { ...state.arrays, left: new Int32Array((state.arrays['left'] as Int32Array).length) } }
    expect(() => histGradientBoosting.revive({ ...state, estimator: 'ridge' })).toThrow(/unknown model state/)
    expect(() => histGradientBoosting.revive({ ...state, arrays: {} })).toThrow(/missing or mistyped array/)
    expect(() => histGradientBoosting.revive(looped)).toThrow(/child out of range at node 0/)
  })
})
