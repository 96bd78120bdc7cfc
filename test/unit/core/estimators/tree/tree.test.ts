import { expect, test } from 'vitest'
import { codesOfSet, gainImportance, goesLeft, TreesBuilder } from '../../../../../src/core/estimators/tree/tree.ts'
import type { Trees } from '../../../../../src/core/estimators/tree/tree.ts'

/** Two stumps on categories, then one on numbers. */
function three(): TreesBuilder {
  const builder = new TreesBuilder(1, 1)
  const stump = (split: Parameters<TreesBuilder['split']>[1]): void => {
    const [root, left, right] = [builder.addNode(9, [0]), builder.addNode(4, [1]), builder.addNode(5, [2])] as [number, number, number]
    builder.split(root, split, left, right)
    builder.endTree()
  }
  stump({ feature: 0, codes: [0, 31, 70], missingLeft: false, gain: 1 })
  stump({ feature: 0, codes: [5], missingLeft: true, gain: 2 })
  stump({ feature: 1, threshold: 0.1, missingLeft: true, gain: 5 })
  return builder
}
const sides = (trees: Trees, node: number, values: readonly number[]): boolean[] => values.map((x) => goesLeft(trees, node, x))

test('sets hold codes over several words; a code beyond them goes right', () => {
  const trees = three().build()
  expect(codesOfSet(trees, 0)).toEqual([0, 31, 70])
  expect(sides(trees, 0, [0, 1, 31, 32, 70, 71, 500, Number.NaN])).toEqual([true, false, true, false, true, false, false, false])
  expect(sides(trees, 3, [5, 37, Number.NaN])).toEqual([true, false, true])
})
test('a float32 threshold decides for float32 values', () => {
  const trees = three().build()
  const third = trees.threshold[6]!
  expect(third).toBe(Math.fround(0.1))
  expect(sides(trees, 6, [Math.fround(0.1), Math.fround(0.1) + 2 ** -27, Number.NaN])).toEqual([true, false, true])
})
test('some of the trees stand on their own', () => {
  const builder = three()
  const second = builder.build(1, 2)
  expect([second.start, second.left[0], second.right[0], second.set[0]]).toEqual([Int32Array.of(0, 3), 1, 2, 0])
  expect(codesOfSet(second, 0)).toEqual([5])
  expect(sides(second, 0, [5, 0, 31])).toEqual([true, false, false])
  expect(builder.build(2).setBits).toHaveLength(0)
})
test('importance is the share of the gain', () => {
  expect(Array.from(gainImportance(three().build(), 3))).toEqual([3 / 8, 5 / 8, 0])
})
