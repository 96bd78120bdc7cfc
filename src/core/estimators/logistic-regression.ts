/** Logistic regression, binary and multinomial, with an L1, L2 or elastic-net penalty, by truncated Newton steps. */
import type { Context } from '../context.ts'
import { takeRows, type Matrix } from '../data/matrix.ts'
import type { ClassTarget, Prediction } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { exp } from '../math/elementary.ts'
import { choleskyFactor, choleskySolve } from '../math/linalg.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator, ModelFacts } from './estimator.ts'
import { LogisticObjective } from './linear-parts/logistic-objective.ts'
import { keptNewton } from './linear-parts/newton-place.ts'
import { checkNumbers, featureScales, linearFromState, linearScores, linearToOnnx, linearToState, type LinearModel, type LinearState } from './linear.ts'
import { classRowWeights, classWeightParam } from './weights.ts'

const params = {
  penalty: {
    kind: 'choice',
    default: 'l2',
    options: [
      { value: 'l2', label: 'Squares (L2)' },
      { value: 'l1', label: 'Sizes (L1)' },
      { value: 'elasticnet', label: 'Both (elastic net)' },
      { value: 'none', label: 'None' },
    ],
    label: 'Penalty',
    help: 'L2 keeps all coefficients small; L1 sets those that help least to zero; elastic net does some of both.',
  },
  C: { kind: 'number', default: 1, min: 1e-6, max: 1e6, scale: 'log', label: 'Freedom (C)', help: 'The smaller, the closer coefficients stay to zero; 1 / C is the strength of the penalty.', when: { param: 'penalty', is: ['l2', 'l1', 'elasticnet'] } },
  l1Ratio: { kind: 'number', default: 0.5, min: 0, max: 1, label: 'Share of L1', help: 'Used by the elastic net: 0 is all L2, 1 is all L1.', advanced: true, when: { param: 'penalty', is: ['elasticnet'] } },
  classWeight: classWeightParam,
  maxIter: { kind: 'integer', default: 100, min: 1, max: 10000, scale: 'log', unit: 'steps', label: 'Newton steps at most', help: 'It usually needs fewer than twenty.', advanced: true },
  tol: { kind: 'number', default: 1e-8, min: 1e-14, max: 1, scale: 'log', label: 'Tolerance', help: 'Done when the mean gradient is smaller than this in every direction.', advanced: true },
} as const satisfies ParamTable

const id = 'logistic-regression'
/** Up to so many coefficients there are intervals, whatever they cost; up to `most` where all products of two of them over the rows cost little. */
const intervalLimit = { always: 200, most: 1000, products: 4e9 }
/** From this many rows the search begins on a sample of them. */
const sampleFrom = 20_000
const sampleStride = 16

function modelOf(linear: LinearState, facts: ModelFacts): LinearModel {
  const k = linear.classes.length
  return {
    estimator: id,
    task: linear.task,
    facts,
    linear,
    link: 'log-odds',
    async predict(X): Promise<Prediction> {
      const scores = linearScores(linear, X)
      const probabilities = new Float64Array(X.rows * k)
      for (let row = 0; row < X.rows; row++) {
        if (k === 2) {
          const z = scores[row] as number
          const e = exp(-Math.abs(z))
          const far = e / (1 + e)
          probabilities[row * 2 + 1] = z >= 0 ? 1 - far : far
          probabilities[row * 2] = z >= 0 ? far : 1 - far
          continue
        }
        let largest = Number.NEGATIVE_INFINITY
        for (let c = 0; c < k; c++) largest = Math.max(largest, scores[row * k + c] as number)
        let sum = 0
        for (let c = 0; c < k; c++) sum += probabilities[row * k + c] = exp((scores[row * k + c] as number) - largest)
        for (let c = 0; c < k; c++) probabilities[row * k + c] = (probabilities[row * k + c] as number) / sum
      }
      return { task: k === 2 ? 'binary' : 'multiclass', classes: linear.classes, probabilities }
    },
    state: () => linearToState(id, linear),
  }
}

/**
 * Standard errors of coefficients from the information at the optimum, the penalty's part included; shape
 * (outputs, features). None where there are too many coefficients.
 */
async function standardErrorsOf(objective: LogisticObjective, w: Float64Array, context: Pick<Context, 'checkpoint'>): Promise<Float64Array | undefined> {
  const { size, outputs, rows } = objective
  if (size > intervalLimit.always && (size > intervalLimit.most || rows * size * size > intervalLimit.products)) return undefined
  await objective.loss(w)
  const H = await objective.hessian()
  let largest = 0
  for (let j = 0; j < size; j++) largest = Math.max(largest, H[j * size + j] as number)
  // More than two classes: all intercepts may move together. A trace of stiffness stops them, and touches no coefficient.
  for (let j = 0; j < size; j++) H[j * size + j] = (H[j * size + j] as number) + 1e-10 * largest
  const factor = choleskyFactor(H, size, 1e-14)
  if (!factor) return undefined
  const p = size / outputs - 1
  const unit = new Float64Array(size)
  const errors = new Float64Array(outputs * p)
  for (let at = 0; at < errors.length; at++) {
    const j = Math.floor(at / p) * (p + 1) + (at % p)
    unit.fill(0)
    unit[j] = 1
    errors[at] = Math.sqrt(choleskySolve(factor, unit)[j] as number)
    if (at % 16 === 15) await context.checkpoint()
  }
  return errors
}

/** Every sixteenth row, each weighing as sixteen: what is nearly enough, at a sixteenth of the cost. Undefined for few rows. */
function sampleOf(X: Matrix, y: ClassTarget, weights: Float64Array, l2: number, context: Context): LogisticObjective | undefined {
  if (X.rows < sampleFrom) return undefined
  const rows = Uint32Array.from({ length: Math.floor(X.rows / sampleStride) }, (_, i) => i * sampleStride)
  const part = { ...y, codes: Int32Array.from(rows, (row) => y.codes[row] as number) }
  return new LogisticObjective(takeRows(X, rows), part, Float64Array.from(rows, (row) => (weights[row] as number) * sampleStride), l2, context)
}

export const logisticRegression: Estimator<typeof params> = {
  id,
  label: 'Logistic regression',
  family: 'linear',
  summary: 'A weighted sum of the features turned into probabilities; quick, and each weight can be read.',
  source: "scikit-learn's LogisticRegression(multi_class='auto'), the same optimum: that of solver 'newton-cg' for L2, of 'saga' for L1 and elastic net; the intercept is not penalised. Intervals: normal, from the information at the optimum (of every sixteenth row from 20,000 rows on); none with L1.",
  tasks: ['binary', 'multiclass'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: false, deterministic: true, iterative: false, baseline: false },
  params,
  shows: ['coefficients'],
  memory: (_, { rows, classes }) => 8 * rows * (4 + (classes > 2 ? 2 * classes : 2)),
  async fit(X, y, options, context) {
    if (y.task === 'regression') throw new StudioError({ code: 'unsupported', message: `unsupported task; ${id} predicts classes: ${y.task}` })
    checkNumbers(id, X, y.codes.length)
    await context.checkpoint()
    const { penalty, C, l1Ratio, maxIter, tol, classWeight } = options.params
    const weights = classRowWeights(id, y, classWeight, options.weights)
    const p = X.features.length
    const share = penalty === 'l1' ? 1 : penalty === 'elasticnet' ? l1Ratio : 0
    const strength = penalty === 'none' ? 0 : 1 / C
    const l2 = strength * (1 - share)
    const objective = new LogisticObjective(X, y, weights, l2, context)
    const l1 = Float64Array.from({ length: objective.size }, (_, j) => (j % (p + 1) === p ? 0 : strength * share))
    const zero = new Float64Array(objective.size)
    const sample = sampleOf(X, y, weights, l2, context)
    // The sample's answer is nearly there; where it is not, zero serves.
    const newton = keptNewton(sample ? 2 : 1, context)
    let start = sample && (await newton(sample, zero, { l1, tol: Math.max(tol, 1e-5) * X.rows, maxIter: 10 })).w
    if (start && !((await objective.loss(start)) < (await objective.loss(zero)))) start = undefined
    const onStep = (steps: number): void => context.report({ kind: 'step', phase: 'fit', done: Math.min(steps, maxIter), total: maxIter })
    const { w, steps, converged } = await newton(objective, start ?? zero, { l1, tol: tol * X.rows, maxIter, onStep })
    context.report({ kind: 'step', phase: 'fit', done: maxIter, total: maxIter })
    const coefficients = new Float64Array(objective.outputs * p)
    const intercepts = new Float64Array(objective.outputs)
    for (let o = 0; o < objective.outputs; o++) {
      coefficients.set(w.subarray(o * (p + 1), o * (p + 1) + p), o * p)
      intercepts[o] = w[o * (p + 1) + p] as number
    }
    const standardErrors = share === 0 ? await standardErrorsOf(sample ?? objective, w, context) : undefined
    const linear = { task: y.task, classes: y.classes, coefficients, intercepts, featureScales: featureScales(X), ...(standardErrors && { standardErrors }) }
    return modelOf(linear, { newtonSteps: steps, converged })
  },
  revive: (state) => modelOf(linearFromState(id, state), {}),
  toLayers(state) {
    const { coefficients, intercepts, classes } = linearFromState(id, state)
    const [k, p] = [classes.length, coefficients.length / intercepts.length]
    // Of two classes the first has the score 0.
    const first = k - intercepts.length
    const [kernel, bias] = [new Float32Array(p * k), new Float32Array(k)]
    for (let c = first; c < k; c++) {
      bias[c] = intercepts[c - first] as number
      for (let j = 0; j < p; j++) kernel[j * k + c] = coefficients[(c - first) * p + j] as number
    }
    return { inputShape: [p], layers: [{ className: 'Dense', config: { units: k, use_bias: true, activation: 'softmax' }, weights: [{ name: 'kernel', shape: [p, k], values: kernel }, { name: 'bias', shape: [k], values: bias }] }] }
  },
  toOnnx(state, input, graph) {
    const linear = linearFromState(id, state)
    const scores = linearToOnnx(linear, input, graph)
    if (linear.classes.length > 2) return { tensor: graph.node('Softmax', [scores], { axis: { kind: 'int', value: 1 } }) }
    const no = graph.node('Sigmoid', [graph.node('Neg', [scores])])
    return { tensor: graph.node('Concat', [no, graph.node('Sigmoid', [scores])], { axis: { kind: 'int', value: 1 } }) }
  },
}
