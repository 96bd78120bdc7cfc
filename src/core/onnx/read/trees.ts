/**
 * Trees of ai.onnx.ml before a runtime walks them: lists that go together are of one length, paths lead from one root to leaves, answers
 * hang on nodes that are there and count towards classes or targets that are there, and no node reads a column that is not.
 */
import type { ReadNode } from './model.ts'
import { refuse } from './wire.ts'

/** ONNX Runtime builds a tree by calling itself: in a tab its stack ends between 2,000 and 2,500 steps, in Node the whole process does from 30,000 on. */
const deepest = 2_000
const knownModes: ReadonlySet<string> = new Set('BRANCH_LEQ BRANCH_LT BRANCH_GTE BRANCH_GT BRANCH_EQ BRANCH_NEQ LEAF'.split(' '))
/** Where each node of each tree stands in the lists. */
type Places = ReadonlyMap<bigint, ReadonlyMap<bigint, number>>
const listsOf = ({ attributes }: ReadNode) => (name: string): readonly bigint[] => attributes.get(name)?.ints ?? []

/** Of a list, or of the tensor of doubles that may stand in its place. */
function lengthOf({ attributes }: ReadNode, name: string): number {
  const list = attributes.get(name)
  const tensor = attributes.get(`${name}_as_tensor`)?.tensor
  return tensor ? tensor.dims.reduce((product, size) => product * size, 1) : Math.max(list?.ints.length ?? 0, list?.floats.length ?? 0, list?.texts.length ?? 0)
}
function asLong(node: ReadNode, as: string, wanted: number, names: readonly string[]): void {
  for (const name of names) {
    const length = lengthOf(node, name)
    if (length !== wanted) throw refuse(`${node.opType}: ${name} must have as many entries as ${as}, ${wanted}: ${length}`)
  }
}

/** @throws StudioError bad-data */
export function checkTrees(node: ReadNode): void {
  const places = checkPaths(node)
  const isClassifier = node.opType === 'TreeEnsembleClassifier'
  const what = isClassifier ? 'class' : 'target'
  const count = isClassifier ? Math.max(lengthOf(node, 'classlabels_int64s'), lengthOf(node, 'classlabels_strings')) : Number(node.attributes.get('n_targets')?.int ?? 1n)
  const list = listsOf(node)
  const [trees, nodes, ids] = [list(`${what}_treeids`), list(`${what}_nodeids`), list(`${what}_ids`)]
  asLong(node, `${what}_treeids`, trees.length, [`${what}_nodeids`, `${what}_ids`, `${what}_weights`])
  trees.forEach((tree, i) => {
    const [at, id] = [nodes[i] as bigint, ids[i] as bigint]
    if (!places.get(tree)?.has(at)) throw refuse(`${node.opType}: an answer hangs on a node of tree ${tree} that is not there: ${at}`)
    if (id < 0n || id >= BigInt(count)) throw refuse(`${node.opType}: an answer counts towards one of ${count} ${isClassifier ? 'classes' : 'targets'}, numbered from 0: ${id}`)
  })
}

/** @param columns as many as the values that it reads have at most. @throws StudioError bad-data */
export function checkTreeColumns(node: ReadNode, columns: number): void {
  const beyond = listsOf(node)('nodes_featureids').find((feature) => feature >= BigInt(columns))
  if (beyond !== undefined) throw refuse(`${node.opType}: a node reads one of ${columns.toLocaleString('en')} columns, numbered from 0: ${beyond}`)
}

/**
 * Every node but one root is reached from that root, no path leads back into itself, and none is endless. A node may have several
 * parents: a split of categories is a chain of tests whose hits share a child.
 */
function checkPaths(node: ReadNode): Places {
  const where = node.opType
  const list = listsOf(node)
  const trees = list('nodes_treeids')
  const ids = list('nodes_nodeids')
  const modes = node.attributes.get('nodes_modes')?.texts ?? []
  const left = list('nodes_truenodeids')
  const right = list('nodes_falsenodeids')
  const features = list('nodes_featureids')
  asLong(node, 'nodes_treeids', trees.length, ['nodes_nodeids', 'nodes_modes', 'nodes_truenodeids', 'nodes_falsenodeids', 'nodes_featureids', 'nodes_values'])
  // These may be left out.
  asLong(node, 'nodes_treeids', trees.length, ['nodes_hitrates', 'nodes_missing_value_tracks_true'].filter((name) => lengthOf(node, name) > 0))
  const strange = modes.find((mode) => !knownModes.has(mode))
  if (strange !== undefined) throw refuse(`${where}: a node decides by what is not known: ${strange.slice(0, 40)}`)
  const places = new Map<bigint, Map<bigint, number>>()
  trees.forEach((tree, i) => {
    const own = places.get(tree) ?? new Map<bigint, number>()
    if (own.size === 0) places.set(tree, own)
    if (own.has(ids[i] as bigint)) throw refuse(`${where}: node ${ids[i]} of tree ${tree} occurs twice`)
    own.set(ids[i] as bigint, i)
  })
  const children = (i: number): number[] =>
    modes[i] === 'LEAF' ? [] : [left[i] as bigint, right[i] as bigint].map((child) => {
      const place = places.get(trees[i] as bigint)?.get(child)
      if (place === undefined) throw refuse(`${where}: node ${ids[i]} of tree ${trees[i]} leads to a node that is not there: ${child}`)
      return place
    })
  const parents = new Int32Array(trees.length)
  trees.forEach((_, i) => {
    if ((features[i] as bigint) < 0n) throw refuse(`${where}: a feature number is below 0: ${features[i]}`)
    for (const child of children(i)) parents[child] = (parents[child] as number) + 1
  })
  const open = trees.flatMap((_, i) => (parents[i] === 0 ? [i] : []))
  if (new Set(open.map((i) => trees[i])).size !== open.length) throw refuse(`${where}: a tree has two roots`)
  // A node is taken once all its parents are (Kahn 1962): each once, and those on a circle never.
  const depth = new Int32Array(trees.length)
  let reached = 0
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    reached++
    for (const child of children(i)) {
      depth[child] = Math.max(depth[child] as number, (depth[i] as number) + 1)
      if ((depth[child] as number) > deepest) throw refuse(`${where}: a path of tree ${trees[i]} has more than ${deepest.toLocaleString('en')} steps`)
      parents[child] = (parents[child] as number) - 1
      if (parents[child] === 0) open.push(child)
    }
  }
  if (reached !== trees.length) throw refuse(`${where}: a tree leads back into itself`)
  return places
}
