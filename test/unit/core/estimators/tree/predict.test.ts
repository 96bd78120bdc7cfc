import { describe, expect, test } from 'vitest'
import { quietContext } from '../../../../../src/core/context.ts'
import type { Matrix } from '../../../../../src/core/data/matrix.ts'
import { decisionTree } from '../../../../../src/core/estimators/decision-tree.ts'
import { histGradientBoosting } from '../../../../../src/core/estimators/hist-gradient-boosting.ts'
import type { TreeModel } from '../../../../../src/core/estimators/tree/head.ts'
import { gatherRows, leafOf, scoresOf } from '../../../../../src/core/estimators/tree/predict.ts'
import type { Trees } from '../../../../../src/core/estimators/tree/tree.ts'
import { scorerOf } from '../../../../../src/core/estimators/tree/scorer.ts'
import { createRng } from '../../../../../src/core/math/rng.ts'
import { checkParams } from '../../../../../src/core/params.ts'
import { nodeContext } from '../../../../support/node-context.ts'

/** Row by row, as a tree is defined. */
function plainScores(trees: Trees, X: Matrix, base: readonly number[]): Float64Array {
  const rows = gatherRows(X, 0, X.rows, new Float32Array(X.rows * X.features.length))
  const scores = new Float64Array(X.rows * trees.outputs)
  for (let i = 0; i < X.rows; i++) {
    for (let o = 0; o < trees.outputs; o++) scores[i * trees.outputs + o] = base[o]!
    for (let tree = 0; tree + 1 < trees.start.length; tree++) {
      const leaf = leafOf(trees, tree, rows, i * X.features.length)
      for (let w = 0; w < trees.width; w++) scores[i * trees.outputs + trees.target[tree]! + w]! += trees.value[leaf * trees.width + w]!
    }
  }
  return scores
}

function table(rows: number, seed: number, categories: number, infinite: boolean): Matrix {
  const rng = createRng(seed)
  const number = () => (rng.next() < 0.15 ? Number.NaN : infinite && rng.next() < 0.02 ? (rng.next() < 0.5 ? 1 : -1) / 0 : rng.normal())
  const features = Array.from({ length: 4 }, (_, f) => ({ name: `x${f}`, source: `x${f}`, values: Float32Array.from({ length: rows }, number) }))
  // Missing or present, and nothing else: a split at infinity.
  const flag = { name: 'flag', source: 'flag', values: Float32Array.from({ length: rows }, () => (rng.next() < 0.5 ? Number.NaN : 2)) }
  const codes = { name: 'c', source: 'c', values: Float32Array.from({ length: rows }, () => (rng.next() < 0.1 ? Number.NaN : rng.int(6))), categories: ['a', 'b', 'c', 'd', 'e', 'f'] }
  return { rows, features: categories > 0 ? [...features, flag, codes] : [...features, flag] }
}

describe('rows that walk abreast reach the leaves that a row alone reaches, compiled and plain', () => {
  test.each([
    ['numbers and missing values', 0, false],
    ['with infinities', 0, true],
    ['with categories', 1, false],
    ['with categories and infinities', 1, true],
  ] as const)('%s', async (_, categories, infinite) => {
    const X = table(900, 3, categories, infinite)
    const y = Float64Array.from({ length: 900 }, (_, i) => X.features.reduce((sum, f, k) => sum + (Number.isFinite(f.values[i]) ? f.values[i]! * (k % 2 ? 1 : -1) : 0.7 * k), 0))
    const target = { task: 'regression' as const, column: 'y', values: y }
    const classes = { task: 'multiclass' as const, column: 'y', classes: ['a', 'b', 'c'], codes: Int32Array.from(y, (v) => (v > 2 ? 2 : v > 0 ? 1 : 0)) }
    const boosted = { params: checkParams('b', histGradientBoosting.params, { maxIter: 15, minSamplesLeaf: 3 }), seed: 1 }
    const single = { params: checkParams('t', decisionTree.params, { maxDepth: 0, minSamplesLeaf: 1 }), seed: 1 }
    const models = [
      await histGradientBoosting.fit(X, target, boosted, quietContext()),
      await histGradientBoosting.fit(X, classes, boosted, quietContext()),
      await decisionTree.fit(X, target, single, quietContext()),
      await decisionTree.fit(X, classes, single, quietContext()),
    ] as TreeModel[]
    for (const { trees, head } of models) {
      for (const rows of [1, 3, 513, 900]) {
        const other = table(rows, 40 + rows, categories, infinite)
        const expected = plainScores(trees, other, head.base)
        // The plain kernel first: once the compiled one is there, it serves all.
        expect((await scorerOf({ ...trees }, head.categoryCounts)).kernels.compiled).toBe(false)
        expect(await scoresOf({ ...trees }, other, head)).toEqual(expected)
        const compiled = { ...trees }
        expect(await scoresOf(compiled, other, head, nodeContext())).toEqual(expected)
        expect((await scorerOf(compiled, head.categoryCounts)).kernels.compiled).toBe(true)
      }
    }
  })
})

test('codes that no training row had go right, and missing ones where the node says', async () => {
  const X = table(200, 5, 1, false)
  const y = { task: 'regression' as const, column: 'y', values: Float64Array.from(X.features[5]!.values, (code) => (code === code ? code % 2 : 5)) }
  const { trees, head } = (await decisionTree.fit(X, y, { params: checkParams('t', decisionTree.params, {}), seed: 1 }, quietContext())) as TreeModel
  const odd = { ...X, features: X.features.map((feature) => (feature.categories ? { ...feature, values: feature.values.map((_, i) => [6, 31, 32, 1e9, Number.NaN, 0][i % 6]!) } : feature)) }
  expect(await scoresOf(trees, odd, head, nodeContext())).toEqual(plainScores(trees, odd, head.base))
})

test('the kernels leave the same memory behind', async () => {
  const X = table(100, 8, 1, false)
  const y = { task: 'multiclass' as const, column: 'y', classes: ['a', 'b', 'c'], codes: Int32Array.from(X.features[5]!.values, (code, i) => (code === code ? code % 3 : i % 3)) }
  const { trees, head } = (await decisionTree.fit(X, y, { params: checkParams('t', decisionTree.params, {}), seed: 1 }, quietContext())) as TreeModel
  const [plain, compiled] = [await scorerOf({ ...trees }, head.categoryCounts), await scorerOf({ ...trees }, head.categoryCounts, nodeContext())]
  for (const scorer of [plain, compiled]) {
    scorer.gather(X, 0, 100)
    scorer.score(100, head.base)
  }
  const bytes = Math.min(plain.kernels.buffer.byteLength, compiled.kernels.buffer.byteLength)
  expect(Buffer.compare(Buffer.from(plain.kernels.buffer, 64, bytes - 64), Buffer.from(compiled.kernels.buffer, 64, bytes - 64))).toBe(0)
})
