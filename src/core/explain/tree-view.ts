/** One tree of a model, with its questions in words and the way of the chosen row. */
import { StudioError } from '../errors.ts'
import type { TreeModel } from '../estimators/tree/head.ts'
import { goesLeft, treeCount, type Trees } from '../estimators/tree/tree.ts'
import { treeView } from '../estimators/tree/view.ts'
import type { Explainer, TreeDrawing } from './explainer.ts'
import { columnsOfRow } from './row-columns.ts'
import { linkOfTrees, scoreName } from './scores.ts'
import { showing, shownBy } from './showing.ts'

const params = {
  tree: { kind: 'integer', default: 1, min: 1, max: 1_000_000, label: 'Tree', help: 'Which tree of the model, counted from 1.' },
  maxNodes: { kind: 'integer', default: 2000, min: 1, max: 100_000, scale: 'log', unit: 'nodes', label: 'Nodes at most', help: 'Deeper levels of larger trees are left out, except along the way of the chosen row.', advanced: true },
} as const

export const treeDrawing: Explainer<typeof params> = {
  id: 'tree-view',
  label: 'The tree',
  summary: 'The questions of one tree from top to bottom, and the way of a chosen row.',
  source: 'Breiman et al. 1984; node values as the model holds them',
  params,
  refuses: showing(['trees'], 'There is no tree to draw: the model is not made of trees.'),
  async explain({ pipeline, dataset, rows, row, target }, { tree: number, maxNodes }, context): Promise<TreeDrawing> {
    await context.checkpoint()
    const model = shownBy<TreeModel>(pipeline.model, ['trees'])
    const { trees, head } = model
    const count = treeCount(trees)
    if (number > count) throw new StudioError({ code: 'bad-param', message: `invalid tree of tree-view; the model has ${count}: ${number}` })
    const X = row ? pipeline.features(columnsOfRow(pipeline, row)) : pipeline.features(dataset.columns, rows.subarray(0, 1))
    const way = row ? wayOf(trees, number - 1, Float32Array.from(X.features, ({ values }) => values[0] as number)) : []
    const nodes = treeView(trees, number - 1, X.features, depthFor(trees, number - 1, maxNodes), new Set(way))
    const at = new Map(nodes.map(({ node }, i) => [node, i]))
    const link = linkOfTrees(model)
    const shares = head.task !== 'regression' && link === 'identity'
    const alone = count === 1 && head.base.every((base) => base === 0)
    context.report({ kind: 'step', phase: 'tree-view', done: 1, total: 1 })
    return {
      kind: 'tree-view',
      trees: count,
      tree: number,
      values: shares ? 'shares' : alone || model.scale !== undefined ? 'value' : 'adds',
      output: scoreName(link, head.classes, target.column, trees.target[number - 1] as number, trees.outputs),
      averaged: model.scale !== undefined && count > 1,
      classes: head.classes,
      nodes,
      path: way.map((node) => at.get(node) as number),
    }
  },
}

/** Node numbers from the root to the leaf. */
function wayOf(trees: Trees, tree: number, x: Float32Array): number[] {
  const way = [trees.start[tree] as number]
  for (let node = way[0] as number; (trees.feature[node] as number) >= 0; way.push(node)) {
    node = (goesLeft(trees, node, x[trees.feature[node] as number] as number) ? trees.left[node] : trees.right[node]) as number
  }
  return way
}

/** The deepest level whose nodes, with all above, are at most this many. */
function depthFor(trees: Trees, tree: number, most: number): number {
  let level = [trees.start[tree] as number]
  let seen = 1
  for (let depth = 0; ; depth++) {
    level = level.flatMap((node) => ((trees.feature[node] as number) < 0 ? [] : [trees.left[node] as number, trees.right[node] as number]))
    seen += level.length
    if (level.length === 0 || seen > most) return Math.max(depth, 1)
  }
}
