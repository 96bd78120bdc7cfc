/**
 * Logistic regression, binary and multinomial, L2-penalised, by truncated Newton steps: conjugate
 * gradients solve each Newton system without forming it, so the optimum is reached to machine precision
 * at the cost of a few dozen passes over the data.
 */
import { StudioError } from '../errors.ts'
import type { Context } from '../context.ts'
import type { Matrix } from '../data/matrix.ts'
import type { ClassTarget, Prediction } from '../data/target.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator, ModelFacts } from './estimator.ts'
import { checkNumbers, featureScales, linearFromState, linearScores, linearToOnnx, linearToState, type LinearModel, type LinearState } from './linear.ts'

const params = {
  C: { kind: 'number', default: 1, min: 1e-6, max: 1e6, scale: 'log', label: 'Freedom (C)', help: 'Regularised by L2: the smaller, the closer coefficients stay to zero; 1 / C is the penalty.' },
  classWeight: {
    kind: 'choice',
    default: 'none',
    options: [
      { value: 'none', label: 'As they are' },
      { value: 'balanced', label: 'Balanced' },
    ],
    label: 'Class weights',
    help: 'Balanced gives rare classes the same say as common ones.',
  },
  maxIter: { kind: 'integer', default: 100, min: 1, max: 10000, scale: 'log', unit: 'steps', label: 'Newton steps at most', help: 'It usually needs fewer than twenty.', advanced: true },
  tol: { kind: 'number', default: 1e-8, min: 1e-14, max: 1, scale: 'log', label: 'Tolerance', help: 'Done when the mean gradient is smaller than this in every direction.', advanced: true },
} as const satisfies ParamTable

/** Loss, gradient and curvature over one flat vector: for each output p coefficients, then its intercept. */
class Objective {
  readonly outputs: number
  readonly size: number
  readonly #X: Matrix
  readonly #codes: Int32Array
  readonly #weights: Float64Array
  readonly #penalty: number
  /** Binary: P(1), shape (n). Multinomial: row-major (n, classes). */
  #shares: Float64Array

  constructor(X: Matrix, y: ClassTarget, weights: Float64Array, C: number) {
    this.#X = X
    this.#codes = y.codes
    this.#weights = weights
    this.#penalty = 1 / C
    this.outputs = y.classes.length === 2 ? 1 : y.classes.length
    this.size = this.outputs * (X.features.length + 1)
    this.#shares = new Float64Array(X.rows * this.outputs)
  }

  #scores(w: Float64Array, into: Float64Array): void {
    const p = this.#X.features.length
    const k = this.outputs
    const n = this.#X.rows
    for (let o = 0; o < k; o++) {
      const base = o * (p + 1)
      const intercept = w[base + p] as number
      if (k === 1) into.fill(intercept)
      else for (let row = 0; row < n; row++) into[row * k + o] = intercept
      for (let j = 0; j < p; j++) {
        const c = w[base + j] as number
        if (c === 0) continue
        const { values } = this.#X.features[j] as Matrix['features'][number]
        if (k === 1) for (let row = 0; row < n; row++) into[row] = (into[row] as number) + c * (values[row] as number)
        else for (let row = 0; row < n; row++) into[row * k + o] = (into[row * k + o] as number) + c * (values[row] as number)
      }
    }
  }

  /** X' r for each output, plus the penalty's part of `w`. */
  #back(residual: Float64Array, w: Float64Array): Float64Array {
    const p = this.#X.features.length
    const k = this.outputs
    const n = this.#X.rows
    const out = new Float64Array(this.size)
    for (let o = 0; o < k; o++) {
      const base = o * (p + 1)
      for (let j = 0; j < p; j++) {
        const { values } = this.#X.features[j] as Matrix['features'][number]
        let sum = 0
        if (k === 1) for (let row = 0; row < n; row++) sum += (residual[row] as number) * (values[row] as number)
        else for (let row = 0; row < n; row++) sum += (residual[row * k + o] as number) * (values[row] as number)
        out[base + j] = sum + this.#penalty * (w[base + j] as number)
      }
      let sum = 0
      for (let row = 0; row < n; row++) sum += residual[row * k + o] as number
      out[base + p] = sum
    }
    return out
  }

  /** The loss at w, keeping its class shares for `gradient` and `curvature`. */
  loss(w: Float64Array): number {
    const k = this.outputs
    const n = this.#X.rows
    const p = this.#X.features.length
    const scores = new Float64Array(n * k)
    this.#scores(w, scores)
    let loss = 0
    if (k === 1) {
      for (let row = 0; row < n; row++) {
        const z = scores[row] as number
        const e = Math.exp(-Math.abs(z))
        const share = z >= 0 ? 1 / (1 + e) : e / (1 + e)
        const signed = this.#codes[row] === 1 ? z : -z
        loss += (this.#weights[row] as number) * (Math.log1p(e) + (signed < 0 ? -signed : 0))
        scores[row] = share
      }
    } else {
      for (let row = 0; row < n; row++) {
        const start = row * k
        let largest = Number.NEGATIVE_INFINITY
        for (let o = 0; o < k; o++) largest = Math.max(largest, scores[start + o] as number)
        const own = (scores[start + (this.#codes[row] as number)] as number) - largest
        let sum = 0
        for (let o = 0; o < k; o++) sum += scores[start + o] = Math.exp((scores[start + o] as number) - largest)
        for (let o = 0; o < k; o++) scores[start + o] = (scores[start + o] as number) / sum
        loss += (this.#weights[row] as number) * (Math.log(sum) - own)
      }
    }
    this.#shares = scores
    let squares = 0
    for (let o = 0; o < k; o++) for (let j = 0; j < p; j++) squares += (w[o * (p + 1) + j] as number) ** 2
    return loss + (this.#penalty / 2) * squares
  }

  gradient(w: Float64Array): Float64Array {
    const k = this.outputs
    const residual = Float64Array.from(this.#shares)
    for (let row = 0; row < this.#X.rows; row++) {
      const code = this.#codes[row] as number
      const weight = this.#weights[row] as number
      if (k === 1) residual[row] = ((residual[row] as number) - code) * weight
      else for (let o = 0; o < k; o++) residual[row * k + o] = ((residual[row * k + o] as number) - (o === code ? 1 : 0)) * weight
    }
    return this.#back(residual, w)
  }

  /** Hessian times v at the last `loss`. */
  curvature(v: Float64Array): Float64Array {
    const k = this.outputs
    const n = this.#X.rows
    const z = new Float64Array(n * k)
    this.#scores(v, z)
    for (let row = 0; row < n; row++) {
      const weight = this.#weights[row] as number
      if (k === 1) {
        const share = this.#shares[row] as number
        z[row] = (z[row] as number) * share * (1 - share) * weight
        continue
      }
      let mean = 0
      for (let o = 0; o < k; o++) mean += (z[row * k + o] as number) * (this.#shares[row * k + o] as number)
      for (let o = 0; o < k; o++) z[row * k + o] = ((z[row * k + o] as number) - mean) * (this.#shares[row * k + o] as number) * weight
    }
    return this.#back(z, v)
  }
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}

/** Conjugate gradients for H d = -g, stopped early while far from the optimum (Nocedal & Wright, algorithm 7.1). */
async function newtonDirection(objective: Objective, g: Float64Array, context: Context): Promise<Float64Array> {
  const d = new Float64Array(g.length)
  const r = Float64Array.from(g)
  const q = Float64Array.from(g, (value) => -value)
  let rr = dot(r, r)
  const norm = Math.sqrt(rr)
  const enough = Math.min(0.5, Math.sqrt(norm)) * norm
  for (let i = 0; i < 2 * g.length + 20 && Math.sqrt(rr) > enough; i++) {
    const Hq = objective.curvature(q)
    await context.checkpoint()
    const bend = dot(q, Hq)
    if (!(bend > 0)) return i === 0 ? q : d
    const step = rr / bend
    for (let j = 0; j < d.length; j++) {
      d[j] = (d[j] as number) + step * (q[j] as number)
      r[j] = (r[j] as number) + step * (Hq[j] as number)
    }
    const next = dot(r, r)
    for (let j = 0; j < d.length; j++) q[j] = (next / rr) * (q[j] as number) - (r[j] as number)
    rr = next
  }
  return d
}

function rowWeights(y: ClassTarget, classWeight: string, given: Float64Array | undefined): Float64Array {
  const weights = given ? Float64Array.from(given) : new Float64Array(y.codes.length).fill(1)
  if (classWeight !== 'balanced') return weights
  const counts = new Float64Array(y.classes.length)
  for (const code of y.codes) counts[code] = (counts[code] as number) + 1
  const present = counts.filter((count) => count > 0).length
  y.codes.forEach((code, row) => (weights[row] = (weights[row] as number) * (y.codes.length / (present * (counts[code] as number)))))
  return weights
}

function modelOf(linear: LinearState, facts: ModelFacts): LinearModel {
  const k = linear.classes.length
  return {
    estimator: 'logistic',
    task: linear.task,
    facts,
    linear,
    async predict(X): Promise<Prediction> {
      const scores = linearScores(linear, X)
      const probabilities = new Float64Array(X.rows * k)
      for (let row = 0; row < X.rows; row++) {
        if (k === 2) {
          const z = scores[row] as number
          const e = Math.exp(-Math.abs(z))
          const far = e / (1 + e)
          probabilities[row * 2 + 1] = z >= 0 ? 1 - far : far
          probabilities[row * 2] = z >= 0 ? far : 1 - far
          continue
        }
        let largest = Number.NEGATIVE_INFINITY
        for (let c = 0; c < k; c++) largest = Math.max(largest, scores[row * k + c] as number)
        let sum = 0
        for (let c = 0; c < k; c++) sum += probabilities[row * k + c] = Math.exp((scores[row * k + c] as number) - largest)
        for (let c = 0; c < k; c++) probabilities[row * k + c] = (probabilities[row * k + c] as number) / sum
      }
      return { task: k === 2 ? 'binary' : 'multiclass', classes: linear.classes, probabilities }
    },
    state: () => linearToState('logistic', linear),
  }
}

export const logistic: Estimator<typeof params> = {
  id: 'logistic',
  label: 'Logistic regression',
  summary: 'A weighted sum of the features turned into probabilities; quick, and each weight can be read.',
  source: "scikit-learn's LogisticRegression(penalty='l2', solver='newton-cg', multi_class='auto'), the same optimum; the intercept is not penalised.",
  tasks: ['binary', 'multiclass'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: false, deterministic: true, iterative: false, baseline: false },
  params,
  async fit(X, y, options, context) {
    if (y.task === 'regression') throw new StudioError({ code: 'unsupported', message: `unsupported task; logistic predicts classes: ${y.task}` })
    checkNumbers('logistic', X, y.codes.length)
    const { C, maxIter, tol, classWeight } = options.params
    const objective = new Objective(X, y, rowWeights(y, classWeight, options.weights), C)
    let w: Float64Array = new Float64Array(objective.size)
    let loss = objective.loss(w)
    let steps = 0
    let converged = false
    while (steps < maxIter) {
      const g = objective.gradient(w)
      if (g.every((value) => Math.abs(value) <= tol * X.rows)) {
        converged = true
        break
      }
      const d = await newtonDirection(objective, g, context)
      const slope = dot(g, d)
      let step = 1
      let next = w
      let nextLoss = loss
      // Armijo backtracking; near the optimum rounding hides progress, and then we are done.
      for (let tries = 0; tries < 40; tries++, step /= 2) {
        const length = step
        next = w.map((value, j) => value + length * (d[j] as number))
        nextLoss = objective.loss(next)
        if (nextLoss <= loss + 1e-4 * step * slope + 1e-14 * Math.abs(loss)) break
      }
      steps++
      const still = !(nextLoss < loss)
      w = next
      if (!Number.isFinite(nextLoss)) throw new StudioError({ code: 'diverged', message: `invalid loss; it left the finite range after ${steps} Newton steps`, hint: 'Scale the features and lower C.' })
      context.report({ kind: 'step', phase: 'fit', done: Math.min(steps, maxIter), total: maxIter })
      if (still && Math.abs(nextLoss - loss) <= 1e-13 * Math.abs(loss)) {
        converged = true
        break
      }
      loss = nextLoss
    }
    context.report({ kind: 'step', phase: 'fit', done: maxIter, total: maxIter })
    const p = X.features.length
    const coefficients = new Float64Array(objective.outputs * p)
    const intercepts = new Float64Array(objective.outputs)
    for (let o = 0; o < objective.outputs; o++) {
      coefficients.set(w.subarray(o * (p + 1), o * (p + 1) + p), o * p)
      intercepts[o] = w[o * (p + 1) + p] as number
    }
    return modelOf({ task: y.task, classes: y.classes, coefficients, intercepts, featureScales: featureScales(X) }, { newtonSteps: steps, converged })
  },
  revive: (state) => modelOf(linearFromState('logistic', state), {}),
  toOnnx(state, input, graph) {
    const linear = linearFromState('logistic', state)
    const scores = linearToOnnx(linear, input, graph)
    if (linear.classes.length > 2) return { tensor: graph.node('Softmax', [scores], { axis: { kind: 'int', value: 1 } }) }
    const no = graph.node('Sigmoid', [graph.node('Neg', [scores])])
    return { tensor: graph.node('Concat', [no, graph.node('Sigmoid', [scores])], { axis: { kind: 'int', value: 1 } }) }
  },
}
