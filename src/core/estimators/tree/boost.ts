/**
 * The rounds of gradient boosting: gradients of the loss, a tree for each score, its values added to the scores; stops
 * early on held-back rows. It goes on from an earlier model, or from where an interrupted fit stood, with the same
 * bits as one that was never disturbed: trees are added to the scores again as the kernels did, and chance goes on
 * where it stood.
 */
import { compiledBoostingKernels, Layout, plainBoostingKernels, runEach, sharedBoostingKernels } from '../../../kernels/boosting.ts'
import type { BoostingKernels } from '../../../kernels/boosting.ts'
import { inParts, layOutParts } from '../../../kernels/boosting-parts.ts'
import type { Crew, Team } from '../../../kernels/crew.ts'
import type { Context } from '../../context.ts'
import type { Matrix } from '../../data/matrix.ts'
import { takeRows } from '../../data/matrix.ts'
import type { Target } from '../../data/target.ts'
import { StudioError } from '../../errors.ts'
import { createRng } from '../../math/rng.ts'
import type { FitState } from '../../savepoint.ts'
import type { ModelFacts } from '../estimator.ts'
import { binRows } from './binning.ts'
import { parseConstraints } from './constraints.ts'
import { layOutGrower } from './grower-layout.ts'
import { TreeGrower } from './grower.ts'
import { scoreOnGrid } from './grid.ts'
import type { GrownLeaf } from './grower.ts'
import { headOf } from './head.ts'
import type { Head } from './head.ts'
import { innerSplit } from './inner-split.ts'
import { lossFor, takePart } from './losses.ts'
import type { Loss, LossChoice, LossPart, Workspace } from './losses.ts'
import { createPacer } from './pacer.ts'
import { gatherRows, leafOf } from './predict.ts'
import { treeCount, TreesBuilder, treesFromState, treesToState } from './tree.ts'
import type { Trees } from './tree.ts'

/** Above this many rows "auto" holds rows back and stops early, as scikit-learn does. */
const autoEarlyStoppingRows = 10_000
/** Fewer cells are learnt before a helper has started. */
const cellsWorthSharing = 2 ** 17
/** An improvement of the inner loss below this does not count. */
const tolerance = 1e-7

export interface BoostOptions extends LossChoice {
  readonly learningRate: number
  /** Rounds, on top of an earlier model's. */
  readonly maxIter: number
  readonly maxLeafNodes: number
  readonly maxDepth: number
  readonly minSamplesLeaf: number
  readonly l2Regularization: number
  readonly l1Regularization: number
  readonly maxFeatures: number
  readonly featuresPerTree: number
  readonly maxBins: number
  readonly subsample: number
  readonly growPolicy: 'leaf-wise' | 'depth-wise'
  readonly monotonicCst: string
  readonly interactionCst: string
  readonly earlyStopping: string
  readonly validationFraction: number
  readonly nIterNoChange: number
}
/** What training needs to go on from a model as if it had never ended. */
export interface Chance {
  readonly seed: number
  /** Name of the loss. */
  readonly learns: string
  /** Where the streams stood after the last round that the model keeps. */
  readonly splitPlace: Float64Array
  readonly rowPlace: Float64Array
}
export interface Earlier {
  readonly head: Head
  readonly trees: Trees
  readonly chance: Chance
}
export interface Boosting {
  /** Of the estimator, for messages. */
  readonly id: string
  readonly X: Matrix
  readonly y: Target
  readonly options: BoostOptions
  readonly seed: number
  readonly weights: Float64Array | undefined
  readonly earlier?: Earlier
}
export interface Boosted {
  readonly head: Head
  readonly trees: Trees
  readonly facts: ModelFacts
  readonly chance: Chance
}

/** Held-back rows with their features side by side and the scores they have so far. */
interface Judge {
  readonly rows: number
  readonly features: Float32Array
}

/** @param teams takes the helpers that were called, for the caller to let go */
export async function boost({ id, X, y, options, seed, weights, earlier }: Boosting, context: Context, teams: Team[]): Promise<Boosted> {
  const rng = createRng(seed)
  const pacer = createPacer(context)
  const wantsJudge = options.earlyStopping === 'on' || (options.earlyStopping === 'auto' && X.rows > autoEarlyStoppingRows)
  const split = wantsJudge ? innerSplit(y, X.rows, options.validationFraction, rng.fork('inner split')) : undefined
  const judged = split !== undefined && split.judge.length > 0 && split.learn.length > 0
  const learn = judged ? split.learn : Uint32Array.from({ length: X.rows }, (_, row) => row)

  const loss = lossFor(id, y, learn, weights, options)
  if (earlier) checkEarlier(id, earlier, headOf(X, y, loss.base, loss.link), loss, seed)
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
  const grower = new TreeGrower(kernels, at, learn.length, bins, { ...options, l1Regularization: options.l1Regularization / (loss.gradientUnit ?? 1), constraints })
  loss.fill(kernels, part, learn)
  let judge: Judge | undefined
  if (judgePart && split) {
    loss.fill(kernels, judgePart, split.judge)
    const held = takeRows(X, split.judge)
    judge = { rows: held.rows, features: gatherRows(held, 0, held.rows, new Float32Array(held.rows * held.features.length)) }
  }

  const builder = new TreesBuilder(loss.outputs, 1)
  const left = leftOf(id, context.savepoint?.left ?? [])
  /** Rounds that the earlier model brings. */
  const before = earlier ? treeCount(earlier.trees) / loss.outputs : 0
  const splitRng = rng.fork('features', left?.splitPlace ?? earlier?.chance.splitPlace)
  const words = new Float32Array(kernels.buffer)
  const doubles = new Float64Array(kernels.buffer, at.sums, 3)
  const weighed = weights && learn.some((row) => weights[row] !== 1) ? weights : undefined
  let largestWeight = 1
  if (weighed) for (const row of learn) largestWeight = Math.max(largestWeight, weighed[row] as number)
  const alpha = options.l1Regularization / (loss.gradientUnit ?? 1)
  // Rows that a round leaves out have weight 0 in it.
  const drawn = options.subsample < 1 ? new Uint8Array(learn.length) : undefined
  const rowRng = rng.fork('rows', left?.rowPlace ?? earlier?.chance.rowPlace)
  const weightAt = (i: number): number => (drawn?.[i] ?? 1) * (weighed?.[learn[i] as number] ?? 1)
  const rowList = new Uint32Array(kernels.buffer, at.rows, learn.length)
  const leafValue = (g: number, h: number, leaf: GrownLeaf): number => {
    if (loss.renew) {
      const own = rowList.slice(leaf.start, leaf.start + leaf.count).filter((i) => weightAt(i) > 0)
      return own.length > 0 ? Math.fround(options.learningRate * loss.renew(kernels, part, own, weighed && weightAt) * loss.scale) : 0
    }
    const denominator = h + options.l2Regularization
    const soft = g > alpha ? g - alpha : g < -alpha ? g + alpha : 0
    if (denominator <= 0) return 0
    const value = Math.fround(options.learningRate * Math.min(leaf.high, Math.max(leaf.low, -soft / denominator)) * loss.scale)
    return y.task === 'regression' ? value : scoreOnGrid(value)
  }

  let best = left?.best ?? { round: 0, loss: Number.POSITIVE_INFINITY }
  let round = left?.round ?? 0
  let saved = round
  let stopped = 'all rounds done'
  if (earlier) startAt(words, earlier.head.base, loss, judgePart ? [part, judgePart] : [part])
  if (left || earlier) {
    const learnt = takeRows(X, learn)
    const own: Judge = { rows: learnt.rows, features: gatherRows(learnt, 0, learnt.rows, new Float32Array(learnt.rows * learnt.features.length)) }
    for (const trees of [...(earlier ? [earlier.trees] : []), ...(left?.trees ?? [])]) {
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
  // What goes on must be better than what was there.
  if (earlier && !left && judgePart) best = { round: 0, loss: loss.begin(kernels, judgePart, judgeWork) }
  const places = (): Pick<Chance, 'splitPlace' | 'rowPlace'> => ({ splitPlace: splitRng.place(), rowPlace: rowRng.place() })
  let bestPlaces = left?.bestPlaces ?? places()
  let trainLoss = loss.begin(kernels, part, work)
  if (round === 0) context.report({ kind: 'curve', series: 'training loss', x: before, y: trainLoss })
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
    context.report({ kind: 'curve', series: 'training loss', x: before + round, y: trainLoss })
    if (judgeLoss !== undefined) context.report({ kind: 'curve', series: 'inner validation loss', x: before + round, y: judgeLoss })
    if (judgeLoss === undefined || judgeLoss < best.loss - tolerance) {
      best = { round, loss: judgeLoss ?? trainLoss }
      bestPlaces = places()
    }
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
      const { arrays, json } = treesToState(builder.build((before + saved) * loss.outputs))
      const kept = { ...arrays, place: Float64Array.of(round, best.round, best.loss), ...places(), bestSplitPlace: bestPlaces.splitPlace, bestRowPlace: bestPlaces.rowPlace }
      if (await context.savepoint.save({ unit: 'tree', done: round, total: options.maxIter }, { json, arrays: kept }, 'add')) saved = round
    }
  }
  if (round < options.maxIter) context.report({ kind: 'step', phase: 'boosting', done: options.maxIter, total: options.maxIter })
  const kept = Math.max(earlier ? 0 : 1, best.round)
  const facts: ModelFacts = { rounds: before + kept, roundsRun: before + round, ...(earlier && { roundsBefore: before }), stopped, heldBackRows: judge?.rows ?? 0, kernels: kernels.compiled ? 'compiled' : 'plain' }
  return { head: headOf(X, y, earlier?.head.base ?? loss.base, loss.link), trees: builder.build(0, (before + kept) * loss.outputs), facts, chance: { seed, learns: loss.name, ...bestPlaces } }
}

/** @param own what a model of these rows would be. @throws StudioError bad-data, bad-param */
function checkEarlier(id: string, { head, chance }: Earlier, own: Head, loss: Loss, seed: number): void {
  const refuse = (what: string, now: string, then: string): never => {
    throw new StudioError({ code: 'bad-data', message: `invalid earlier model of ${id}; ${what} must be its own, ${then.slice(0, 200)}: ${now.slice(0, 200)}` })
  }
  if (head.task !== own.task) refuse('the task', own.task, head.task)
  if (head.classes.length !== own.classes.length || head.classes.some((name, i) => name !== own.classes[i])) refuse('the classes', own.classes.join(', '), head.classes.join(', '))
  if (head.categoryCounts.length !== own.categoryCounts.length) refuse('the number of features', String(own.categoryCounts.length), String(head.categoryCounts.length))
  if (head.categoryCounts.some((count, f) => count !== own.categoryCounts[f])) refuse('the categories of each feature', own.categoryCounts.join(', '), head.categoryCounts.join(', '))
  if (chance.learns !== loss.name) refuse('the loss', loss.name, chance.learns)
  if (chance.seed !== seed) throw new StudioError({ code: 'bad-param', message: `invalid seed; going on from an earlier model needs its own, ${chance.seed}: ${seed}` })
}

/** Moves the scores from this loss's own base, which `fill` wrote, to an earlier model's. */
function startAt(words: Float32Array, base: readonly number[], loss: Loss, parts: readonly LossPart[]): void {
  base.forEach((value, output) => {
    const by = (value - (loss.base[output] as number)) / loss.scale
    if (by === 0) return
    for (const { raw, stride, rows } of parts) {
      const from = (raw >>> 2) + output * stride
      for (let i = from; i < from + rows; i++) words[i] = (words[i] as number) + by
    }
  })
}

/** What is needed to go on after a round. */
interface Left {
  readonly round: number
  readonly best: { readonly round: number; readonly loss: number }
  readonly trees: readonly Trees[]
  readonly splitPlace: Float64Array
  readonly rowPlace: Float64Array
  /** Where the streams stood after the best round. */
  readonly bestPlaces: Pick<Chance, 'splitPlace' | 'rowPlace'>
}

/** @throws StudioError bundle-mismatch */
function leftOf(id: string, states: readonly FitState[]): Left | undefined {
  const last = states.at(-1)
  if (!last) return undefined
  const { place, splitPlace, rowPlace, bestSplitPlace, bestRowPlace } = last.arrays
  if (!(place instanceof Float64Array && splitPlace instanceof Float64Array && rowPlace instanceof Float64Array && bestSplitPlace instanceof Float64Array && bestRowPlace instanceof Float64Array)) throw new StudioError({ code: 'bundle-mismatch', message: `invalid checkpoint of ${id}; it does not say where it stood` })
  const [round, bestRound, bestLoss] = place as unknown as [number, number, number]
  return { round, best: { round: bestRound, loss: bestLoss }, trees: states.map(({ json, arrays }) => treesFromState(id, json, arrays)), splitPlace, rowPlace, bestPlaces: { splitPlace: bestSplitPlace, rowPlace: bestRowPlace } }
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
