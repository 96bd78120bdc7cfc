import { expect, test } from 'vitest'
import { quietContext } from '../../../../../src/core/context.ts'
import type { Matrix } from '../../../../../src/core/data/matrix.ts'
import { decisionTree } from '../../../../../src/core/estimators/decision-tree.ts'
import { histGradientBoosting } from '../../../../../src/core/estimators/hist-gradient-boosting.ts'
import { attributionsOf } from '../../../../../src/core/estimators/tree/attribute.ts'
import type { TreeModel } from '../../../../../src/core/estimators/tree/head.ts'
import { scoresOf } from '../../../../../src/core/estimators/tree/predict.ts'
import { goesLeft, type Trees } from '../../../../../src/core/estimators/tree/tree.ts'
import { createRng } from '../../../../../src/core/math/rng.ts'
import { checkParams } from '../../../../../src/core/params.ts'
import { expectAllClose } from '../../../../support/expect-all-close.ts'
import { nodeContext } from '../../../../support/node-context.ts'

function table(rows: number, seed: number, infinite = false): Matrix {
  const rng = createRng(seed)
  const number = () => (rng.next() < 0.1 ? Number.NaN : infinite && rng.next() < 0.05 ? Number.POSITIVE_INFINITY : rng.normal())
  const features = Array.from({ length: 3 }, (_, f) => ({ name: `x${f}`, source: `x${f}`, values: Float32Array.from({ length: rows }, number) }))
  const codes = { name: 'c', source: 'c', values: Float32Array.from({ length: rows }, () => (rng.next() < 0.1 ? Number.NaN : rng.int(5))), categories: ['a', 'b', 'c', 'd', 'e'] }
  return { rows, features: [...features, codes] }
}
const numbers = (X: Matrix) => ({ task: 'regression' as const, column: 'y', values: Float64Array.from({ length: X.rows }, (_, i) => X.features.reduce((sum, { values }, f) => sum + (Number.isFinite(values[i]) ? values[i]! * (f + 1) : 2), 0) * (X.features[0]!.values[i]! > 0 ? 2 : 1)) })
const classes = (X: Matrix) => ({ task: 'multiclass' as const, column: 'y', classes: ['a', 'b', 'c'], codes: Int32Array.from(numbers(X).values, (v) => (v > 4 ? 2 : v > 0 ? 1 : 0)) })

/** The score of a row of which only the features in `known` are known. */
function expectation(trees: Trees, tree: number, row: number[], known: number, output: number): number {
  const below = (node: number): number => {
    const feature = trees.feature[node]!
    if (feature < 0) return trees.width === 1 ? (trees.target[tree] === output ? trees.value[node]! : 0) : trees.value[node * trees.width + output]!
    const [left, right] = [trees.left[node]!, trees.right[node]!]
    if ((known >> feature) & 1) return below(goesLeft(trees, node, row[feature]!) ? left : right)
    return (trees.cover[left]! * below(left) + trees.cover[right]! * below(right)) / trees.cover[node]!
  }
  return below(trees.start[tree]!)
}
const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1))

/** Shapley values by their definition, over all coalitions. */
function definition(trees: Trees, row: number[], output: number): number[] {
  const d = row.length
  const worth = Array.from({ length: 2 ** d }, (_, known) => Array.from({ length: trees.start.length - 1 }, (_, tree) => expectation(trees, tree, row, known, output)).reduce((a, b) => a + b, 0))
  return row.map((_, f) =>
    worth.reduce((sum, value, known) => {
      if ((known >> f) & 1) return sum
      const size = Array.from({ length: d }, (_, j) => (known >> j) & 1).reduce((a, b) => a + b, 0)
      return sum + ((factorial(size) * factorial(d - size - 1)) / factorial(d)) * (worth[known | (1 << f)]! - value)
    }, 0),
  )
}

test('attributions are Shapley values by definition, whichever way they are computed', async () => {
  const X = table(300, 1)
  const boosted = { params: checkParams('b', histGradientBoosting.params, { maxIter: 4, minSamplesLeaf: 3, maxLeafNodes: 8 }), seed: 1 }
  const single = { params: checkParams('t', decisionTree.params, { maxDepth: 7, minSamplesLeaf: 3 }), seed: 1 }
  const models = [
    await histGradientBoosting.fit(X, numbers(X), boosted, quietContext()),
    await histGradientBoosting.fit(X, classes(X), boosted, quietContext()),
    await decisionTree.fit(X, numbers(X), single, quietContext()),
    await decisionTree.fit(X, classes(X), single, quietContext()),
  ] as TreeModel[]
  for (const infinite of [false, true]) {
    // Infinite values have no place in the kernel's layout, so their rows are computed one by one.
    const fresh = table(9, 2, infinite)
    for (const { trees, head } of models) {
      const compiled = await attributionsOf({ ...trees }, fresh, head, nodeContext())
      const plain = await attributionsOf({ ...trees }, fresh, head)
      expect(plain).toEqual(compiled)
      const scores = await scoresOf(trees, fresh, head)
      for (let i = 0; i < fresh.rows; i++) {
        const row = fresh.features.map(({ values }) => values[i]!)
        for (let output = 0; output < trees.outputs; output++) {
          const own = compiled.values.subarray((i * trees.outputs + output) * 4, (i * trees.outputs + output) * 4 + 4)
          expectAllClose(own, definition(trees, row, output), { absolute: 1e-11 })
          expectAllClose([own.reduce((a, b) => a + b, compiled.base[output]!)], [scores[i * trees.outputs + output]!], { absolute: 1e-11 })
        }
      }
    }
  }
})

test('more rows than a block, and paths too long for tables', async () => {
  const rng = createRng(4)
  const X: Matrix = { rows: 400, features: Array.from({ length: 26 }, (_, f) => ({ name: `x${f}`, source: `x${f}`, values: Float32Array.from({ length: 400 }, (_, i) => (i >> 3 === f ? 1 : 0) + 0.001 * rng.next()) })) }
  // Each feature splits off its own eight rows: the longest path asks all of them.
  const y = { task: 'regression' as const, column: 'y', values: Float64Array.from({ length: 400 }, (_, i) => 2 ** Math.max(0, 26 - (i >> 3))) }
  const { trees, head } = (await decisionTree.fit(X, y, { params: checkParams('t', decisionTree.params, { maxDepth: 30, minSamplesLeaf: 8 }), seed: 1 }, quietContext())) as TreeModel
  expect(new Set(trees.feature.filter((f) => f >= 0)).size).toBeGreaterThan(20)
  const { base, values } = await attributionsOf(trees, X, head, nodeContext())
  const scores = await scoresOf(trees, X, head)
  const sums = Array.from({ length: 400 }, (_, i) => values.subarray(i * 26, i * 26 + 26).reduce((a, b) => a + b, base[0]!))
  expectAllClose(sums, scores, { relative: 1e-9, absolute: 1e-3 })
})
