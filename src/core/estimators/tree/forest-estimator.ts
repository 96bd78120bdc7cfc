/** What random forests and extra trees have in common: parameters, bootstrap, weights, prediction and graph. */
import type { Context } from '../../context.ts'
import type { Matrix } from '../../data/matrix.ts'
import type { Target } from '../../data/target.ts'
import { StudioError } from '../../errors.ts'
import { createRng } from '../../math/rng.ts'
import type { Rng } from '../../math/rng.ts'
import type { ParamTable, ValuesOf } from '../../params.ts'
import type { FitState } from '../../savepoint.ts'
import type { Estimator, ModelFacts } from '../estimator.ts'
import { classRowWeights, rowWeights } from '../weights.ts'
import { ForestGrower } from './forest.ts'
import { checkFeatures, checkTraining, classPrediction, headFrom, headOf } from './head.ts'
import type { Head, TreeModel } from './head.ts'
import { exactSumsToOnnx, treeValuesToOnnx } from './onnx.ts'
import { OutOfBag } from './out-of-bag.ts'
import { createPacer } from './pacer.ts'
import { scoresOf } from './predict.ts'
import { treeCount, treesFromState, treesToState } from './tree.ts'
import type { Trees } from './tree.ts'
import { treeParams } from './tree-params.ts'

/** scikit-learn's names and defaults. @param bootstrap its default */
export const forestParams = (bootstrap: boolean) =>
  ({
    nEstimators: { kind: 'integer', default: 100, min: 1, max: 2000, scale: 'log', unit: 'trees', label: 'Trees', help: 'More trees give steadier answers, and never overfit.' },
    maxDepth: treeParams.maxDepth,
    minSamplesLeaf: treeParams.minSamplesLeaf,
    maxFeatures: {
      kind: 'choice',
      default: 'auto',
      options: [
        { value: 'auto', label: 'Root for classes, all for numbers' },
        { value: 'sqrt', label: 'Square root' },
        { value: 'log2', label: 'Logarithm' },
        { value: 'third', label: 'A third' },
        { value: 'all', label: 'All' },
      ],
      label: 'Features per question',
      help: 'How many features, drawn anew, each question may choose from: fewer make the trees less alike.',
    },
    minSamplesSplit: treeParams.minSamplesSplit,
    minImpurityDecrease: treeParams.minImpurityDecrease,
    criterion: { ...treeParams.criterion, help: 'What a good question lowers; numbers always use the squared error.' },
    bootstrap: { kind: 'boolean', default: bootstrap, label: 'Draw rows', help: 'Each tree learns from as many rows as there are, drawn with replacement; the others tell how good the forest is.', advanced: true },
    classWeight: {
      kind: 'choice',
      default: 'none',
      options: [
        { value: 'none', label: 'As they are' },
        { value: 'balanced', label: 'Balanced' },
        { value: 'balanced-subsample', label: 'Balanced in each tree' },
      ],
      label: 'Class weights',
      help: 'Balanced gives rare classes the same say as common ones.',
      advanced: true,
      only: 'classes',
    },
  }) as const satisfies ParamTable

export type ForestParams = ReturnType<typeof forestParams>

export interface ForestKind {
  readonly id: string
  readonly label: string
  readonly summary: string
  readonly source: string
  readonly bootstrap: boolean
  readonly randomThresholds: boolean
}

export function forestEstimator(kind: ForestKind): Estimator<ForestParams> {
  const { id } = kind
  return {
    id,
    label: kind.label,
    family: 'trees',
    summary: kind.summary,
    source: kind.source,
    tasks: ['binary', 'multiclass', 'regression'],
    // Without a bootstrap nothing is left out, so there is no curve to see.
    tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: false, randomised: true, deterministic: true, iterative: kind.bootstrap, baseline: false },
    params: forestParams(kind.bootstrap),
    shows: ['trees'],
    memory({ nEstimators, maxDepth, minSamplesLeaf, bootstrap }, { rows, features, classes }) {
      const learnt = (bootstrap ? 0.63 : 1) * rows
      // Values split until each row is alone; classes as soon as they are pure.
      const leaves = Math.min(maxDepth === 0 ? Infinity : 2 ** maxDepth, ((classes > 1 ? 0.15 : 1) * learnt) / minSamplesLeaf)
      const nodes = nEstimators * 2 * leaves
      // Arrays of nodes double as they grow, and are copied into the model at the end.
      return rows * ((kind.randomThresholds ? 4 : 1) * features + 40 + 24 + 8 * classes) + nodes * (37 + 8 * classes) * 3
    },
    async fit(X, y, options, context) {
      checkTraining(id, X, y)
      refuseMissing(id, X)
      await context.checkpoint()
      const given = y.task === 'regression' ? rowWeights(id, X.rows, options.weights) : classRowWeights(id, y, options.params.classWeight, options.weights)
      const { trees, facts } = await growForest(kind, X, y, given, options.params, createRng(options.seed), context)
      return createModel(id, headOf(X, y, new Array<number>(trees.outputs).fill(0)), trees, facts)
    },
    revive(state) {
      const { head, trees } = parse(id, state)
      return createModel(id, head, trees, (state.json['facts'] ?? {}) as ModelFacts)
    },
    toOnnx(state, input, graph) {
      const { head, trees } = parse(id, state)
      const count = treeCount(trees)
      if (head.task === 'regression') return treeValuesToOnnx({ ...trees, value: trees.value.map((value) => value / count) }, head, input, graph)
      const shares = graph.node('Div', [exactSumsToOnnx(trees, head.categoryCounts, input, graph), graph.doubles('trees', [count])])
      return { tensor: graph.cast(shares, 'float'), decides: { tensor: shares, reaching: (threshold) => threshold } }
    },
  }
}

/** scikit-learn's forests refuse them too; the default recipe imputes. */
function refuseMissing(owner: string, X: Matrix): void {
  for (const feature of X.features) {
    if (feature.values.every(Number.isFinite)) continue
    throw new StudioError({
      code: 'bad-data',
      message: `invalid feature; ${owner} takes no missing or infinite values: ${feature.name.slice(0, 200)}`,
      hint: 'Add an impute step for this column.',
      details: { column: feature.name.slice(0, 200) },
    })
  }
}

export function featuresPerSplit(choice: string, task: Target['task'], features: number): number {
  const rule = choice === 'auto' ? (task === 'regression' ? 'all' : 'sqrt') : choice
  const wanted = rule === 'sqrt' ? Math.sqrt(features) : rule === 'log2' ? Math.log2(features) : rule === 'third' ? features / 3 : features
  return Math.max(1, Math.min(features, Math.floor(wanted)))
}

/** How often each row was drawn. @returns shape (rows) */
function drawRows(rows: number, rng: Rng): Float64Array {
  const counts = new Float64Array(rows)
  for (let i = 0; i < rows; i++) {
    const row = rng.int(rows)
    counts[row] = (counts[row] as number) + 1
  }
  return counts
}

/** In place: classes of equal weight within what was drawn. */
function balance(weights: Float64Array, counts: Float64Array, codes: Int32Array, classes: number): void {
  const drawn = new Float64Array(classes)
  for (let row = 0; row < codes.length; row++) drawn[codes[row] as number] = (drawn[codes[row] as number] as number) + (counts[row] as number)
  const present = drawn.filter((count) => count > 0).length
  for (let row = 0; row < codes.length; row++) if ((counts[row] as number) > 0) weights[row] = (weights[row] as number) * (codes.length / (present * (drawn[codes[row] as number] as number)))
}

async function growForest(kind: ForestKind, X: Matrix, y: Target, given: Float64Array, params: ValuesOf<ForestParams>, rng: Rng, context: Context): Promise<{ trees: Trees; facts: ModelFacts }> {
  const grower = await ForestGrower.create(
    X,
    y,
    {
      maxDepth: params.maxDepth,
      minSamplesSplit: params.minSamplesSplit,
      minSamplesLeaf: params.minSamplesLeaf,
      minImpurityDecrease: params.minImpurityDecrease,
      maxFeatures: featuresPerSplit(params.maxFeatures, y.task, X.features.length),
      entropy: params.criterion === 'entropy',
      randomThresholds: kind.randomThresholds,
    },
    rng,
    context,
  )
  const outOfBag = params.bootstrap ? new OutOfBag(X, y) : undefined
  const drawn = (treeRng: Rng): Float64Array => (params.bootstrap ? drawRows(X.rows, treeRng) : new Float64Array(X.rows).fill(1))
  const { savepoint } = context
  const pacer = createPacer(context)
  for (const trees of leftOf(kind.id, savepoint?.left ?? [], grower.order)) {
    const first = grower.builder.trees
    grower.builder.add(trees)
    for (let tree = first; tree < grower.builder.trees; tree++) {
      outOfBag?.add(grower.builder.build(tree, tree + 1), drawn(rng.fork(`tree ${tree}`)))
      await pacer()
    }
  }
  let grown = grower.builder.trees
  let saved = grown
  while (grown < params.nEstimators && !(grown > 0 && context.stopping())) {
    const treeRng = rng.fork(`tree ${grown}`)
    const counts = drawn(treeRng)
    const weights = given.map((weight, row) => weight * (counts[row] as number))
    if (y.task !== 'regression' && params.classWeight === 'balanced-subsample') balance(weights, counts, y.codes, y.classes.length)
    // A draw of rows without weight teaches nothing: such a tree learns from all.
    await grower.grow(weights.some((weight) => weight > 0) ? weights : given, treeRng)
    outOfBag?.add(grower.builder.build(grown), counts)
    grown++
    const score = outOfBag?.score()
    if (score) context.report({ kind: 'curve', series: y.task === 'regression' ? 'out-of-bag R²' : 'out-of-bag accuracy', x: grown, y: score.score })
    context.report({ kind: 'step', phase: 'growing', done: grown, total: params.nEstimators })
    if (savepoint?.due()) {
      const { json, arrays } = treesToState(grower.builder.build(saved))
      if (await savepoint.save({ unit: 'tree', done: grown, total: params.nEstimators }, { json, arrays: { ...arrays, order: grower.order.slice() } }, 'add')) saved = grown
    }
    await context.checkpoint()
  }
  if (grown < params.nEstimators) context.report({ kind: 'step', phase: 'growing', done: params.nEstimators, total: params.nEstimators })
  const trees = grower.builder.build()
  const score = outOfBag?.score()
  let leaves = 0
  for (const feature of trees.feature) if (feature < 0) leaves++
  return {
    trees,
    facts: { trees: grown, leaves, ...(score ? { oobScore: score.score, oobRows: score.rows } : {}), stopped: grown < params.nEstimators ? 'stopped on request' : 'all trees grown', kernels: grower.compiled ? 'compiled' : 'plain' },
  }
}

/** Trees that an interrupted fit left; puts the features in the order they were then. @throws StudioError bundle-mismatch */
function leftOf(id: string, states: readonly FitState[], order: Uint32Array): Trees[] {
  const last = states.at(-1)?.arrays['order']
  if (last instanceof Uint32Array && last.length === order.length) order.set(last)
  else if (last) throw new StudioError({ code: 'bundle-mismatch', message: `invalid checkpoint of ${id}; the order of features is not one of ${order.length}` })
  return states.map(({ json, arrays }) => treesFromState(id, json, arrays))
}

function parse(id: string, state: Parameters<Estimator['revive']>[0]): { head: Head; trees: Trees } {
  if (state.estimator !== id || state.version !== 1) {
    throw new StudioError({ code: 'bundle-mismatch', message: `unknown model state; not ${id} version 1: ${state.estimator} version ${state.version}` })
  }
  return { head: headFrom(id, state.json), trees: treesFromState(id, state.json, state.arrays) }
}

function createModel(id: string, head: Head, trees: Trees, facts: ModelFacts): TreeModel {
  return {
    estimator: id,
    task: head.task,
    facts,
    head,
    trees,
    scale: 1 / treeCount(trees),
    async predict(X, context) {
      checkFeatures(id, head, X)
      const sums = await scoresOf(trees, X, head, context)
      const count = treeCount(trees)
      for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) / count
      return head.task === 'regression' ? { task: 'regression', values: sums } : classPrediction(head, sums)
    },
    state() {
      const { json, arrays } = treesToState(trees)
      return { estimator: id, version: 1, json: { ...json, ...head, facts }, arrays }
    },
  }
}
