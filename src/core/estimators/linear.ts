/** What the linear models share: scores X w + b, their state, and their graph. */
import type { Matrix } from '../data/matrix.ts'
import type { Task } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import type { GraphBuilder } from '../onnx/graph.ts'
import type { Model, ModelFacts, ModelState } from './estimator.ts'
import type { Moments } from './linear-parts/moments.ts'

export interface LinearState {
  readonly task: Task
  readonly classes: readonly string[]
  /** Row-major, shape (outputs, features), in the units of the features as they enter. */
  readonly coefficients: Float64Array
  /** Shape (outputs). */
  readonly intercepts: Float64Array
  /** Shape (features): standard deviation in training; coefficient times this is the standardised one. */
  readonly featureScales: Float64Array
  /** As coefficients; absent where theory gives none, NaN where one coefficient cannot be told from others. */
  readonly standardErrors?: Float64Array
  /** Of the t distribution that belongs to the standard errors; absent: normal. */
  readonly degreesOfFreedom?: number
}

/** A model that shows its coefficients. */
export interface LinearModel extends Model {
  readonly linear: LinearState
  /** What its scores are: the value itself, log-odds (of one class, or up to a constant of each), or a distance from the border. */
  readonly link: 'identity' | 'log-odds' | 'margin'
}

/** @throws StudioError bad-data for no rows, no features, or a target of another length */
export function checkShape(owner: string, X: Matrix, rows: number): void {
  if (X.rows === 0 || X.features.length === 0) {
    throw new StudioError({ code: 'bad-data', message: `missing data; ${owner} needs at least one row and one feature: ${X.rows} rows, ${X.features.length} features` })
  }
  if (rows !== X.rows) throw new StudioError({ code: 'bad-data', message: `invalid target; its length must be that of the features, ${X.rows}: ${rows}` })
}

/** @throws StudioError bad-data for holes, no rows, no features, or a target of another length */
export function checkNumbers(owner: string, X: Matrix, rows: number): void {
  checkShape(owner, X, rows)
  for (const feature of X.features) {
    if (allFinite(feature.values)) continue
    throw new StudioError({
      code: 'bad-data',
      message: `invalid feature; ${owner} takes no missing or infinite values: ${feature.name.slice(0, 200)}`,
      hint: 'Add an impute step for this column.',
      details: { column: feature.name.slice(0, 200) },
    })
  }
}

/** A value times zero is zero, and NaN where it is missing or infinite; a sum of them is quicker than a test each. */
function allFinite(values: Float32Array): boolean {
  let sum = 0
  for (let row = 0; row < values.length; row++) sum += (values[row] as number) * 0
  return sum === 0
}

/** Population standard deviation of each feature. */
export function featureScales(X: Matrix): Float64Array {
  return Float64Array.from(X.features, ({ values }) => {
    const n = values.length
    let mean = 0
    for (let row = 0; row < n; row++) mean += values[row] as number
    mean /= n
    let squares = 0
    for (let row = 0; row < n; row++) squares += ((values[row] as number) - mean) ** 2
    return Math.sqrt(squares / n)
  })
}

/** A regression's line from its coefficients and the means it was centred at. */
export function linearOf(coefficients: Float64Array, { means, yMean, scales }: Pick<Moments, 'means' | 'yMean' | 'scales'>, standardErrors?: Float64Array): LinearState {
  const intercept = coefficients.reduce((sum, w, j) => sum - w * (means[j] as number), yMean)
  return { task: 'regression', classes: [], coefficients, intercepts: Float64Array.of(intercept), featureScales: scales, ...(standardErrors && { standardErrors }) }
}

/** Scores, row-major, shape (rows, outputs). */
export function linearScores(state: LinearState, X: Matrix): Float64Array {
  const outputs = state.intercepts.length
  const p = X.features.length
  if (p * outputs !== state.coefficients.length) {
    throw new StudioError({ code: 'bad-data', message: `invalid features; the model was fitted on ${state.coefficients.length / outputs}: ${p}` })
  }
  const scores = new Float64Array(X.rows * outputs)
  for (let row = 0; row < X.rows; row++) for (let o = 0; o < outputs; o++) scores[row * outputs + o] = state.intercepts[o] as number
  X.features.forEach(({ values }, j) => {
    for (let o = 0; o < outputs; o++) {
      const w = state.coefficients[o * p + j] as number
      if (w === 0) continue
      for (let row = 0; row < X.rows; row++) scores[row * outputs + o] = (scores[row * outputs + o] as number) + w * (values[row] as number)
    }
  })
  return scores
}

export function linearToState(estimator: string, state: LinearState): ModelState {
  return {
    estimator,
    version: 1,
    json: { task: state.task, classes: [...state.classes], ...(state.degreesOfFreedom !== undefined && { degreesOfFreedom: state.degreesOfFreedom }) },
    arrays: { coefficients: state.coefficients, intercepts: state.intercepts, featureScales: state.featureScales, ...(state.standardErrors && { standardErrors: state.standardErrors }) },
  }
}

/** @throws StudioError bundle-mismatch */
export function linearFromState(estimator: string, state: ModelState): LinearState {
  const { coefficients, intercepts, featureScales, standardErrors } = state.arrays
  const { task, classes, degreesOfFreedom } = state.json
  const whole =
    state.estimator === estimator &&
    state.version === 1 &&
    (task === 'binary' || task === 'multiclass' || task === 'regression') &&
    Array.isArray(classes) &&
    coefficients instanceof Float64Array &&
    intercepts instanceof Float64Array &&
    featureScales instanceof Float64Array &&
    coefficients.length === intercepts.length * featureScales.length &&
    [coefficients, intercepts].every((array) => array.every(Number.isFinite)) &&
    (standardErrors === undefined || (standardErrors instanceof Float64Array && standardErrors.length === coefficients.length))
  if (!whole) throw new StudioError({ code: 'bundle-mismatch', message: `invalid state of ${estimator}; not finite coefficients of version 1` })
  return {
    task,
    classes: classes as readonly string[],
    coefficients,
    intercepts,
    featureScales,
    ...(standardErrors instanceof Float64Array && { standardErrors }),
    ...(typeof degreesOfFreedom === 'number' && { degreesOfFreedom }),
  }
}

/**
 * Nodes for X w + b, added in double as the studio adds: large features and a large intercept keep their digits.
 * @param type of the tensor returned, [N, outputs]: float for scores that become probabilities, double for values
 */
export function linearToOnnx(state: LinearState, input: string, graph: GraphBuilder, type: 'float' | 'double' = 'float'): string {
  const p = state.featureScales.length
  const outputs = state.intercepts.length
  const transposed = new Float64Array(p * outputs)
  for (let j = 0; j < p; j++) for (let o = 0; o < outputs; o++) transposed[j * outputs + o] = state.coefficients[o * p + j] as number
  const scores = graph.node('Gemm', [graph.cast(input, 'double'), graph.doubles('coefficients', transposed, [p, outputs]), graph.doubles('intercepts', state.intercepts)])
  return type === 'double' ? scores : graph.cast(scores, 'float')
}

/** The estimator-side half of a linear regression: predictions, state and graph from its coefficients. */
export function regressionModel(estimator: string, linear: LinearState, facts: ModelFacts): LinearModel {
  return {
    estimator,
    task: 'regression',
    facts,
    linear,
    link: 'identity',
    predict: async (X) => ({ task: 'regression', values: linearScores(linear, X) }),
    state: () => linearToState(estimator, linear),
  }
}
