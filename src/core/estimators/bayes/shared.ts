/** What the naive Bayes models share: class totals, probabilities from log joints, state. */
import type { Context } from '../../context.ts'
import type { Matrix } from '../../data/matrix.ts'
import type { ClassPrediction, ClassTarget, Target } from '../../data/target.ts'
import { StudioError } from '../../errors.ts'
import { exp, log } from '../../math/elementary.ts'
import type { GraphBuilder } from '../../onnx/graph.ts'
import type { Model, ModelState, OnnxHead } from '../estimator.ts'
import { checkNumbers } from '../linear.ts'
import { classRowWeights } from '../weights.ts'

/** The log prior of a class without rows: finite, so that it can be stored, and its probability is 0. */
const never = -1e300

export interface BayesState {
  readonly classes: readonly string[]
  /** Shape (classes), natural logarithms. */
  readonly logPrior: Float64Array
  /** Named arrays of shape (classes, features), row-major. */
  readonly tables: Readonly<Record<string, Float64Array>>
  readonly numbers: Readonly<Record<string, number>>
}

/** @throws StudioError unsupported, bad-data */
export function checkBayes(id: string, X: Matrix, y: Target): asserts y is ClassTarget {
  if (y.task === 'regression') throw new StudioError({ code: 'unsupported', message: `unsupported task; ${id} predicts classes: ${y.task}` })
  checkNumbers(id, X, y.codes.length)
}

export interface ClassTotals {
  readonly weights: Float64Array
  /** Shape (classes): sums of weights. */
  readonly totals: Float64Array
  readonly logPrior: Float64Array
}

export function classTotals(id: string, y: ClassTarget, classWeight: string, given: Float64Array | undefined, fitPrior: boolean): ClassTotals {
  const weights = classRowWeights(id, y, classWeight, given)
  const totals = new Float64Array(y.classes.length)
  for (let row = 0; row < weights.length; row++) totals[y.codes[row] as number] = (totals[y.codes[row] as number] as number) + (weights[row] as number)
  const all = totals.reduce((sum, total) => sum + total, 0)
  const present = totals.filter((total) => total > 0).length
  return { weights, totals, logPrior: totals.map((total) => (total > 0 ? (fitPrior ? log(total / all) : -log(present)) : never)) }
}

/** Sums over the rows of each class of weight times `of(value)`, row-major, shape (classes, features). */
export async function classSums(X: Matrix, y: ClassTarget, weights: Float64Array, of: (value: number, code: number, feature: number) => number, context: Context, phase: string): Promise<Float64Array> {
  const p = X.features.length
  const sums = new Float64Array(y.classes.length * p)
  for (let j = 0; j < p; j++) {
    const { values } = X.features[j] as Matrix['features'][number]
    for (let row = 0; row < X.rows; row++) {
      const code = y.codes[row] as number
      sums[code * p + j] = (sums[code * p + j] as number) + (weights[row] as number) * of(values[row] as number, code, j)
    }
    context.report({ kind: 'step', phase, done: j + 1, total: p })
    await context.checkpoint()
  }
  return sums
}

/** @param logJoint row-major, shape (rows, classes); becomes the probabilities */
export function toProbabilities(classes: readonly string[], logJoint: Float64Array): ClassPrediction {
  const k = classes.length
  for (let start = 0; start < logJoint.length; start += k) {
    let largest = Number.NEGATIVE_INFINITY
    for (let c = 0; c < k; c++) largest = Math.max(largest, logJoint[start + c] as number)
    let sum = 0
    for (let c = 0; c < k; c++) sum += logJoint[start + c] = exp((logJoint[start + c] as number) - largest)
    for (let c = 0; c < k; c++) logJoint[start + c] = (logJoint[start + c] as number) / sum
  }
  return { task: k === 2 ? 'binary' : 'multiclass', classes, probabilities: logJoint }
}

/** @param joint adds to `out`, row-major (rows, classes), what the features say */
export function bayesModel(id: string, state: BayesState, joint: (X: Matrix, out: Float64Array) => void): Model {
  const k = state.classes.length
  const p = (Object.values(state.tables)[0] as Float64Array).length / k
  return {
    estimator: id,
    task: k === 2 ? 'binary' : 'multiclass',
    facts: {},
    async predict(X) {
      if (X.features.length !== p) throw new StudioError({ code: 'bad-data', message: `invalid features; the model was fitted on ${p}: ${X.features.length}` })
      const out = new Float64Array(X.rows * k)
      for (let row = 0; row < X.rows; row++) out.set(state.logPrior, row * k)
      joint(X, out)
      return toProbabilities(state.classes, out)
    },
    state: () => ({ estimator: id, version: 1, json: { classes: [...state.classes], ...state.numbers }, arrays: { logPrior: state.logPrior, ...state.tables } }),
  }
}

/** Adds x_j times a table of shape (classes, features). */
export function addProducts(X: Matrix, table: Float64Array, k: number, of: (value: number) => number, out: Float64Array): void {
  const p = X.features.length
  X.features.forEach(({ values }, j) => {
    for (let row = 0; row < X.rows; row++) {
      const x = of(values[row] as number)
      if (x !== 0) for (let c = 0; c < k; c++) out[row * k + c] = (out[row * k + c] as number) + x * (table[c * p + j] as number)
    }
  })
}

/** @throws StudioError bundle-mismatch */
export function bayesFromState(id: string, state: ModelState, tables: readonly string[], numbers: readonly string[] = []): BayesState {
  const { classes } = state.json
  const { logPrior } = state.arrays
  const found = tables.map((name) => state.arrays[name])
  const whole =
    state.estimator === id &&
    state.version === 1 &&
    Array.isArray(classes) &&
    logPrior instanceof Float64Array &&
    logPrior.length === classes.length &&
    found.every((table) => table instanceof Float64Array && table.length > 0 && table.length === found[0]?.length && table.length % classes.length === 0 && table.every(Number.isFinite)) &&
    numbers.every((name) => typeof state.json[name] === 'number')
  if (!whole) throw new StudioError({ code: 'bundle-mismatch', message: `invalid state of ${id}; not finite tables of version 1` })
  return {
    classes: classes as readonly string[],
    logPrior,
    tables: Object.fromEntries(tables.map((name, i) => [name, found[i] as Float64Array])),
    numbers: Object.fromEntries(numbers.map((name) => [name, state.json[name] as number])),
  }
}

/** Softmax of X table' + bias, in double. @param input a double tensor [N, features] */
export function productsToOnnx(input: string, table: Float64Array, bias: Float64Array, graph: GraphBuilder): OnnxHead {
  const k = bias.length
  const p = table.length / k
  const transposed = Float64Array.from(table, (_, at) => table[(at % k) * p + Math.floor(at / k)] as number)
  const scores = graph.node('Gemm', [input, graph.doubles('weights', transposed, [p, k]), graph.doubles('bias', bias)])
  return { tensor: graph.cast(graph.node('Softmax', [scores], { axis: { kind: 'int', value: 1 } }), 'float') }
}
