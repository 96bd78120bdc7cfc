/** One decision tree with exact splits (CART), for classes and numbers, with native missing values and categories. */
import { StudioError } from '../errors.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator, ModelFacts, ModelState } from './estimator.ts'
import { classRowWeights, classWeightParam, rowWeights } from './weights.ts'
import { criterionFor } from './tree/criteria.ts'
import { growExact } from './tree/exact.ts'
import { checkFeatures, checkTraining, classPrediction, headFrom, headOf } from './tree/head.ts'
import type { Head, TreeModel } from './tree/head.ts'
import { exactSumsToOnnx, treeValuesToOnnx } from './tree/onnx.ts'
import { scoresOf } from './tree/predict.ts'
import { pruneTree } from './tree/prune.ts'
import { treesFromState, treesToState } from './tree/tree.ts'
import type { Trees } from './tree/tree.ts'
import { treeParams } from './tree/tree-params.ts'

const id = 'decision-tree'

const params = {
  maxDepth: { ...treeParams.maxDepth, default: 16 },
  minSamplesLeaf: treeParams.minSamplesLeaf,
  minSamplesSplit: treeParams.minSamplesSplit,
  minImpurityDecrease: treeParams.minImpurityDecrease,
  criterion: treeParams.criterion,
  errorCriterion: {
    kind: 'choice',
    default: 'squared',
    options: [
      { value: 'squared', label: 'Squared error, predicts means' },
      { value: 'absolute', label: 'Absolute error, predicts medians' },
    ],
    label: 'Error of numbers',
    help: 'What a good question lowers where numbers are predicted; the absolute error is slower and minds outliers less.',
    advanced: true,
    only: 'numbers',
  },
  ccpAlpha: { kind: 'number', default: 0, min: 0, max: 1e12, label: 'Pruning', help: 'Cuts back branches that lower the impurity of the whole tree by less than this for each leaf they cost.', advanced: true },
  classWeight: { ...classWeightParam, advanced: true },
} as const satisfies ParamTable

export const decisionTree: Estimator<typeof params> = {
  id,
  label: 'Decision tree',
  family: 'trees',
  summary: 'A chain of yes-no questions that can be read from top to bottom.',
  source:
    "Breiman et al. 1984 (CART); scikit-learn's DecisionTree with the best splitter, to the node on data without ties. Ours breaks ties by feature and threshold instead of at random, compares in float32, and splits missing values and categories natively; a split of many categories must lower more than chance would.",
  tasks: ['binary', 'multiclass', 'regression'],
  tags: { acceptsMissing: true, acceptsCategories: true, wantsScaled: false, randomised: false, deterministic: true, iterative: false, baseline: false },
  params,
  shows: ['trees'],
  memory: (_, { rows, features }) => rows * (8 * features + 60),
  async fit(X, y, options, context) {
    checkTraining(id, X, y)
    await context.checkpoint()
    const { criterion, errorCriterion, ccpAlpha, classWeight } = options.params
    const choice = { classes: criterion === 'entropy' ? 'entropy' : 'gini', numbers: errorCriterion === 'absolute' ? 'absolute' : 'squared' } as const
    const weights = y.task === 'regression' ? options.weights && rowWeights(id, X.rows, options.weights) : classRowWeights(id, y, classWeight, options.weights)
    const trees = pruneTree(await growExact(X, criterionFor(y, choice, weights), options.params, context), ccpAlpha)
    const base = new Array<number>(trees.outputs).fill(0)
    return createModel(headOf(X, y, base), trees)
  },
  revive(state) {
    const { head, trees } = parse(state)
    return createModel(head, trees)
  },
  toOnnx(state, input, graph) {
    const { head, trees } = parse(state)
    if (head.task === 'regression') return treeValuesToOnnx(trees, head, input, graph)
    const shares = exactSumsToOnnx(trees, head.categoryCounts, input, graph)
    return { tensor: graph.cast(shares, 'float'), decides: { tensor: shares, reaching: (threshold) => threshold } }
  },
}

function parse(state: ModelState): { head: Head; trees: Trees } {
  if (state.estimator !== id || state.version !== 1) {
    throw new StudioError({ code: 'bundle-mismatch', message: `unknown model state; not ${id} version 1: ${state.estimator} version ${state.version}` })
  }
  return { head: headFrom(id, state.json), trees: treesFromState(id, state.json, state.arrays) }
}

function depthOf(trees: Trees): number {
  const depth = new Uint16Array(trees.feature.length)
  let deepest = 0
  for (let node = 0; node < depth.length; node++) {
    deepest = Math.max(deepest, depth[node] as number)
    if ((trees.feature[node] as number) < 0) continue
    depth[trees.left[node] as number] = (depth[node] as number) + 1
    depth[trees.right[node] as number] = (depth[node] as number) + 1
  }
  return deepest
}

function createModel(head: Head, trees: Trees): TreeModel {
  const leaves = trees.feature.reduce((count, feature) => count + (feature < 0 ? 1 : 0), 0)
  const facts: ModelFacts = { leaves, depth: depthOf(trees) }
  return {
    estimator: id,
    task: head.task,
    facts,
    head,
    trees,
    async predict(X, context) {
      checkFeatures(id, head, X)
      const scores = await scoresOf(trees, X, head, context)
      return head.task === 'regression' ? { task: 'regression', values: scores } : classPrediction(head, scores)
    },
    state() {
      const { json, arrays } = treesToState(trees)
      return { estimator: id, version: 1, json: { ...json, ...head, beatsChance: true }, arrays }
    },
  }
}
