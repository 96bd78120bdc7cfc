import { describe, expect, test } from 'vitest'
import type { Matrix } from '../../../../src/core/data/matrix.ts'
import type { ClassTarget, RegressionPrediction, RegressionTarget, Target } from '../../../../src/core/data/target.ts'
import { histGradientBoosting } from '../../../../src/core/estimators/hist-gradient-boosting.ts'
import type { TreeModel } from '../../../../src/core/estimators/tree/head.ts'
import type { Trees } from '../../../../src/core/estimators/tree/tree.ts'
import { GraphBuilder } from '../../../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../../../src/core/onnx/proto.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { checkParams, type ParamValues } from '../../../../src/core/params.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { nodeContext } from '../../../support/node-context.ts'
import { floatFeed, runOnnx } from '../../../support/ort.ts'

const rng = createRng(11)
const X: Matrix = { rows: 600, features: ['a', 'b', 'c', 'd'].map((name) => ({ name, source: name === 'd' ? 'date' : name, values: Float32Array.from({ length: 600 }, () => rng.normal()) })) }
const at = (f: number, row: number): number => X.features[f]!.values[row]!
const numbers: RegressionTarget = { task: 'regression', column: 'y', values: Float64Array.from({ length: 600 }, (_, row) => at(0, row) + Math.sin(3 * at(0, row)) + at(1, row) * at(2, row) + 0.3 * rng.normal()) }
const classes: ClassTarget = { task: 'binary', column: 'y', classes: ['no', 'yes'], codes: Int32Array.from(numbers.values, (value) => (value > 1.2 ? 1 : 0)) }

const fit = async (y: Target, params: ParamValues, weights?: Float64Array): Promise<TreeModel> =>
  (await histGradientBoosting.fit(X, y, { params: checkParams('b', histGradientBoosting.params, { maxIter: 20, earlyStopping: 'off', ...params }), seed: 4, ...(weights ? { weights } : {}) }, nodeContext())) as TreeModel

/** Features that each path from a root to a leaf asks about. */
function paths(trees: Trees): Set<number>[] {
  const found: Set<number>[] = []
  for (let tree = 0; tree + 1 < trees.start.length; tree++) {
    const stack = [{ node: trees.start[tree]!, seen: new Set<number>() }]
    while (stack.length > 0) {
      const { node, seen } = stack.pop()!
      const feature = trees.feature[node]!
      if (feature < 0) {
        found.push(seen)
        continue
      }
      const more = new Set([...seen, feature])
      stack.push({ node: trees.left[node]!, seen: more }, { node: trees.right[node]!, seen: more })
    }
  }
  return found
}
const depths = (trees: Trees, tree: number): number[] => {
  const depth = new Map([[trees.start[tree]!, 0]])
  for (let node = trees.start[tree]!; node < trees.start[tree + 1]!; node++) {
    if (trees.feature[node]! < 0) continue
    depth.set(trees.left[node]!, depth.get(node)! + 1)
    depth.set(trees.right[node]!, depth.get(node)! + 1)
  }
  return [...depth].flatMap(([node, d]) => (trees.feature[node]! < 0 ? [d] : []))
}

describe('constraints', () => {
  test.each<ParamValues>([{}, { l1Regularization: 5 }, { subsample: 0.7, featuresPerTree: 0.75 }, { loss: 'poisson' }])('a direction holds everywhere: %o', async (more) => {
    const y: Target = more['loss'] === 'poisson' ? { ...numbers, values: numbers.values.map((value) => Math.max(0, Math.round(value + 2))) } : numbers
    for (const sign of [1, -1]) {
      const model = await fit(y, { monotonicCst: JSON.stringify({ a: sign }), ...more })
      for (let row = 0; row < 20; row++) {
        const grid = Float32Array.from({ length: 60 }, (_, i) => -3 + i / 10)
        const swept: Matrix = { rows: 60, features: X.features.map((feature, f) => ({ ...feature, values: f === 0 ? grid : new Float32Array(60).fill(feature.values[row]!) })) }
        const { values } = (await model.predict(swept)) as RegressionPrediction
        for (let i = 1; i < 60; i++) expect((values[i]! - values[i - 1]!) * sign).toBeGreaterThanOrEqual(0)
      }
    }
    const free = await fit(y, more)
    expect(paths(free.trees).some((seen) => seen.has(0))).toBe(true)
  })

  test('features of different groups never meet on a path; those in none form one', async () => {
    const { trees } = await fit(numbers, { interactionCst: '[["a", "b"], ["b", "c"]]' })
    const seen = paths(trees)
    expect(seen.some((path) => path.has(0) && path.has(1))).toBe(true)
    for (const path of seen) {
      expect(path.has(0) && path.has(2)).toBe(false)
      expect(path.has(3) && path.size > 1).toBe(false)
    }
  })

  test('a column names all features that it became', async () => {
    const { trees } = await fit(numbers, { interactionCst: '[["date"], ["a", "b", "c"]]' })
    for (const path of paths(trees)) expect(path.has(3) && path.size > 1).toBe(false)
  })

  test.each([
    ['monotonicCst', '{"a": 1', 'not JSON'],
    ['monotonicCst', '[1]', 'not an object'],
    ['monotonicCst', '{"nobody": 1}', 'not the name of a feature'],
    ['monotonicCst', '{"a": 2}', 'is not 1, 0 or -1'],
    ['monotonicCst', '{"d": 1, "date": -1}', 'two directions'],
    ['interactionCst', '{"a": 1}', 'not a list of lists'],
    ['interactionCst', '[["a", "nobody"]]', 'not the name of a feature'],
  ])('%s %s is refused', async (name, text, rule) => {
    await expect(fit(numbers, { [name]: text })).rejects.toMatchObject({ code: 'bad-param', message: expect.stringMatching(new RegExp(`^invalid ${name} of hist-gradient-boosting; .*${rule}`)) as string })
  })

  test('directions are refused where they have no meaning', async () => {
    const three: ClassTarget = { task: 'multiclass', column: 'y', classes: ['a', 'b', 'c'], codes: Int32Array.from(numbers.values, (_, i) => i % 3) }
    await expect(fit(three, { monotonicCst: '{"a": 1}' })).rejects.toMatchObject({ code: 'unsupported' })
    await expect(fit(numbers, { monotonicCst: '{"a": 1}', loss: 'absolute' })).rejects.toMatchObject({ code: 'unsupported' })
  })
})

describe('sampling and growth', () => {
  test('each tree uses its share of the features', async () => {
    const { trees } = await fit(numbers, { featuresPerTree: 0.5 })
    const used = Array.from({ length: 20 }, (_, tree) => new Set(trees.feature.subarray(trees.start[tree]!, trees.start[tree + 1]!).filter((f) => f >= 0)))
    for (const features of used) expect(features.size).toBeLessThanOrEqual(2)
    expect(new Set(used.flatMap((features) => [...features])).size).toBe(4)
  })
  test('a share of the rows learns nearly as well, another way', async () => {
    const [all, half] = [await fit(numbers, {}), await fit(numbers, { subsample: 0.5 })]
    expect(half.trees.feature).not.toEqual(all.trees.feature)
    const errors = await Promise.all([all, half].map(async (model) => ((await model.predict(X)) as RegressionPrediction).values.reduce((sum, value, i) => sum + (value - numbers.values[i]!) ** 2, 0)))
    expect(errors[1]!).toBeLessThan(errors[0]! * 1.5)
  })
  test('level by level leaves lie at most one level apart where every leaf can be split', async () => {
    const level = await fit(numbers, { growPolicy: 'depth-wise', maxLeafNodes: 8, minSamplesLeaf: 5, maxIter: 1 })
    expect(depths(level.trees, 0)).toEqual(new Array(8).fill(3))
    const leafwise = await fit(numbers, { maxLeafNodes: 8, minSamplesLeaf: 5, maxIter: 1 })
    expect(Math.max(...depths(leafwise.trees, 0))).toBeGreaterThan(3)
  })
  test('balanced classes are the weights that balance them', async () => {
    const counts = [0, 1].map((code) => classes.codes.filter((other) => other === code).length)
    const weights = Float64Array.from(classes.codes, (code) => 600 / (2 * counts[code]!))
    const [balanced, weighted] = [await fit(classes, { classWeight: 'balanced' }), await fit(classes, {}, weights)]
    expect(balanced.trees).toEqual(weighted.trees)
    expect((await fit(classes, {})).trees.value).not.toEqual(weighted.trees.value)
  })
})

describe('losses', () => {
  test('a quantile has its share of outcomes below', async () => {
    for (const quantile of [0.1, 0.9]) {
      const model = await fit(numbers, { loss: 'quantile', quantile, maxIter: 60 })
      const { values } = (await model.predict(X)) as RegressionPrediction
      const below = values.reduce((count, value, i) => count + (numbers.values[i]! <= value ? 1 : 0), 0) / 600
      // On training rows the leaves' own quantiles are met but for what shrinkage leaves.
      expect(Math.abs(below - quantile)).toBeLessThan(0.06)
    }
  })
  test('counts cannot be negative, nor all zero', async () => {
    await expect(fit(numbers, { loss: 'poisson' })).rejects.toThrow('counts of the Poisson loss are at least 0')
    await expect(fit({ ...numbers, values: new Float64Array(600) }, { loss: 'poisson' })).rejects.toThrow('must not all be 0')
  })
  test.each(['absolute', 'quantile', 'poisson'])('%s: the revived state and the graph answer alike', async (loss) => {
    const y = { ...numbers, values: numbers.values.map((value) => Math.max(0, Math.round(value + 2))) }
    const model = await fit(y, { loss })
    const { values } = (await model.predict(X)) as RegressionPrediction
    const revived = histGradientBoosting.revive(model.state())
    expect(((await revived.predict(X)) as RegressionPrediction).values).toEqual(values)
    const graph = new GraphBuilder()
    const input = graph.input('features', 'float', ['N', 4])
    const { tensor, type = 'float' } = histGradientBoosting.toOnnx(model.state(), input, graph)
    graph.nameAs(tensor, 'out')
    graph.output('out', type, ['N', 1])
    const packed = new Float32Array(2400)
    X.features.forEach((feature, f) => feature.values.forEach((value, row) => (packed[row * 4 + f] = value)))
    const out = (await runOnnx(encodeOnnx(graph.build('b')), { features: floatFeed(packed, [600, 4]) })).get('out')
    // Sums of 20 leaves in float32.
    expectAllClose(out?.values as Float64Array, values, { absolute: 1e-5, relative: 1e-6 })
  })
})
