/**
 * Trees as one TreeEnsembleRegressor of ai.onnx.ml 3. Number splits are BRANCH_LEQ with the float32
 * thresholds that the studio decides with. A category split is a chain of BRANCH_EQ, one node a
 * category of its smaller side, whose hits all lead to the same child.
 */
import type { GraphBuilder } from '../../onnx/graph.ts'
import { log2 } from '../../math/elementary.ts'
import type { OnnxHead } from '../estimator.ts'
import type { Head } from './head.ts'
import { codesOfSet, treeCount } from './tree.ts'
import type { Trees } from './tree.ts'

/**
 * @param input a float tensor [N, features]
 * @param categoryCounts shape (features): number of categories, 0 for numbers
 * @param parts each as `trees.value`: what is summed of the leaves, side by side
 * @returns a float tensor [N, parts x outputs]
 */
function treesToOnnx(trees: Trees, categoryCounts: ArrayLike<number>, input: string, graph: GraphBuilder, parts: readonly Float64Array[]): string {
  const nodes = { tree: [] as number[], id: [] as number[], feature: [] as number[], value: [] as number[], mode: [] as string[], yes: [] as number[], no: [] as number[], missing: [] as number[] }
  const leaves = { tree: [] as number[], id: [] as number[], target: [] as number[], weight: [] as number[] }
  for (let tree = 0; tree < treeCount(trees); tree++) {
    const start = trees.start[tree] as number
    // The extra links of chains are numbered after the tree's own nodes, the first link keeps the node's number.
    let next = (trees.start[tree + 1] as number) - start
    const add = (id: number, feature: number, value: number, mode: string, yes: number, no: number, missing: boolean): void => {
      nodes.tree.push(tree)
      nodes.id.push(id)
      nodes.feature.push(feature)
      nodes.value.push(value)
      nodes.mode.push(mode)
      nodes.yes.push(yes)
      nodes.no.push(no)
      nodes.missing.push(missing ? 1 : 0)
    }
    for (let node = start; node < (trees.start[tree + 1] as number); node++) {
      const id = node - start
      const feature = trees.feature[node] as number
      if (feature < 0) {
        add(id, 0, 0, 'LEAF', 0, 0, false)
        parts.forEach((part, p) => {
          for (let w = 0; w < trees.width; w++) {
            const weight = part[node * trees.width + w] as number
            if (p > 0 && weight === 0) continue
            leaves.tree.push(tree)
            leaves.id.push(id)
            leaves.target.push(p * trees.outputs + (trees.target[tree] as number) + w)
            leaves.weight.push(weight)
          }
        })
        continue
      }
      const left = (trees.left[node] as number) - start
      const right = (trees.right[node] as number) - start
      const missingLeft = trees.missingLeft[node] === 1
      const set = trees.set[node] as number
      if (set < 0) {
        add(id, feature, trees.threshold[node] as number, 'BRANCH_LEQ', left, right, missingLeft)
        continue
      }
      const inSet = codesOfSet(trees, set)
      const known = new Set(inSet)
      const others = Array.from({ length: categoryCounts[feature] as number }, (_, code) => code).filter((code) => !known.has(code))
      if (inSet.length === 0 || others.length === 0) {
        // Missing against all categories: every code is below infinity, NaN is not.
        const present = inSet.length === 0 ? right : left
        add(id, feature, Number.POSITIVE_INFINITY, 'BRANCH_LEQ', present, present === left ? right : left, missingLeft === (present === left))
        continue
      }
      const useLeft = inSet.length <= others.length
      const listed = useLeft ? inSet : others
      const hit = useLeft ? left : right
      const miss = useLeft ? right : left
      const missingHits = useLeft === missingLeft
      let link = id
      listed.forEach((code, i) => {
        const following = i === listed.length - 1 ? miss : next++
        add(link, feature, code, 'BRANCH_EQ', hit, following, missingHits)
        link = following
      })
    }
  }
  return graph.node(
    'TreeEnsembleRegressor',
    [input],
    {
      n_targets: { kind: 'int', value: parts.length * trees.outputs },
      aggregate_function: { kind: 'string', value: 'SUM' },
      post_transform: { kind: 'string', value: 'NONE' },
      nodes_treeids: { kind: 'ints', value: nodes.tree },
      nodes_nodeids: { kind: 'ints', value: nodes.id },
      nodes_featureids: { kind: 'ints', value: nodes.feature },
      nodes_values: { kind: 'floats', value: nodes.value },
      nodes_modes: { kind: 'strings', value: nodes.mode },
      nodes_truenodeids: { kind: 'ints', value: nodes.yes },
      nodes_falsenodeids: { kind: 'ints', value: nodes.no },
      nodes_missing_value_tracks_true: { kind: 'ints', value: nodes.missing },
      target_treeids: { kind: 'ints', value: leaves.tree },
      target_nodeids: { kind: 'ints', value: leaves.id },
      target_ids: { kind: 'ints', value: leaves.target },
      target_weights: { kind: 'floats', value: leaves.weight },
    },
    'ai.onnx.ml',
  )
}

/** Of the 24 binary digits of a float32, one is for what rounding adds. */
const digits = 23
/** Two hold what lies on the grid (grid.ts) of hundreds of trees. */
const mostParts = 3

/**
 * Leaf values as numbers whose sums float32 holds without rounding: each part is so coarse that all trees together
 * need no more than its digits, the next part is what it leaves over.
 */
function exactParts(trees: Trees): Float64Array[] {
  const { value, width, outputs, start, target, feature } = trees
  const parts: Float64Array[] = []
  let rest = value.map((number, at) => ((feature[Math.floor(at / width)] as number) < 0 ? number : 0))
  do {
    const largest = new Float64Array(outputs)
    for (let tree = 0; tree < treeCount(trees); tree++) {
      for (let w = 0; w < width; w++) {
        let most = 0
        for (let node = start[tree] as number; node < (start[tree + 1] as number); node++) most = Math.max(most, Math.abs(rest[node * width + w] as number))
        const output = (target[tree] as number) + w
        largest[output] = (largest[output] as number) + most
      }
    }
    const most = largest.reduce((a, b) => Math.max(a, b), 0)
    const unit = most > 0 ? 2 ** (Math.floor(log2(most)) + 1 - digits) : 1
    const part = rest.map((number) => Math.round(number / unit) * unit)
    rest = rest.map((number, at) => number - (part[at] as number))
    parts.push(part)
  } while (parts.length < mostParts && rest.some((number) => number !== 0))
  return parts
}

/** Sums of leaf values as the studio has them, a double tensor [N, outputs]: ONNX Runtime adds leaves in float32, in an order of its own. */
export function exactSumsToOnnx(trees: Trees, categoryCounts: ArrayLike<number>, input: string, graph: GraphBuilder): string {
  const parts = exactParts(trees)
  const sums = graph.cast(treesToOnnx(trees, categoryCounts, input, graph, parts), 'double')
  if (parts.length === 1) return sums
  const sideBySide = graph.node('Reshape', [sums, graph.ints('parts', [-1, parts.length, trees.outputs])])
  return graph.node('ReduceSum', [sideBySide, graph.ints('over_parts', [1])], { keepdims: { kind: 'int', value: 0 } })
}

/**
 * Values of a regression, a double tensor [N, 1]: the ensemble adds in float32 how far each leaf lies from the
 * mean of its tree, small whatever the target's mean is, and the means join in double.
 */
export function treeValuesToOnnx(trees: Trees, head: Head, input: string, graph: GraphBuilder): OnnxHead {
  const centres = Float64Array.from({ length: treeCount(trees) }, (_, tree) => meanLeaf(trees, tree))
  const far = trees.value.slice()
  centres.forEach((centre, tree) => {
    for (let node = trees.start[tree] as number; node < (trees.start[tree + 1] as number); node++) far[node] = (far[node] as number) - centre
  })
  const sums = treesToOnnx(trees, head.categoryCounts, input, graph, [far])
  const base = centres.reduce((sum, centre) => sum + centre, head.base[0] ?? 0)
  return { tensor: graph.node('Add', [graph.cast(sums, 'double'), graph.doubles('base_value', [base])]), type: 'double' }
}

/** Mean of a tree's leaves, weighted by the training rows in them. */
function meanLeaf(trees: Trees, tree: number): number {
  let sum = 0
  let rows = 0
  for (let node = trees.start[tree] as number; node < (trees.start[tree + 1] as number); node++) {
    if ((trees.feature[node] as number) >= 0) continue
    const cover = trees.cover[node] as number
    sum += cover * (trees.value[node * trees.width] as number)
    rows += cover
  }
  return rows > 0 ? sum / rows : 0
}

/** Log-odds [N, 1] to probabilities [N, 2], both double. */
export function logitsToOnnx(logits: string, graph: GraphBuilder): string {
  const positive = graph.node('Sigmoid', [logits])
  const negative = graph.node('Sub', [graph.doubles('one', [1]), positive])
  return graph.node('Concat', [negative, positive], { axis: { kind: 'int', value: 1 } })
}
