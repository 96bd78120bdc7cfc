import { expect, test } from 'vitest'
import { TreesBuilder } from '../../../../../src/core/estimators/tree/tree.ts'
import { treeView } from '../../../../../src/core/estimators/tree/view.ts'

function built() {
  const builder = new TreesBuilder(1, 1)
  const [root, low, high, a, b] = [[10, 0], [6, 1], [4, 2], [1, 3], [3, 4]].map(([rows, value]) => builder.addNode(rows!, [value!])) as [number, number, number, number, number]
  builder.split(root, { feature: 0, threshold: 2.5, missingLeft: true, gain: 7 }, low, high)
  builder.split(high, { feature: 1, codes: [0, 1, 2, 3, 5], missingLeft: false, gain: 2 }, a, b)
  builder.endTree()
  return builder.build()
}
const features = [{ name: 'age' }, { name: 'town', categories: ['Ulm', 'Bonn', 'Kiel', 'Trier', 'Jena', 'Gera'] }]

test('questions in words, rows, and places: leaves at 1/6, 3/6, 5/6', () => {
  const nodes = treeView(built(), 0, features)
  expect(nodes.map((node) => node.question)).toEqual(['age ≤ 2.5 or missing', undefined, 'town is Ulm, Bonn, Kiel, Trier and 1 more', undefined, undefined])
  expect(nodes.map((node) => [node.parent, node.side, node.depth, node.rows, node.values[0]])).toEqual([
    [-1, 'root', 0, 10, 0],
    [0, 'left', 1, 6, 1],
    [0, 'right', 1, 4, 2],
    [2, 'left', 2, 1, 3],
    [2, 'right', 2, 3, 4],
  ])
  expect(nodes.map((node) => Math.round(node.x * 12))).toEqual([5, 2, 8, 6, 10])
})
test('a depth limit says how much it hides', () => {
  const nodes = treeView(built(), 0, features, 1)
  expect(nodes.map((node) => node.hidden)).toEqual([0, 0, 2])
  expect(nodes[2]!.question).toMatch(/town/)
})
