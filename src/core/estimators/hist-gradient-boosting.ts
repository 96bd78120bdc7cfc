/**
 * Histogram gradient boosting of decision trees: squared, absolute, quantile and Poisson loss of numbers, log loss
 * of two classes, softmax of more.
 * Missing values and categories are split natively. The arithmetic runs in compiled kernels where the
 * host has them and in their plain twin otherwise, with the same model bit for bit.
 */
import { compiledBoostingKernels, Layout, plainBoostingKernels, runEach, sharedBoostingKernels } from '../../kernels/boosting.ts'
import type { BoostingKernels } from '../../kernels/boosting.ts'
import { inParts, layOutParts } from '../../kernels/boosting-parts.ts'
import type { Crew, Team } from '../../kernels/crew.ts'
import type { Context } from '../context.ts'
import type { Matrix } from '../data/matrix.ts'
import { takeRows } from '../data/matrix.ts'
import type { Target } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { createRng } from '../math/rng.ts'
import type { ParamTable, ValuesOf } from '../params.ts'
import type { FitState } from '../savepoint.ts'
import type { Estimator, ModelFacts, ModelState } from './estimator.ts'
import { parseConstraints } from './tree/constraints.ts'
import { classRowWeights, classWeightParam, rowWeights } from './weights.ts'
import { binRows } from './tree/binning.ts'
import { layOutGrower } from './tree/grower-layout.ts'
import { TreeGrower } from './tree/grower.ts'
import type { GrownLeaf } from './tree/grower.ts'
import { checkFeatures, checkTraining, headFrom, headOf, predictionFromScores } from './tree/head.ts'
import type { Head, TreeModel } from './tree/head.ts'
import { innerSplit } from './tree/inner-split.ts'
import { lossFor, takePart } from './tree/losses.ts'
import type { LossChoice, LossPart, Workspace } from './tree/losses.ts'
import { logitsToOnnx, treesToOnnx, treeValuesToOnnx } from './tree/onnx.ts'
import { createPacer } from './tree/pacer.ts'
import { gatherRows, leafOf, scoresOf } from './tree/predict.ts'
import { TreesBuilder, treesFromState, treesToState } from './tree/tree.ts'
import type { Trees } from './tree/tree.ts'

const id = 'hist-gradient-boosting'
/** Above this many rows "auto" holds rows back and stops early, as scikit-learn does. */
const autoEarlyStoppingRows = 10_000
/** Fewer cells are learnt before a helper has started. */
const cellsWorthSharing = 2 ** 17
/** An improvement of the inner loss below this does not count. */
const tolerance = 1e-7

const params = {
  learningRate: { kind: 'number', default: 0.1, min: 0.001, max: 1, scale: 'log', label: 'Learning rate', help: 'How much each tree corrects: smaller learns slower and often better, with more trees.' },
  maxIter: { kind: 'integer', default: 100, min: 1, max: 2000, scale: 'log', unit: 'rounds', label: 'Rounds', help: 'Trees to grow, one a round (one a class and round for several classes).' },
  maxLeafNodes: { kind: 'integer', default: 31, min: 0, max: 1024, unit: 'leaves', label: 'Leaves per tree', help: 'More leaves follow the data more closely; 0 sets no limit.' },
  maxDepth: { kind: 'integer', default: 0, min: 0, max: 32, unit: 'levels', label: 'Depth', help: 'Most questions in a row; 0 sets no limit.' },
  minSamplesLeaf: { kind: 'integer', default: 20, min: 1, max: 100_000, scale: 'log', unit: 'rows', label: 'Rows per leaf', help: 'Fewest training rows that a leaf may rest on.' },
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
  },
  quantile: { kind: 'number', default: 0.5, min: 0.001, max: 0.999, label: 'Quantile', help: 'Share of outcomes that should lie below the prediction, for the quantile loss.', advanced: true },
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
  monotonicCst: { kind: 'text', default: '', maxLength: 10_000, label: 'Directions', help: 'Features whose rise must never lower (1) or raise (-1) the prediction, as {"age": 1, "price": -1}.', advanced: true },
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
  validationFraction: { kind: 'number', default: 0.1, min: 0.01, max: 0.5, label: 'Share held back', help: 'Share of the training rows that judges rounds when stopping early.', advanced: true },
  nIterNoChange: { kind: 'integer', default: 10, min: 1, max: 500, unit: 'rounds', label: 'Patience', help: 'Rounds without gain after which training stops.', advanced: true },
} as const satisfies ParamTable

type Params = ValuesOf<typeof params>

export const histGradientBoosting: Estimator<typeof params> = {
  id,
  label: 'Gradient boosting',
  family: 'trees',
  summary: 'Many small trees, each correcting the ones before it: the strongest all-round choice for tables.',
  source:
    "Ke et al. 2017 (LightGBM); defaults and behaviour of scikit-learn's HistGradientBoosting. Ours sums quantised gradients exactly, keeps the best round when stopping early, and groups the rarest categories beyond 255.",
  tasks: ['binary', 'multiclass', 'regression'],
  tags: { acceptsMissing: true, acceptsCategories: true, wantsScaled: false, randomised: true, deterministic: true, iterative: true, baseline: false },
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
      const { head, trees, facts } = await boost(X, y, options.params, options.seed, weights, context, teams)
      return createModel(head, trees, facts)
    } finally {
      for (const team of teams) team.end()
    }
  },
  revive(state) {
    const { head, trees } = parse(state)
    return createModel(head, trees, (state.json['facts'] ?? {}) as ModelFacts)
  },
  toOnnx(state, input, graph) {
    const { head, trees } = parse(state)
    if (head.task === 'regression') {
      const values = treeValuesToOnnx(trees, head, input, graph)
      return head.link === 'log' ? { ...values, tensor: graph.node('Exp', [values.tensor]) } : values
    }
    const sums = treesToOnnx(trees, head.categoryCounts, input, graph)
    const scores = graph.node('Add', [sums, graph.floats('base_score', head.base, [1, head.base.length])])
    if (head.base.length === 1) return { tensor: logitsToOnnx(scores, graph) }
    return { tensor: graph.node('Softmax', [scores], { axis: { kind: 'int', value: 1 } }) }
  },
}

function parse(state: ModelState): { head: Head; trees: Trees } {
  if (state.estimator !== id || state.version !== 1) {
    throw new StudioError({ code: 'bundle-mismatch', message: `unknown model state; not ${id} version 1: ${state.estimator} version ${state.version}` })
  }
  return { head: headFrom(id, state.json), trees: treesFromState(id, state.json, state.arrays) }
}

function createModel(head: Head, trees: Trees, facts: ModelFacts): TreeModel {
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
      return { estimator: id, version: 1, json: { ...json, ...head, facts }, arrays }
    },
  }
}

/** Held-back rows with their features side by side and the scores they have so far. */
interface Judge {
  readonly rows: number
  readonly features: Float32Array
}

/** @param teams takes the helpers that were called, for the caller to let go */
async function boost(X: Matrix, y: Target, options: Params, seed: number, weights: Float64Array | undefined, context: Context, teams: Team[]): Promise<{ head: Head; trees: Trees; facts: ModelFacts }> {
  const rng = createRng(seed)
  const pacer = createPacer(context)
  const wantsJudge = options.earlyStopping === 'on' || (options.earlyStopping === 'auto' && X.rows > autoEarlyStoppingRows)
  const split = wantsJudge ? innerSplit(y, X.rows, options.validationFraction, rng.fork('inner split')) : undefined
  const judged = split !== undefined && split.judge.length > 0 && split.learn.length > 0
  const learn = judged ? split.learn : Uint32Array.from({ length: X.rows }, (_, row) => row)

  const loss = lossFor(id, y, learn, weights, { loss: options.loss as LossChoice['loss'], quantile: options.quantile })
  const constraints = parseConstraints(id, X, options.monotonicCst, options.interactionCst)
  if (constraints.signs && (loss.outputs > 1 || loss.renew)) {
    const what = loss.outputs > 1 ? 'several classes' : `the ${options.loss} loss`
    throw new StudioError({ code: 'unsupported', message: `unsupported monotonicCst of ${id}; directions need two classes, or the squared or Poisson loss: ${what}` })
  }
  const layout = new Layout()
  const crew = learn.length * X.features.length >= cellsWorthSharing ? context.crew : undefined
  const at = layOutGrower(layout, learn.length, X.features.length, options.maxLeafNodes, crew?.threads)
  const part = takePart(layout, learn.length, loss.outputs)
  const judgePart = judged ? takePart(layout, split.judge.length, loss.outputs) : undefined
  const probabilities = layout.take(loss.outputs > 1 ? Math.max(part.stride, judgePart?.stride ?? 0) * 4 * loss.outputs : 0)
  // The judge's gradients go where the next round overwrites them; half the rows at most judge.
  const work: Workspace = { gradient: at.gradient, hessian: at.hessian, sums: at.sums, probabilities }
  const judgeWork: Workspace = judgePart && judgePart.stride > part.stride ? { ...work, gradient: layout.take(judgePart.stride * 4), hessian: layout.take(judgePart.stride * 4) } : work
  const slots = layOutParts(layout, Math.max(part.stride, judgePart?.stride ?? 0))
  const kernels = await kernelsOf(layout.bytes, slots, crew, context, teams)
  const bins = await binRows(kernels, at, X.features, learn, options.maxBins, rng.fork('bin sample'), pacer)
  const grower = new TreeGrower(kernels, at, learn.length, bins, { ...options, l1Regularization: options.l1Regularization / (loss.gradientUnit ?? 1), growPolicy: options.growPolicy as 'leaf-wise' | 'depth-wise', constraints })
  loss.fill(kernels, part, learn)
  let judge: Judge | undefined
  if (judgePart && split) {
    loss.fill(kernels, judgePart, split.judge)
    const held = takeRows(X, split.judge)
    judge = { rows: held.rows, features: gatherRows(held, 0, held.rows, new Float32Array(held.rows * held.features.length)) }
  }

  const builder = new TreesBuilder(loss.outputs, 1)
  const left = leftOf(context.savepoint?.left ?? [])
  const splitRng = rng.fork('features', left?.splitPlace)
  const words = new Float32Array(kernels.buffer)
  const doubles = new Float64Array(kernels.buffer, at.sums, 3)
  const weighed = weights && learn.some((row) => weights[row] !== 1) ? weights : undefined
  let largestWeight = 1
  if (weighed) for (const row of learn) largestWeight = Math.max(largestWeight, weighed[row] as number)
  const alpha = options.l1Regularization / (loss.gradientUnit ?? 1)
  // Rows that a round leaves out have weight 0 in it.
  const drawn = options.subsample < 1 ? new Uint8Array(learn.length) : undefined
  const rowRng = rng.fork('rows', left?.rowPlace)
  const weightAt = (i: number): number => (drawn?.[i] ?? 1) * (weighed?.[learn[i] as number] ?? 1)
  const rowList = new Uint32Array(kernels.buffer, at.rows, learn.length)
  const leafValue = (g: number, h: number, leaf: GrownLeaf): number => {
    if (loss.renew) {
      const own = rowList.slice(leaf.start, leaf.start + leaf.count).filter((i) => weightAt(i) > 0)
      return own.length > 0 ? Math.fround(options.learningRate * loss.renew(kernels, part, own, weighed && weightAt) * loss.scale) : 0
    }
    const denominator = h + options.l2Regularization
    const soft = g > alpha ? g - alpha : g < -alpha ? g + alpha : 0
    return denominator > 0 ? Math.fround(options.learningRate * Math.min(leaf.high, Math.max(leaf.low, -soft / denominator)) * loss.scale) : 0
  }

  let best = left?.best ?? { round: 0, loss: Number.POSITIVE_INFINITY }
  let round = left?.round ?? 0
  let saved = round
  let stopped = 'all rounds done'
  if (left) {
    const learnt = takeRows(X, learn)
    const own: Judge = { rows: learnt.rows, features: gatherRows(learnt, 0, learnt.rows, new Float32Array(learnt.rows * learnt.features.length)) }
    for (const trees of left.trees) {
      const from = builder.trees
      builder.add(trees)
      for (let tree = from; tree < builder.trees; tree++) {
        const built = builder.build(tree, tree + 1)
        const plane = (part: LossPart): number => part.raw + (built.target[0] as number) * part.stride * 4
        addLeaves(words, plane(part), built, own, loss.scale)
        if (judge && judgePart) addTree(words, plane(judgePart), built, judge, loss.scale)
        await pacer()
      }
    }
  }
  let trainLoss = loss.begin(kernels, part, work)
  if (round === 0) context.report({ kind: 'curve', series: 'training loss', x: 0, y: trainLoss })
  while (round < options.maxIter) {
    if (drawn) for (let i = 0; i < drawn.length; i++) drawn[i] = rowRng.next() < options.subsample ? 1 : 0
    for (let output = 0; output < loss.outputs; output++) {
      loss.gradients(kernels, part, output, work)
      if (weighed || drawn) weigh(words, at.gradient, at.hessian, doubles, learn.length, weightAt)
      const sums = { absoluteGradient: doubles[0] as number, hessian: doubles[1] as number }
      const leaves = await grower.grow(builder, output, sums, loss.maxHessian * largestWeight, leafValue, splitRng, pacer)
      const raw = part.raw + output * part.stride * 4
      runEach(kernels, leaves.map((leaf) => ['addToRows', raw, at.rows + leaf.start * 4, leaf.count, builder.valueOf(leaf.node) / loss.scale]))
      if (judge && judgePart) addTree(words, judgePart.raw + output * judgePart.stride * 4, builder.build(builder.trees - 1), judge, loss.scale)
    }
    round++
    // The judge first: it writes over the round's gradients.
    const judgeLoss = judgePart ? loss.begin(kernels, judgePart, judgeWork) : undefined
    trainLoss = loss.begin(kernels, part, work)
    if (!Number.isFinite(trainLoss)) {
      throw new StudioError({ code: 'diverged', message: `invalid training loss; not finite after round ${round}: ${trainLoss}`, hint: 'Lower the learning rate.' })
    }
    context.report({ kind: 'curve', series: 'training loss', x: round, y: trainLoss })
    if (judgeLoss !== undefined) context.report({ kind: 'curve', series: 'inner validation loss', x: round, y: judgeLoss })
    if (judgeLoss === undefined || judgeLoss < best.loss - tolerance) best = { round, loss: judgeLoss ?? trainLoss }
    context.report({ kind: 'step', phase: 'boosting', done: round, total: options.maxIter })
    await context.checkpoint()
    if (context.stopping()) {
      stopped = 'stopped on request'
      break
    }
    if (judgePart && round - best.round >= options.nIterNoChange) {
      stopped = 'no gain on held-back rows'
      break
    }
    if (context.savepoint?.due()) {
      const { arrays, json } = treesToState(builder.build(saved * loss.outputs))
      const kept = { ...arrays, place: Float64Array.of(round, best.round, best.loss), splitPlace: splitRng.place(), rowPlace: rowRng.place() }
      if (await context.savepoint.save({ unit: 'tree', done: round, total: options.maxIter }, { json, arrays: kept }, 'add')) saved = round
    }
  }
  if (round < options.maxIter) context.report({ kind: 'step', phase: 'boosting', done: options.maxIter, total: options.maxIter })
  const kept = Math.max(1, best.round)
  const facts: ModelFacts = { rounds: kept, roundsRun: round, stopped, heldBackRows: judge?.rows ?? 0, kernels: kernels.compiled ? 'compiled' : 'plain' }
  return { head: headOf(X, y, loss.base, loss.link), trees: builder.build(0, kept * loss.outputs), facts }
}

/** What is needed to go on after a round. */
interface Left {
  readonly round: number
  readonly best: { readonly round: number; readonly loss: number }
  readonly trees: readonly Trees[]
  readonly splitPlace: Float64Array
  readonly rowPlace: Float64Array
}

/** @throws StudioError bundle-mismatch */
function leftOf(states: readonly FitState[]): Left | undefined {
  const last = states.at(-1)
  if (!last) return undefined
  const { place, splitPlace, rowPlace } = last.arrays
  if (!(place instanceof Float64Array && splitPlace instanceof Float64Array && rowPlace instanceof Float64Array)) throw new StudioError({ code: 'bundle-mismatch', message: `invalid checkpoint of ${id}; it does not say where it stood` })
  const [round, bestRound, bestLoss] = place as unknown as [number, number, number]
  return { round, best: { round: bestRound, loss: bestLoss }, trees: states.map(({ json, arrays }) => treesFromState(id, json, arrays)), splitPlace, rowPlace }
}

async function kernelsOf(bytes: number, slots: number, crew: Crew | undefined, context: Context, teams: Team[]): Promise<BoostingKernels> {
  if (crew && crew.threads > 1) {
    try {
      const { kernels, team } = await sharedBoostingKernels(await context.asset('boosting-shared.wasm'), bytes, crew)
      teams.push(team)
      return inParts(kernels, slots)
    } catch {
      // Where there is no shared memory after all, one thread gives the same model.
    }
  }
  let wasm: ArrayBuffer | undefined
  try {
    wasm = await context.asset('boosting.wasm')
  } catch {
    // A host without the compiled kernels gets the same model from the plain ones, later.
  }
  try {
    return inParts(wasm ? await compiledBoostingKernels(wasm, bytes) : plainBoostingKernels(bytes), slots)
  } catch (cause) {
    throw new StudioError({
      code: 'out-of-memory',
      message: `missing memory; boosting on these rows and features needs ${Math.ceil(bytes / 2 ** 20)} MiB`,
      hint: 'Use fewer rows or columns, or close other tabs.',
      cause,
    })
  }
}

/** Multiplies gradients and hessians by the weights of their rows, and sums them anew. */
function weigh(words: Float32Array, gradient: number, hessian: number, sums: Float64Array, rows: number, weightAt: (row: number) => number): void {
  let [absolute, curvature] = [0, 0]
  for (let i = 0; i < rows; i++) {
    const w = weightAt(i)
    const g = (gradient >>> 2) + i
    const h = (hessian >>> 2) + i
    words[g] = (words[g] as number) * w
    words[h] = (words[h] as number) * w
    absolute += Math.abs(words[g] as number)
    curvature += words[h] as number
  }
  sums[0] = absolute
  sums[1] = curvature
}

/** Adds a tree to the scores of the rows it was grown on, as the kernels did then: in float32. */
function addLeaves(words: Float32Array, raw: number, tree: Trees, { rows, features }: Judge, scale: number): void {
  const width = features.length / rows
  for (let i = 0; i < rows; i++) {
    const at = (raw >>> 2) + i
    words[at] = (words[at] as number) + Math.fround((tree.value[leafOf(tree, 0, features, i * width)] as number) / scale)
  }
}

/** Adds the last tree to the scores of the held-back rows. */
function addTree(words: Float32Array, raw: number, tree: Trees, judge: Judge, scale: number): void {
  const width = judge.features.length / judge.rows
  for (let i = 0; i < judge.rows; i++) {
    const at = (raw >>> 2) + i
    words[at] = (words[at] as number) + (tree.value[leafOf(tree, 0, judge.features, i * width)] as number) / scale
  }
}
