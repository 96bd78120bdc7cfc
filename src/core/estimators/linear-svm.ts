/** Linear support vector machine with squared hinge loss, for classes and numbers, by truncated Newton steps. */
import type { Context } from '../context.ts'
import type { Matrix } from '../data/matrix.ts'
import { StudioError } from '../errors.ts'
import { addColumns, columnDots } from '../math/columns.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator, ModelFacts, ModelState } from './estimator.ts'
import { keptNewton, type Minimise } from './linear-parts/newton-place.ts'
import type { NewtonEnd, SmoothLoss } from './linear-parts/orthant-newton.ts'
import { checkNumbers, featureScales, linearFromState, linearScores, linearToOnnx, linearToState, regressionModel, type LinearModel, type LinearState } from './linear.ts'
import { oneVsRest, sharesToOnnx, softmaxToOnnx, twoSides, type Sides } from './svm/one-vs-rest.ts'
import { plattFolds, toShares, type Sigmoid } from './svm/platt.ts'
import { softmaxShares } from './svm/temperature.ts'
import { classRowWeights, classWeightParam, rowWeights } from './weights.ts'

const params = {
  penalty: {
    kind: 'choice',
    default: 'l2',
    options: [
      { value: 'l2', label: 'Squares (L2)' },
      { value: 'l1', label: 'Sizes (L1)' },
    ],
    label: 'Penalty',
    help: 'L2 keeps all coefficients small; L1 sets those that help least to zero.',
  },
  C: { kind: 'number', default: 1, min: 1e-6, max: 1e6, scale: 'log', label: 'Freedom (C)', help: 'The larger, the more single rows may move the border.' },
  epsilon: { kind: 'number', default: 0, min: 0, max: 1e9, label: 'Free error (epsilon)', help: 'For numbers: errors up to this size cost nothing, in units of the target.', only: 'numbers' },
  classWeight: classWeightParam,
  maxIter: { kind: 'integer', default: 200, min: 1, max: 10000, scale: 'log', unit: 'steps', label: 'Newton steps at most', help: 'It usually needs fewer than twenty.', advanced: true },
  tol: { kind: 'number', default: 1e-8, min: 1e-14, max: 1, scale: 'log', label: 'Tolerance', help: 'Done when the mean gradient is smaller than this in every direction.', advanced: true },
} as const satisfies ParamTable

const id = 'linear-svm'
/** Times the temperature: a class that training never saw is left with next to nothing. */
const neverBelow = 50

/** C sum of weight max(0, |error| - epsilon)^2 (numbers) or max(0, 1 - y f)^2 (classes), and half the squares where l2. The intercept is a coefficient of a feature that is 1. */
class MarginLoss implements SmoothLoss {
  readonly size: number
  readonly gradient: Float64Array
  readonly #columns: readonly Float32Array[]
  readonly #target: Float64Array
  readonly #cost: Float64Array
  readonly #margin: number
  readonly #l2: number
  readonly #context: Context
  /** Twice the cost of rows within the loss, 0 elsewhere: the curvature. */
  readonly #bend: Float64Array
  readonly #scores: Float64Array

  /** @param margin epsilon for numbers, -1 for classes */
  constructor(X: Matrix, target: Float64Array, cost: Float64Array, margin: number, l2: number, context: Context) {
    this.#columns = X.features.map(({ values }) => values)
    this.size = X.features.length + 1
    this.gradient = new Float64Array(this.size)
    this.#target = target
    this.#cost = cost
    this.#margin = margin
    this.#l2 = l2
    this.#context = context
    this.#bend = new Float64Array(X.rows)
    this.#scores = new Float64Array(X.rows)
  }

  #forward(w: Float64Array): void {
    this.#scores.fill(w[this.size - 1] as number)
    addColumns(this.#columns, 0, this.#scores.length, w, 0, this.#scores, 0)
  }
  #back(w: Float64Array, out: Float64Array): void {
    out.fill(0)
    columnDots(this.#columns, 0, this.#scores.length, this.#scores, 0, out, 0)
    for (let row = 0; row < this.#scores.length; row++) out[this.size - 1] = (out[this.size - 1] as number) + (this.#scores[row] as number)
    for (let j = 0; j < this.size; j++) out[j] = (out[j] as number) + this.#l2 * (w[j] as number)
  }

  async loss(w: Float64Array): Promise<number> {
    this.#forward(w)
    let loss = 0
    for (let row = 0; row < this.#scores.length; row++) {
      const f = this.#scores[row] as number
      const t = this.#target[row] as number
      const cost = this.#cost[row] as number
      // Classes: a row errs by f - t where that is short of its side; numbers: by what exceeds epsilon.
      const away = f - t
      const error = this.#margin < 0 ? (t * f < 1 ? away : 0) : Math.sign(away) * Math.max(0, Math.abs(away) - this.#margin)
      loss += cost * error * error
      this.#bend[row] = error === 0 ? 0 : 2 * cost
      this.#scores[row] = 2 * cost * error
    }
    this.#back(w, this.gradient)
    let squares = 0
    for (const value of w) squares += value * value
    await this.#context.checkpoint()
    return loss + (this.#l2 / 2) * squares
  }

  async curvature(v: Float64Array): Promise<Float64Array> {
    this.#forward(v)
    for (let row = 0; row < this.#scores.length; row++) this.#scores[row] = (this.#scores[row] as number) * (this.#bend[row] as number)
    const out = new Float64Array(this.size)
    this.#back(v, out)
    await this.#context.checkpoint()
    return out
  }
}

interface Options {
  readonly penalty: string
  readonly C: number
  readonly maxIter: number
  readonly tol: number
}
async function fitLine(X: Matrix, target: Float64Array, weights: Float64Array, margin: number, { penalty, C, maxIter, tol }: Options, newton: Minimise, context: Context) {
  const loss = new MarginLoss(X, target, weights.map((weight) => C * weight), margin, penalty === 'l2' ? 1 : 0, context)
  const l1 = new Float64Array(loss.size).fill(penalty === 'l1' ? 1 : 0)
  return newton(loss, new Float64Array(loss.size), { l1, tol: tol * X.rows, maxIter })
}

const lineScores = (w: Float64Array, X: Matrix): Float64Array => {
  const out = new Float64Array(X.rows).fill(w[X.features.length] as number)
  addColumns(X.features.map(({ values }) => values), 0, X.rows, w, 0, out, 0)
  return out
}

/** What makes decisions probabilities: a sigmoid of two classes, one number for several. Models of several classes had a sigmoid each once. */
type Calibration = { readonly sigmoids: readonly Sigmoid[] } | { readonly temperature: number }

function classModel(linear: LinearState, calibration: Calibration, facts: ModelFacts): LinearModel {
  const { classes } = linear
  const shares = (decisions: Float64Array, rows: number): Float64Array =>
    'temperature' in calibration ? softmaxShares(decisions, rows, classes.length, calibration.temperature) : toShares(decisions, rows, classes.length, calibration.sigmoids)
  return {
    estimator: id,
    task: linear.task,
    facts,
    linear,
    link: 'margin',
    predict: async (X) => ({ task: classes.length === 2 ? 'binary' : 'multiclass', classes, probabilities: shares(linearScores(linear, X), X.rows) }),
    state: () => {
      const state = linearToState(id, linear)
      return { ...state, json: { ...state.json, ...('temperature' in calibration ? { temperature: calibration.temperature } : { sigmoids: calibration.sigmoids.map(({ a, b }) => [a, b]) }) } }
    },
  }
}

function calibrationOf({ json: { sigmoids, temperature } }: ModelState): Calibration {
  if (typeof temperature === 'number') return { temperature }
  if (!Array.isArray(sigmoids)) throw new StudioError({ code: 'bundle-mismatch', message: `invalid state of ${id}; no sigmoids of version 1` })
  return { sigmoids: (sigmoids as unknown as [number, number][]).map(([a, b]) => ({ a, b })) }
}

export const linearSvm: Estimator<typeof params> = {
  id,
  label: 'Linear support vector machine',
  family: 'kernels',
  summary: 'Draws the straight border that keeps the largest distance from both sides; quick, also with many rows.',
  source: "LIBLINEAR (Fan et al. 2008) behind scikit-learn's LinearSVC and LinearSVR(loss='squared_epsilon_insensitive'), the same optimum; as there, the intercept is penalised too. Probabilities are Platt's of two classes, a softmax of all decisions times one number of more, from an inner 5-fold cross-validation with the run's seed; of several classes they name the one that LinearSVC names.",
  tasks: ['binary', 'multiclass', 'regression'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: true, deterministic: true, iterative: false, baseline: false },
  params,
  shows: ['coefficients'],
  memory: (_, { rows, features }) => rows * (12 * features + 40),
  async fit(X, y, { params: given, seed, weights }, context) {
    checkNumbers(id, X, y.task === 'regression' ? y.values.length : y.codes.length)
    await context.checkpoint()
    const p = X.features.length
    const scales = featureScales(X)
    const newton = keptNewton(y.task === 'regression' ? 1 : (y.classes.length === 2 ? 1 : y.classes.length) * (plattFolds + 1), context)
    if (y.task === 'regression') {
      context.report({ kind: 'step', phase: 'fit', done: 0, total: 1 })
      const { w, steps, converged } = await fitLine(X, y.values, rowWeights(id, X.rows, weights), given.epsilon, given, newton, context)
      context.report({ kind: 'step', phase: 'fit', done: 1, total: 1 })
      return regressionModel(id, { task: y.task, classes: [], coefficients: w.slice(0, p), intercepts: w.slice(p), featureScales: scales }, { newtonSteps: steps, converged })
    }
    const sides: Sides<NewtonEnd> = { fit: (part, sign, partWeights) => fitLine(part, sign, partWeights, -1, given, newton, context), decide: ({ w }, part) => lineScores(w, part) }
    const shares = classRowWeights(id, y, given.classWeight, weights)
    if (y.classes.length === 2) {
      const { machine, sigmoid } = await twoSides(id, X, y, shares, seed, sides, context)
      return classModel({ task: y.task, classes: y.classes, coefficients: machine.w.slice(0, p), intercepts: machine.w.slice(p), featureScales: scales }, { sigmoids: [sigmoid] }, { converged: machine.converged })
    }
    const { machines, temperature } = await oneVsRest(id, X, y, shares, seed, sides, context)
    const coefficients = new Float64Array(machines.length * p)
    machines.forEach((machine, o) => machine && coefficients.set(machine.w.subarray(0, p), o * p))
    const intercepts = Float64Array.from(machines, (machine) => machine?.w[p] ?? -neverBelow / temperature)
    return classModel({ task: y.task, classes: y.classes, coefficients, intercepts, featureScales: scales }, { temperature }, { converged: machines.every((machine) => machine?.converged ?? true) })
  },
  revive: (state) => {
    const linear = linearFromState(id, state)
    return linear.task === 'regression' ? regressionModel(id, linear, {}) : classModel(linear, calibrationOf(state), {})
  },
  toOnnx(state, input, graph) {
    const linear = linearFromState(id, state)
    const scores = linearToOnnx(linear, input, graph, 'double')
    if (linear.task === 'regression') return { tensor: scores, type: 'double' }
    const calibration = calibrationOf(state)
    return 'temperature' in calibration ? softmaxToOnnx(scores, calibration.temperature, graph) : sharesToOnnx(scores, linear.classes.length, calibration.sigmoids, graph)
  },
}
