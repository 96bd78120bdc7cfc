/**
 * Explainable boosting machine: a sum of one drawn curve a feature and a few grids of two features, so the
 * whole model can be seen. Fitted by cyclic boosting in bags; pairs are ranked by FAST.
 */
import { StudioError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Matrix } from '../data/matrix.ts'
import type { Target } from '../data/target.ts'
import { log } from '../math/elementary.ts'
import { createRng, shuffle } from '../math/rng.ts'
import type { ParamTable } from '../params.ts'
import { axisOf, cellsOf, cellsToOnnx, isCategorical, type Axis } from './ebm/axes.ts'
import { boostTerms, emptySums, Scores, type BoostOptions, type BoostPlace, type Term } from './ebm/boost.ts'
import { placeFrom, placeOf, type Place } from './ebm/place.ts'
import { bestCross } from './ebm/grow.ts'
import type { Estimator, Model, ModelFacts, ModelState } from './estimator.ts'
import { findBins } from './tree/bins.ts'
import { checkFeatures, checkTraining, headFrom, headOf, predictionFromScores, type Head } from './tree/head.ts'
import { createPacer } from './tree/pacer.ts'
import { classRowWeights, classWeightParam, rowWeights } from './weights.ts'

const params = {
  maxIter: { kind: 'integer', default: 500, min: 1, max: 100_000, scale: 'log', unit: 'rounds', label: 'Rounds at most', help: 'Turns of all terms; held-out rows usually end it earlier.' },
  learningRate: { kind: 'number', default: 0.05, min: 1e-4, max: 1, scale: 'log', label: 'Learning rate', help: 'Smaller steps need more rounds and make smoother curves.' },
  interactions: { kind: 'integer', default: 3, min: 0, max: 100, unit: 'pairs', label: 'Pairs of features', help: 'How many of the strongest pairs get a grid of their own; 0 keeps one curve a feature.' },
  outerBags: { kind: 'integer', default: 4, min: 1, max: 64, unit: 'bags', label: 'Bags', help: 'The model is the mean of this many, each fitted on 85% of the rows; their spread says how sure a curve is.' },
  maxLeafNodes: { kind: 'integer', default: 3, min: 2, max: 32, unit: 'steps', label: 'Steps of a curve a round', help: 'How many levels one round may add to one curve.', advanced: true },
  minSamplesLeaf: { kind: 'integer', default: 4, min: 1, max: 100_000, scale: 'log', unit: 'rows', label: 'Rows behind a level', help: 'Fewer rows than this never make a level of their own.', advanced: true },
  maxBins: { kind: 'integer', default: 128, min: 4, max: 254, unit: 'cells', label: 'Cells of a curve', help: 'Numbers are cut into at most this many cells of about equally many rows.', advanced: true },
  nIterNoChange: { kind: 'integer', default: 30, min: 1, max: 10_000, unit: 'rounds', label: 'Patience', help: 'Ends after this many rounds without a better held-out loss.', advanced: true },
  classWeight: classWeightParam,
} as const satisfies ParamTable

const id = 'explainable-boosting'
/** Cells of a feature in a pair. */
const pairCells = 32
/** Features that may form pairs: their number grows with the square. */
const pairFeatures = 40
/** With fewer rows nothing is held out, and all rounds are taken. */
const heldOutFrom = 40
const heldOutShare = 0.15

/** One term of the sum, as drawings need it. */
export interface Shape {
  /** One axis for a curve, two for a grid. */
  readonly axes: readonly Axis[]
  /** Row-major, shape (cells of the first axis, cells of the second or 1, outputs): what a row there adds to the score. */
  readonly values: Float64Array
  /** As values: standard deviation between bags. */
  readonly spread: Float64Array
}
/** A model that shows its shape functions. */
export interface AdditiveModel extends Model {
  readonly head: Head
  readonly shapes: readonly Shape[]
}

function modelOf(head: Head, shapes: readonly Shape[], facts: ModelFacts): AdditiveModel {
  const outputs = head.base.length
  return {
    estimator: id,
    task: head.task,
    facts,
    head,
    shapes,
    async predict(X, context) {
      checkFeatures(id, head, X)
      const scores = new Float64Array(X.rows * outputs)
      for (let row = 0; row < X.rows; row++) for (let o = 0; o < outputs; o++) scores[row * outputs + o] = head.base[o] as number
      for (const { axes, values } of shapes) {
        const [first, second] = axes as [Axis, Axis | undefined]
        const a = cellsOf(X.features[first.feature] as Matrix['features'][number], first)
        const b = second && cellsOf(X.features[second.feature] as Matrix['features'][number], second)
        for (let row = 0; row < X.rows; row++) {
          const cell = second && b ? (a[row] as number) * second.cells + (b[row] as number) : (a[row] as number)
          for (let o = 0; o < outputs; o++) scores[row * outputs + o] = (scores[row * outputs + o] as number) + (values[cell * outputs + o] as number)
        }
        await context?.checkpoint()
      }
      return predictionFromScores(head, scores)
    },
    state: () => ({
      estimator: id,
      version: 1,
      json: {
        ...head,
        shapes: shapes.map(({ axes }) => axes.map(({ feature, cells, thresholds, cellOfCode }) => ({ feature, cells, thresholds: thresholds.length, codes: cellOfCode.length }))),
      },
      arrays: {
        thresholds: Float32Array.from(shapes.flatMap(({ axes }) => axes.flatMap(({ thresholds }) => [...thresholds]))),
        codes: Uint8Array.from(shapes.flatMap(({ axes }) => axes.flatMap(({ cellOfCode }) => [...cellOfCode]))),
        values: Float64Array.from(shapes.flatMap(({ values }) => [...values])),
        spread: Float64Array.from(shapes.flatMap(({ spread }) => [...spread])),
      },
    }),
  }
}

function fromState(state: ModelState): { readonly head: Head; readonly shapes: readonly Shape[] } {
  const refuse = (): never => {
    throw new StudioError({ code: 'bundle-mismatch', message: `invalid state of ${id}; not shapes of version 1` })
  }
  const { thresholds, codes, values, spread } = state.arrays
  const { shapes } = state.json
  if (state.estimator !== id || state.version !== 1 || !Array.isArray(shapes)) return refuse()
  if (!(thresholds instanceof Float32Array && codes instanceof Uint8Array && values instanceof Float64Array && spread instanceof Float64Array)) return refuse()
  const head = headFrom(id, state.json)
  const at = { thresholds: 0, codes: 0, values: 0 }
  const read = (shapes as unknown as { feature: number; cells: number; thresholds: number; codes: number }[][]).map((axes): Shape => {
    const made = axes.map((axis): Axis => ({
      feature: axis.feature,
      cells: axis.cells,
      thresholds: thresholds.slice(at.thresholds, (at.thresholds += axis.thresholds)),
      cellOfCode: codes.slice(at.codes, (at.codes += axis.codes)),
    }))
    const size = made.reduce((product, axis) => product * axis.cells, head.base.length)
    const from = at.values
    at.values += size
    return { axes: made, values: values.slice(from, at.values), spread: spread.slice(from, at.values) }
  })
  if (at.values !== values.length || at.thresholds !== thresholds.length || at.codes !== codes.length || spread.length !== values.length) return refuse()
  return { head, shapes: read }
}

/** Scores before any term: mean, log-odds, or logarithms of shares. */
function baseOf(y: Target, weights: Float64Array): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  if (y.task === 'regression') return [y.values.reduce((sum, value, row) => sum + value * (weights[row] as number), 0) / total]
  const shares = y.classes.map(() => 0)
  y.codes.forEach((code, row) => (shares[code] = (shares[code] as number) + (weights[row] as number) / total))
  const safe = shares.map((share) => Math.min(1 - 1e-6, Math.max(1e-6, share)))
  return y.classes.length === 2 ? [log((safe[1] as number) / (1 - (safe[1] as number)))] : safe.map((share) => log(share))
}

const ascending = (n: number): Uint32Array => Uint32Array.from({ length: n }, (_, i) => i)

export const explainableBoosting: Estimator<typeof params> = {
  id,
  label: 'Explainable boosting',
  family: 'trees',
  summary: 'A sum of one curve a feature and a few pairs: nearly as accurate as boosted trees, and every part can be drawn.',
  source: "Lou, Caruana, Gehrke & Hooker 2013 (GA2M, FAST); the EBM of InterpretML, with fewer bags and a higher rate by default, without its smoothing rounds, and with curves that go on learning beside the pairs.",
  tasks: ['binary', 'multiclass', 'regression'],
  tags: { acceptsMissing: true, acceptsCategories: true, wantsScaled: false, randomised: true, deterministic: true, iterative: true, baseline: false },
  params,
  shows: ['shapes'],
  memory: ({ outerBags, interactions }, { rows, features, classes }) => 2 * rows * (outerBags * (24 * (classes > 2 ? classes : 1) + 8) + 2 * (features + interactions) + 16),
  async fit(X, y, { params: given, seed, weights: rowWeight }, context) {
    checkTraining(id, X, y)
    await context.checkpoint()
    const weights = y.task === 'regression' ? rowWeights(id, X.rows, rowWeight) : classRowWeights(id, y, given.classWeight, rowWeight)
    const used = ascending(X.rows).filter((row) => (weights[row] as number) > 0)
    const bins = X.features.map((feature) => findBins(feature, used, given.maxBins))
    await context.checkpoint()
    const base = baseOf(y, weights)
    const options: BoostOptions = { ...given, patience: given.nIterNoChange }
    const axes = bins.map((bin, feature) => axisOf(feature, bin, given.maxBins))
    const curves = axes.map((axis) => curveTerm(X, axis))
    const rng = createRng(seed).fork('bags')
    const bags = Array.from({ length: given.outerBags }, () => {
      const mixed = shuffle(Uint32Array.from(used), rng)
      const held = used.length >= heldOutFrom ? Math.floor(used.length * heldOutShare) : 0
      return { judge: mixed.slice(0, held).sort(), learn: mixed.slice(held).sort() }
    })
    const left = placeFrom(context.savepoint?.left.at(-1))
    const progress = reporter(context, bags.length, given.maxIter * (given.interactions > 0 && X.features.length > 1 ? 2 : 1), left)
    const pace = createPacer(context)
    const fitted: { scores: Scores; tables: Float64Array[]; rounds: number }[] = []
    let pairs: readonly (readonly [Axis, Axis])[] = []
    /** Saves where a bag stands, with what the bags before it yielded. */
    const keeper = (stage: Place['stage'], bag: number) => (bagPlace: BoostPlace): Promise<unknown> | undefined => {
      if (!context.savepoint?.due()) return undefined
      const place: Place = { stage, bag, pairs: pairs.map(([a, b]) => [a.feature, b.feature]), fitted: fitted.map(({ tables, rounds }) => ({ tables, rounds })), bagPlace, ...progress.place() }
      return context.savepoint.save({ unit: 'round', ...progress.reached() }, placeOf(place), 'replace')
    }
    for (const [bag, { learn, judge }] of bags.entries()) {
      const scores = new Scores(y, weights, base)
      const known = left?.fitted[bag]
      if (known) {
        fitted.push({ scores, ...known })
        addTables(scores, curves, known.tables, base)
        continue
      }
      const { tables, rounds } = await boostTerms(scores, curves, learn, judge, options, pace, progress.round(bag, 0), keeper(0, bag), left?.stage === 0 && left.bag === bag ? left.bagPlace : undefined)
      fitted.push({ scores, tables: [...tables], rounds })
      // Scores go back to those of the best round, where the pairs begin.
      addTables(scores, curves, tables, base)
    }
    const pairAxes = bins.map((bin, feature) => axisOf(feature, bin, pairCells))
    if (left?.stage === 1) pairs = left.pairs.map(([a, b]) => [pairAxes[a] as Axis, pairAxes[b] as Axis])
    else if (given.interactions > 0) pairs = await rankPairs(X, pairAxes, fitted.map(({ scores }) => scores), bags, given.interactions, given.minSamplesLeaf, pace)
    const grids = pairs.map(([a, b]) => gridTerm(X, a, b))
    if (grids.length > 0) {
      for (const [bag, { learn, judge }] of bags.entries()) {
        const own = fitted[bag] as (typeof fitted)[number]
        if (left?.stage === 1 && bag < left.bag) continue
        // Curves take turns with the grids: what they learnt of a pair as if it were their own is undone.
        const { tables } = await boostTerms(own.scores, [...curves, ...grids], learn, judge, options, pace, progress.round(bag, 1), keeper(1, bag), left?.stage === 1 && left.bag === bag ? left.bagPlace : undefined)
        tables.forEach((table, t) => {
          const curve = own.tables[t]
          if (curve) for (let i = 0; i < table.length; i++) curve[i] = (curve[i] as number) + (table[i] as number)
          else own.tables.push(table)
        })
      }
    }
    progress.end()
    const terms = [...curves, ...grids]
    const intercept = [...base]
    const shapes = terms.map((term, t): Shape => {
      const tables = fitted.map(({ tables }) => tables[t] as Float64Array)
      return { axes: t < axes.length ? [axes[t] as Axis] : [...(pairs[t - axes.length] as [Axis, Axis])], ...centred(term, tables, weights, intercept) }
    })
    const facts = { rounds: fitted.map(({ rounds }) => rounds), pairs: pairs.map(([a, b]) => [X.features[a.feature]?.name ?? '', X.features[b.feature]?.name ?? '']), bags: bags.length }
    return modelOf(headOf(X, y, intercept), shapes, facts)
  },
  revive(state) {
    const { head, shapes } = fromState(state)
    return modelOf(head, shapes, {})
  },
  toOnnx(state, input, graph) {
    const { head, shapes } = fromState(state)
    const outputs = head.base.length
    const rows = graph.node('Slice', [graph.node('Shape', [input]), graph.ints('from', [0]), graph.ints('to', [1])])
    const shape = graph.node('Concat', [rows, graph.ints('width', [outputs])], { axis: { kind: 'int', value: 0 } })
    let sum = graph.node('Expand', [graph.doubles('intercept', head.base, [1, outputs]), shape])
    for (const { axes, values } of shapes) {
      const [first, second] = axes as [Axis, Axis | undefined]
      let cell = cellsToOnnx(first, input, graph)
      if (second) cell = graph.node('Add', [graph.node('Mul', [cell, graph.ints('columns', [second.cells])]), cellsToOnnx(second, input, graph)])
      sum = graph.node('Add', [sum, graph.node('Gather', [graph.doubles('shape', values, [values.length / outputs, outputs]), cell])])
    }
    if (head.task === 'regression') return { tensor: sum, type: 'double' }
    if (outputs > 1) return { tensor: graph.cast(graph.node('Softmax', [sum], { axis: { kind: 'int', value: 1 } }), 'float') }
    const yes = graph.node('Sigmoid', [sum])
    const no = graph.node('Sub', [graph.doubles('one', [1]), yes])
    return { tensor: graph.cast(graph.node('Concat', [no, yes], { axis: { kind: 'int', value: 1 } }), 'float') }
  },
}

function curveTerm(X: Matrix, axis: Axis): Term {
  const cells = Uint16Array.from(cellsOf(X.features[axis.feature] as Matrix['features'][number], axis))
  // Missing values lie before the smallest; a step of their own lets them differ from it.
  const order = isCategorical(axis) ? new Uint16Array(0) : Uint16Array.from({ length: axis.cells }, (_, i) => (i === 0 ? axis.cells - 1 : i - 1))
  return { cells, rows: axis.cells, columns: 1, order }
}

function gridTerm(X: Matrix, a: Axis, b: Axis): Term {
  const own = cellsOf(X.features[a.feature] as Matrix['features'][number], a)
  const other = cellsOf(X.features[b.feature] as Matrix['features'][number], b)
  return { cells: Uint16Array.from(own, (cell, row) => cell * b.cells + (other[row] as number)), rows: a.cells, columns: b.cells, order: new Uint16Array(0) }
}

/** Puts raw scores to base plus the tables. */
function addTables(scores: Scores, terms: readonly Term[], tables: readonly Float64Array[], base: readonly number[]): void {
  const { raw, rows, outputs } = scores
  base.forEach((value, o) => raw.fill(value, o * rows, (o + 1) * rows))
  terms.forEach(({ cells }, t) => {
    const table = tables[t] as Float64Array
    for (let o = 0; o < outputs; o++) for (let row = 0; row < rows; row++) raw[o * rows + row] = (raw[o * rows + row] as number) + (table[(cells[row] as number) * outputs + o] as number)
  })
}

/** The pairs whose best cross cut explains most of what the curves leave, summed over bags and outputs. */
async function rankPairs(X: Matrix, axes: readonly Axis[], scores: readonly Scores[], bags: readonly { readonly learn: Uint32Array }[], count: number, minSamplesLeaf: number, pace: () => Promise<void>): Promise<readonly (readonly [Axis, Axis])[]> {
  const able = axes.filter(({ cells }) => cells > 2).slice(0, pairFeatures)
  const found: { pair: readonly [Axis, Axis]; gain: number }[] = []
  for (const [i, a] of able.entries()) {
    for (const b of able.slice(i + 1)) {
      const term = gridTerm(X, a, b)
      const sums = emptySums(term.rows * term.columns)
      let gain = 0
      for (const [bag, { learn }] of bags.entries()) {
        const own = scores[bag] as Scores
        if (i === 0 && b === able[1]) own.refresh(learn, false)
        for (let o = 0; o < own.outputs; o++) {
          own.sums(term, o, learn, sums)
          gain += bestCross(sums, term.rows, term.columns, minSamplesLeaf).gain
        }
        await pace()
      }
      if (gain > 0) found.push({ pair: [a, b], gain })
    }
  }
  return found
    .sort((x, y) => y.gain - x.gain)
    .slice(0, count)
    .map(({ pair }) => pair)
}

/** Mean and spread of the bags' tables, each with its weighted mean moved to the intercept. */
function centred({ cells }: Term, tables: readonly Float64Array[], weights: Float64Array, intercept: number[]): Pick<Shape, 'values' | 'spread'> {
  const outputs = intercept.length
  const size = (tables[0] as Float64Array).length
  const values = new Float64Array(size)
  const spread = new Float64Array(size)
  for (const table of tables) for (let i = 0; i < size; i++) values[i] = (values[i] as number) + (table[i] as number) / tables.length
  for (const table of tables) for (let i = 0; i < size; i++) spread[i] = (spread[i] as number) + ((table[i] as number) - (values[i] as number)) ** 2 / tables.length
  const means = new Float64Array(outputs)
  let total = 0
  for (let row = 0; row < cells.length; row++) {
    total += weights[row] as number
    for (let o = 0; o < outputs; o++) means[o] = (means[o] as number) + (weights[row] as number) * (values[(cells[row] as number) * outputs + o] as number)
  }
  for (let o = 0; o < outputs; o++) {
    const mean = (means[o] as number) / total
    intercept[o] = (intercept[o] as number) + mean
    for (let i = o; i < size; i += outputs) values[i] = (values[i] as number) - mean
  }
  return { values, spread: spread.map(Math.sqrt) }
}

/** One count of rounds over bags and stages; what early ends leave over is counted at the end. */
function reporter(context: Context, bags: number, roundsPerBag: number, from?: { readonly before: number; readonly done: number }) {
  const total = bags * roundsPerBag
  let stopped = false
  let done = from?.done ?? 0
  let before = from?.before ?? 0
  return {
    round: (bag: number, stage: number) => (round: number, trainLoss: number, judgeLoss: number | undefined): boolean => {
      if (round === 1) before = done
      done = Math.min(total, before + round)
      context.report({ kind: 'step', phase: 'fit', done, total })
      if (bag === 0 && stage === 0) {
        context.report({ kind: 'curve', series: 'training loss', x: round, y: trainLoss })
        if (judgeLoss !== undefined) context.report({ kind: 'curve', series: 'inner validation loss', x: round, y: judgeLoss })
      }
      stopped ||= context.stopping()
      return stopped
    },
    place: () => ({ before, done }),
    reached: () => ({ done, total }),
    end: () => context.report({ kind: 'step', phase: 'fit', done: total, total }),
  }
}
