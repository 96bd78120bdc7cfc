/**
 * Minimal cost-complexity pruning: the smallest subtree that minimises impurity plus alpha for each leaf.
 *
 * Source: Breiman et al. 1984, chapter 3; the same tree as scikit-learn's ccp_alpha, which cuts weakest links one
 * by one. From the leaves up, a branch goes where all that it lowers is at most alpha times the leaves it adds.
 */
import { codesOfSet, TreesBuilder } from './tree.ts'
import type { Trees } from './tree.ts'

/** @param trees one tree, whose gains are shares of the impurity of the whole; @param alpha at least 0 */
export function pruneTree(trees: Trees, alpha: number): Trees {
  if (alpha === 0) return trees
  const nodes = trees.feature.length
  const lowered = new Float64Array(nodes)
  const leaves = new Uint32Array(nodes).fill(1)
  const cut = new Uint8Array(nodes)
  // Children are numbered after their parents.
  for (let node = nodes - 1; node >= 0; node--) {
    if ((trees.feature[node] as number) < 0) continue
    const [left, right] = [trees.left[node] as number, trees.right[node] as number]
    const gain = (trees.gain[node] as number) + (lowered[left] as number) + (lowered[right] as number)
    const size = (leaves[left] as number) + (leaves[right] as number)
    if (gain <= alpha * (size - 1)) cut[node] = 1
    else {
      lowered[node] = gain
      leaves[node] = size
    }
  }
  const builder = new TreesBuilder(trees.outputs, trees.width)
  const stack = [{ node: 0, rightOf: -1 }]
  while (stack.length > 0) {
    const { node, rightOf } = stack.pop() as { node: number; rightOf: number }
    const made = builder.addNode(trees.cover[node] as number, trees.value.subarray(node * trees.width, (node + 1) * trees.width))
    if (rightOf >= 0) builder.setRight(rightOf, made)
    const feature = trees.feature[node] as number
    if (feature < 0 || cut[node] === 1) continue
    const set = trees.set[node] as number
    const shared = { feature, missingLeft: trees.missingLeft[node] === 1, gain: trees.gain[node] as number }
    builder.split(made, set >= 0 ? { ...shared, codes: codesOfSet(trees, set) } : { ...shared, threshold: trees.threshold[node] as number }, made + 1, 0)
    stack.push({ node: trees.right[node] as number, rightOf: made }, { node: trees.left[node] as number, rightOf: -1 })
  }
  builder.endTree()
  return builder.build()
}
