/**
 * Histogram gradient boosting of decision trees: squared, absolute, quantile and Poisson loss of numbers, log loss
 * of two classes, softmax of more.
 * Missing values and categories are split natively. The arithmetic runs in compiled kernels where the
 * host has them and in their plain twin otherwise, with the same model bit for bit.
 */
import { Layout } from '../../kernels/boosting.ts'
import type { Team } from '../../kernels/crew.ts'
import { StudioError } from '../errors.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator, ModelFacts, ModelState } from './estimator.ts'
import { classRowWeights, classWeightParam, rowWeights } from './weights.ts'
import { boost } from './tree/boost.ts'
import type { BoostOptions, Chance, Earlier } from './tree/boost.ts'
import { layOutGrower } from './tree/grower-layout.ts'
import { checkFeatures, checkTraining, headFrom, predictionFromScores, scoreReaching } from './tree/head.ts'
import type { Head, TreeModel } from './tree/head.ts'
import { exactSumsToOnnx, logitsToOnnx, treeValuesToOnnx } from './tree/onnx.ts'
import { scoresOf } from './tree/predict.ts'
import { treesFromState, treesToState } from './tree/tree.ts'
import type { Trees } from './tree/tree.ts'
import { treeParams } from './tree/tree-params.ts'

const id = 'hist-gradient-boosting'

/** Where some rows are held back. */
const stopping = { param: 'earlyStopping', is: ['auto', 'on'] } as const

const params = {
  learningRate: { kind: 'number', default: 0.1, min: 0.001, max: 1, scale: 'log', label: 'Learning rate', help: 'How much each tree corrects: smaller learns slower and often better, with more trees.' },
  maxIter: { kind: 'integer', default: 100, min: 1, max: 2000, scale: 'log', unit: 'rounds', label: 'Rounds', help: 'Trees to grow, one a round (one a class and round for several classes); on top of those it goes on from.' },
  maxLeafNodes: { kind: 'integer', default: 31, min: 0, max: 1024, unit: 'leaves', label: 'Leaves per tree', help: 'More leaves follow the data more closely; 0 sets no limit.' },
  maxDepth: { ...treeParams.maxDepth, max: 32 },
  minSamplesLeaf: { ...treeParams.minSamplesLeaf, default: 20 },
  l2Regularization: { kind: 'number', default: 0, min: 0, max: 1e6, label: 'L2 penalty', help: 'Pulls the values of leaves towards zero.', advanced: true },
  maxFeatures: { kind: 'number', default: 1, min: 0.01, max: 1, label: 'Share of features', help: 'Share of the features, drawn anew, that each split may choose from.', advanced: true },
  maxBins: { kind: 'integer', default: 255, min: 2, max: 255, unit: 'bins', label: 'Bins', help: 'Distinct levels that a number is rounded to while searching splits.', advanced: true },
  loss: {
    kind: 'choice',
    default: 'squared',
    options: [
      { value: 'squared', label: 'Squared error, predicts means' },
      { value: 'absolute', label: 'Absolute error, predicts medians' },
      { value: 'quantile', label: 'A quantile' },
      { value: 'poisson', label: 'Poisson, for counts' },
    ],
    label: 'Loss of numbers',
    help: 'What is made small where numbers are predicted; classes always use the log loss.',
    advanced: true,
    only: 'numbers',
  },
  quantile: { kind: 'number', default: 0.5, min: 0.001, max: 0.999, label: 'Quantile', help: 'Share of outcomes that should lie below the prediction, for the quantile loss.', advanced: true, only: 'numbers', when: { param: 'loss', is: ['quantile'] } },
  l1Regularization: { kind: 'number', default: 0, min: 0, max: 1e6, label: 'L1 penalty', help: 'Leaves that correct little are set to zero, and the others come nearer to it.', advanced: true },
  subsample: { kind: 'number', default: 1, min: 0.01, max: 1, label: 'Share of rows', help: 'Share of the training rows, drawn anew, that each round learns from.', advanced: true },
  featuresPerTree: { kind: 'number', default: 1, min: 0.01, max: 1, label: 'Share of features per tree', help: 'Share of the features, drawn anew, that each tree may use.', advanced: true },
  growPolicy: {
    kind: 'choice',
    default: 'leaf-wise',
    options: [
      { value: 'leaf-wise', label: 'Best leaf first' },
      { value: 'depth-wise', label: 'Level by level' },
    ],
    label: 'Order of growth',
    help: 'Which leaf is split next while the limit of leaves allows.',
    advanced: true,
  },
  monotonicCst: { kind: 'text', default: '', maxLength: 10_000, label: 'Directions', help: 'Features whose rise must never lower (1) or raise (-1) the prediction, as {"age": 1, "price": -1}. Two classes, or the squared or Poisson loss.', advanced: true },
  interactionCst: { kind: 'text', default: '', maxLength: 10_000, label: 'Groups that may interact', help: 'Features that may meet in one tree path, as [["age", "price"], ["rooms"]]; the others form one group.', advanced: true },
  classWeight: { ...classWeightParam, advanced: true },
  earlyStopping: {
    kind: 'choice',
    default: 'auto',
    options: [
      { value: 'auto', label: 'Above 10,000 rows' },
      { value: 'on', label: 'Always' },
      { value: 'off', label: 'Never' },
    ],
    label: 'Stop early',
    help: 'Holds back some training rows and stops when they no longer gain.',
  },
  validationFraction: { kind: 'number', default: 0.1, min: 0.01, max: 0.5, label: 'Share held back', help: 'Share of the training rows that judges rounds when stopping early.', advanced: true, when: stopping },
  nIterNoChange: { kind: 'integer', default: 10, min: 1, max: 500, unit: 'rounds', label: 'Patience', help: 'Rounds without gain after which training stops.', advanced: true, when: stopping },
} as const satisfies ParamTable

export const histGradientBoosting: Estimator<typeof params> = {
  id,
  label: 'Gradient boosting',
  family: 'trees',
  summary: 'Many small trees, each correcting the ones before it: the strongest all-round choice for tables.',
  source:
    "Ke et al. 2017 (LightGBM); defaults and behaviour of scikit-learn's HistGradientBoosting. Ours sums quantised gradients exactly, keeps the best round when stopping early, and groups the rarest categories beyond 255.",
  tasks: ['binary', 'multiclass', 'regression'],
  tags: { acceptsMissing: true, acceptsCategories: true, wantsScaled: false, randomised: true, deterministic: true, iterative: true, continues: 'maxIter', baseline: false },
  params,
  shows: ['trees'],
  memory({ maxLeafNodes, maxIter, earlyStopping }, { rows, features, classes }) {
    const outputs = classes > 2 ? classes : 1
    const layout = new Layout()
    layOutGrower(layout, rows, features, maxLeafNodes)
    const leaves = maxLeafNodes === 0 ? 256 : maxLeafNodes
    // Scores and truth, probabilities of several classes, the order of rows; copies of the held-back rows; trees with room to grow.
    const judged = earlyStopping === 'off' ? 0 : 8 * features * rows * 0.1
    return layout.bytes + rows * (16 + 8 * (outputs > 1 ? outputs : 0.5)) + judged + maxIter * outputs * 2 * leaves * 45 * 2
  },
  async fit(X, y, options, context) {
    checkTraining(id, X, y)
    if (y.task !== 'regression' && y.classes.length < 2) {
      throw new StudioError({ code: 'bad-data', message: `missing classes; ${id} needs at least two: ${y.classes.length}`, hint: 'Choose a target with two or more different values.' })
    }
    const weights = y.task === 'regression' ? options.weights && rowWeights(id, X.rows, options.weights) : classRowWeights(id, y, options.params.classWeight, options.weights)
    const teams: Team[] = []
    try {
      const { head, trees, facts, chance } = await boost({ id, X, y, options: options.params as BoostOptions, seed: options.seed, weights, ...(options.earlier && { earlier: earlierFrom(options.earlier) }) }, context, teams)
      return createModel(head, trees, facts, chance)
    } finally {
      for (const team of teams) team.end()
    }
  },
  revive(state) {
    const { head, trees } = parse(state)
    return createModel(head, trees, (state.json['facts'] ?? {}) as ModelFacts, chanceFrom(state))
  },
  toOnnx(state, input, graph) {
    const { head, trees } = parse(state)
    if (head.task === 'regression') {
      const values = treeValuesToOnnx(trees, head, input, graph)
      return head.link === 'log' ? { ...values, tensor: graph.node('Exp', [values.tensor]) } : values
    }
    const sums = exactSumsToOnnx(trees, head.categoryCounts, input, graph)
    const scores = graph.node('Add', [sums, graph.doubles('base_score', head.base, [1, head.base.length])])
    const probabilities = head.base.length === 1 ? logitsToOnnx(scores, graph) : graph.node('Softmax', [scores], { axis: { kind: 'int', value: 1 } })
    return { tensor: graph.cast(probabilities, 'float'), decides: { tensor: scores, reaching: scoreReaching } }
  },
}

function parse(state: ModelState): { head: Head; trees: Trees } {
  if (state.estimator !== id || state.version !== 1) {
    throw new StudioError({ code: 'bundle-mismatch', message: `unknown model state; not ${id} version 1: ${state.estimator} version ${state.version}` })
  }
  return { head: headFrom(id, state.json), trees: treesFromState(id, state.json, state.arrays) }
}

/** Undefined for models of a version that did not keep it. */
function chanceFrom({ json, arrays }: ModelState): Chance | undefined {
  const { seed, learns } = json
  const { splitPlace, rowPlace } = arrays
  return typeof seed === 'number' && typeof learns === 'string' && splitPlace instanceof Float64Array && rowPlace instanceof Float64Array ? { seed, learns, splitPlace, rowPlace } : undefined
}

/** @throws StudioError bundle-mismatch */
function earlierFrom(state: ModelState): Earlier {
  const { head, trees } = parse(state)
  const chance = chanceFrom(state)
  if (!chance) throw new StudioError({ code: 'bundle-mismatch', message: `missing places of chance in the earlier model of ${id}; models that were trained before it kept them cannot be gone on with`, hint: 'Train it again, and go on from that.' })
  return { head, trees, chance }
}

function createModel(head: Head, trees: Trees, facts: ModelFacts, chance: Chance | undefined): TreeModel {
  return {
    estimator: id,
    task: head.task,
    facts,
    head,
    trees,
    async predict(X, context) {
      checkFeatures(id, head, X)
      return predictionFromScores(head, await scoresOf(trees, X, head, context))
    },
    state() {
      const { json, arrays } = treesToState(trees)
      const { splitPlace, rowPlace, ...about } = chance ?? {}
      return { estimator: id, version: 1, json: { ...json, ...head, facts, ...about }, arrays: { ...arrays, ...(splitPlace && rowPlace && { splitPlace, rowPlace }) } }
    },
  }
}
