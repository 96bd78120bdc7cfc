/** Support vector machine with an RBF or linear kernel, for classes and numbers. */
import type { Context } from '../context.ts'
import { takeRows, type Matrix } from '../data/matrix.ts'
import type { Task } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { addColumns } from '../math/columns.ts'
import { exp } from '../math/elementary.ts'
import type { ParamTable } from '../params.ts'
import type { Estimator, Model, ModelFacts, ModelState } from './estimator.ts'
import { checkNumbers } from './linear.ts'
import { kernelRows, scaledGamma, type KernelSpec } from './svm/kernel.ts'
import { coupledShares, coupledToOnnx, oneVsOne, pairsOf } from './svm/one-vs-one.ts'
import { sharesToOnnx, twoSides, type Sides } from './svm/one-vs-rest.ts'
import { toShares, type Sigmoid } from './svm/platt.ts'
import { keptSolver, type Solve } from './svm/place.ts'
import { classRowWeights, classWeightParam, rowWeights } from './weights.ts'

const params = {
  kernel: {
    kind: 'choice',
    default: 'rbf',
    options: [
      { value: 'rbf', label: 'Curved (RBF)' },
      { value: 'linear', label: 'Straight (linear)' },
    ],
    label: 'Kernel',
    help: 'RBF draws curved borders around similar rows; linear draws one straight border.',
  },
  C: { kind: 'number', default: 1, min: 1e-6, max: 1e6, scale: 'log', label: 'Freedom (C)', help: 'The larger, the more single rows may bend the answer.' },
  gamma: { kind: 'number', default: 0, min: 0, max: 1e6, label: 'Reach (gamma)', help: 'The larger, the nearer a row must be to count; 0 takes 1 / (features x variance).', when: { param: 'kernel', is: ['rbf'] } },
  epsilon: { kind: 'number', default: 0.1, min: 0, max: 1e9, label: 'Free error (epsilon)', help: 'For numbers: errors up to this size cost nothing, in units of the target.', only: 'numbers' },
  classWeight: classWeightParam,
  tol: { kind: 'number', default: 1e-3, min: 1e-10, max: 1, scale: 'log', label: 'Tolerance', help: 'Done when no pair of rows breaks the conditions of the optimum by more.', advanced: true },
  maxIter: { kind: 'integer', default: 10_000_000, min: 1, max: 1e9, scale: 'log', unit: 'steps', label: 'Steps at most', help: 'Pairs of rows adjusted.', advanced: true },
} as const satisfies ParamTable

const id = 'svm'
/** Time grows with the square of the rows. */
const rowLimit = 50_000
/** Coefficients of several classes: a number a pair and row, here and in the graph. */
const coefficientLimit = 5e7
const cacheBytes = 200 * 2 ** 20

interface Machine {
  /** Rows with a say, their coefficients, and the offset. */
  readonly rows: Uint32Array
  readonly coefficients: Float64Array
  readonly rho: number
  readonly X: Matrix
  readonly converged: boolean
}
interface Fitted {
  readonly task: Task
  readonly classes: readonly string[]
  readonly kernel: KernelSpec
  readonly features: number
  /** Row-major, shape (vectors, features). */
  readonly vectors: Float32Array
  /** Row-major, shape (outputs, vectors). In pairs (classes - 1, vectors): those of a vector against each other class. */
  readonly coefficients: Float64Array
  /** Shape (outputs), or (pairs). */
  readonly rho: Float64Array
  readonly sigmoids: readonly Sigmoid[]
  /** In pairs, where vectors lie in the order of their classes: how many each class has. */
  readonly vectorsOfClass?: readonly number[]
}

/** Shape (pairs, vectors), as if each machine had all vectors. */
export function coefficientsOfPairs(coefficients: Float64Array, vectorsOfClass: readonly number[]): Float64Array {
  const count = vectorsOfClass.reduce((sum, some) => sum + some, 0)
  const starts = startsOf(vectorsOfClass)
  const pairs = pairsOf(vectorsOfClass.length)
  const out = new Float64Array(pairs.length * count)
  pairs.forEach(([i, j], pair) => {
    for (let s = starts[i] as number; s < (starts[i + 1] as number); s++) out[pair * count + s] = coefficients[(j - 1) * count + s] as number
    for (let s = starts[j] as number; s < (starts[j + 1] as number); s++) out[pair * count + s] = coefficients[i * count + s] as number
  })
  return out
}
const startsOf = (vectorsOfClass: readonly number[]): number[] => vectorsOfClass.reduce((starts, some) => [...starts, (starts.at(-1) as number) + some], [0])

/** Sums of coefficients times kernel, less rho: row-major, shape (rows, outputs) or (rows, pairs). */
function decisionsOf({ kernel, features: p, vectors, coefficients, rho, vectorsOfClass }: Pick<Fitted, 'kernel' | 'features' | 'vectors' | 'coefficients' | 'rho' | 'vectorsOfClass'>, X: Matrix): Float64Array {
  const outputs = rho.length
  const count = p === 0 ? 0 : vectors.length / p
  const columns = Array.from({ length: p }, (_, j) => Float32Array.from({ length: count }, (_, s) => vectors[s * p + j] as number))
  const squares = new Float64Array(count)
  for (let s = 0; s < count; s++) for (let j = 0; j < p; j++) squares[s] = (squares[s] as number) + (vectors[s * p + j] as number) ** 2
  const out = new Float64Array(X.rows * outputs)
  const dots = new Float64Array(count)
  const point = new Float64Array(p)
  const pairs = vectorsOfClass ? pairsOf(vectorsOfClass.length) : []
  const starts = startsOf(vectorsOfClass ?? [])
  const sumOver = (from: number, to: number, offset: number): number => {
    let sum = 0
    for (let s = from; s < to; s++) sum += (coefficients[offset + s] as number) * (dots[s] as number)
    return sum
  }
  for (let row = 0; row < X.rows; row++) {
    let own = 0
    for (let j = 0; j < p; j++) {
      point[j] = (X.features[j] as Matrix['features'][number]).values[row] as number
      own += (point[j] as number) ** 2
    }
    dots.fill(0)
    addColumns(columns, 0, count, point, 0, dots, 0)
    if (kernel.kind === 'rbf') for (let s = 0; s < count; s++) dots[s] = exp(-kernel.gamma * Math.max(0, own + (squares[s] as number) - 2 * (dots[s] as number)))
    pairs.forEach(([i, j], pair) => {
      const [first, second] = [sumOver(starts[i] as number, starts[i + 1] as number, (j - 1) * count), sumOver(starts[j] as number, starts[j + 1] as number, i * count)]
      out[row * outputs + pair] = first + second - (rho[pair] as number)
    })
    if (!vectorsOfClass) for (let o = 0; o < outputs; o++) out[row * outputs + o] = sumOver(0, count, o * count) - (rho[o] as number)
  }
  return out
}

function modelOf(fitted: Fitted, facts: ModelFacts): Model {
  const { task, classes, features } = fitted
  return {
    estimator: id,
    task,
    facts,
    async predict(X) {
      if (X.features.length !== features) throw new StudioError({ code: 'bad-data', message: `invalid features; the model was fitted on ${features}: ${X.features.length}` })
      const decisions = decisionsOf(fitted, X)
      if (task === 'regression') return { task, values: decisions }
      return { task, classes, probabilities: (fitted.vectorsOfClass ? coupledShares : toShares)(decisions, X.rows, classes.length, fitted.sigmoids) }
    },
    state: () => ({
      estimator: id,
      version: fitted.vectorsOfClass ? 2 : 1,
      json: { task, classes: [...classes], kernel: fitted.kernel.kind, gamma: fitted.kernel.gamma, features, sigmoids: fitted.sigmoids.map(({ a, b }) => [a, b]), ...(fitted.vectorsOfClass && { vectorsOfClass: [...fitted.vectorsOfClass] }) },
      arrays: { vectors: fitted.vectors, coefficients: fitted.coefficients, rho: fitted.rho },
    }),
  }
}

/** Version 1 of several classes, from before pairs, has a machine a class against the rest. */
function fromState(state: ModelState): Fitted {
  const { task, classes, kernel, gamma, features, sigmoids, vectorsOfClass } = state.json
  const { vectors, coefficients, rho } = state.arrays
  const whole =
    state.estimator === id &&
    (state.version === 1 || (state.version === 2 && Array.isArray(vectorsOfClass))) &&
    (task === 'binary' || task === 'multiclass' || task === 'regression') &&
    (kernel === 'rbf' || kernel === 'linear') &&
    Array.isArray(classes) &&
    Array.isArray(sigmoids) &&
    typeof gamma === 'number' &&
    typeof features === 'number' &&
    vectors instanceof Float32Array &&
    coefficients instanceof Float64Array &&
    rho instanceof Float64Array &&
    coefficients.length * features === vectors.length * (state.version === 2 ? (classes as readonly string[]).length - 1 : rho.length)
  if (!whole) throw new StudioError({ code: 'bundle-mismatch', message: `invalid state of ${id}; not support vectors of version 1 or 2` })
  return { task, classes: classes as readonly string[], kernel: { kind: kernel, gamma }, features, vectors, coefficients, rho, sigmoids: (sigmoids as unknown as [number, number][]).map(([a, b]) => ({ a, b })), ...(state.version === 2 && { vectorsOfClass: vectorsOfClass as readonly number[] }) }
}

/** Decisions of one machine for other rows. */
function decideWith({ rows, coefficients, rho, X: own }: Machine, kernel: KernelSpec, X: Matrix): Float64Array {
  return decisionsOf({ kernel, features: own.features.length, vectors: vectorsOf(own, rows), coefficients, rho: Float64Array.of(rho) }, X)
}

function vectorsOf(X: Matrix, rows: Uint32Array): Float32Array {
  const p = X.features.length
  const out = new Float32Array(rows.length * p)
  X.features.forEach(({ values }, j) => rows.forEach((row, i) => (out[i * p + j] = values[row] as number)))
  return out
}

/** Rows of every machine once, and a coefficient of each machine for each. */
function joined(X: Matrix, machines: readonly (Machine | undefined)[]): Pick<Fitted, 'vectors' | 'coefficients' | 'rho'> {
  const rows = Uint32Array.from(new Set(machines.flatMap((machine) => (machine ? [...machine.rows] : [])))).sort()
  const place = new Map(Array.from(rows, (row, i) => [row, i]))
  const coefficients = new Float64Array(machines.length * rows.length)
  machines.forEach((machine, o) => machine?.rows.forEach((row, i) => (coefficients[o * rows.length + (place.get(row) as number)] = machine.coefficients[i] as number)))
  return { vectors: vectorsOf(X, rows), coefficients, rho: Float64Array.from(machines, (machine) => machine?.rho ?? 1) }
}

/** Support vectors of all pairs once, class by class. @param codes shape (rows of X) */
function joinedPairs(X: Matrix, machines: readonly (Machine | undefined)[], rowsOfPairs: readonly Uint32Array[], codes: Int32Array, classes: number): Pick<Fitted, 'vectors' | 'coefficients' | 'rho' | 'vectorsOfClass'> {
  const used = new Set(machines.flatMap((machine, pair) => (machine ? Array.from(machine.rows, (at) => (rowsOfPairs[pair] as Uint32Array)[at] as number) : [])))
  const rows = Uint32Array.from([...used].sort((a, b) => (codes[a] as number) - (codes[b] as number) || a - b))
  const place = new Map(Array.from(rows, (row, i) => [row, i]))
  const coefficients = new Float64Array((classes - 1) * rows.length)
  pairsOf(classes).forEach(([i, j], pair) =>
    machines[pair]?.rows.forEach((at, v) => {
      const row = (rowsOfPairs[pair] as Uint32Array)[at] as number
      coefficients[(codes[row] === i ? j - 1 : i) * rows.length + (place.get(row) as number)] = machines[pair]?.coefficients[v] as number
    }),
  )
  const vectorsOfClass = Array.from({ length: classes }, (_, c) => rows.reduce((sum, row) => sum + (codes[row] === c ? 1 : 0), 0))
  return { vectors: vectorsOf(X, rows), coefficients, rho: Float64Array.from(machines, (machine) => machine?.rho ?? 0), vectorsOfClass }
}

export const svm: Estimator<typeof params> = {
  id,
  label: 'Support vector machine',
  family: 'kernels',
  summary: 'Draws a smooth border that keeps its distance from the rows nearest to it; strong on small data, slow on large.',
  source: "LIBSVM (Chang & Lin 2011) behind scikit-learn's SVC and SVR, the same optimum, several classes in pairs. Probabilities are Platt's, from an inner 5-fold cross-validation with the run's seed, coupled over pairs as there; labels are the most probable class, where SVC counts votes.",
  tasks: ['binary', 'multiclass', 'regression'],
  tags: { acceptsMissing: false, acceptsCategories: false, wantsScaled: true, randomised: true, deterministic: true, iterative: false, baseline: false, keepsRows: true },
  params,
  memory: (_, { rows, features }) => Math.min(cacheBytes, 2 * rows * rows) + rows * (8 * features + 100),
  async fit(X, y, { params: given, seed, weights }, context) {
    checkNumbers(id, X, y.task === 'regression' ? y.values.length : y.codes.length)
    if (X.rows > rowLimit) throw new StudioError({ code: 'unsupported', message: `unsupported number of rows; ${id} takes at most ${rowLimit}: ${X.rows}`, hint: 'Train on a sample, or choose Linear support vector machine.' })
    const pairs = y.task === 'multiclass' ? (y.classes.length * (y.classes.length - 1)) / 2 : 0
    if (pairs * X.rows > coefficientLimit) throw new StudioError({ code: 'unsupported', message: `unsupported number of classes; ${id} of ${X.rows} rows takes at most ${Math.floor(coefficientLimit / X.rows)} pairs of them: ${pairs}`, hint: 'Train on a sample, or choose Linear support vector machine.' })
    await context.checkpoint()
    const kernel: KernelSpec = { kind: given.kernel as KernelSpec['kind'], gamma: given.gamma === 0 ? scaledGamma(X) : given.gamma }
    const features = X.features.length
    if (y.task === 'regression') {
      const rowsWeights = rowWeights(id, X.rows, weights)
      const machine = await fitNumbers(X, y.values, rowsWeights, kernel, given, keptSolver(1, context), context)
      return modelOf({ task: y.task, classes: [], kernel, features, ...joined(X, [machine]), sigmoids: [] }, { supportVectors: machine.rows.length, converged: machine.converged, gamma: kernel.gamma })
    }
    // Each machine, and again in each fold of its sigmoid.
    const solve = keptSolver((y.classes.length === 2 ? 1 : pairsOf(y.classes.length).length) * 6, context)
    const sides: Sides<Machine> = { fit: (part, sign, partWeights) => fitSides(part, sign, partWeights, kernel, given, solve), decide: (machine, part) => decideWith(machine, kernel, part) }
    const shares = classRowWeights(id, y, given.classWeight, weights)
    const finish = (machines: readonly (Machine | undefined)[], sigmoids: readonly Sigmoid[], joint: ReturnType<typeof joined>): Model => {
      const facts = { supportVectors: features === 0 ? 0 : joint.vectors.length / features, converged: machines.every((machine) => machine?.converged ?? true), gamma: kernel.gamma }
      return modelOf({ task: y.task, classes: y.classes, kernel, features, ...joint, sigmoids }, facts)
    }
    if (y.classes.length === 2) {
      const { machine, sigmoid } = await twoSides(id, X, y, shares, seed, sides, context)
      return finish([machine], [sigmoid], joined(X, [machine]))
    }
    const { machines, sigmoids, rows } = await oneVsOne(id, X, y, shares, seed, sides, context)
    return finish(machines, sigmoids, joinedPairs(X, machines, rows, y.codes, y.classes.length))
  },
  revive: (state) => modelOf(fromState(state), {}),
  toOnnx(state, input, graph) {
    const { task, classes, kernel, features: p, vectors, coefficients: kept, rho, sigmoids, vectorsOfClass } = fromState(state)
    const coefficients = vectorsOfClass ? coefficientsOfPairs(kept, vectorsOfClass) : kept
    const count = vectors.length / p
    const outputs = rho.length
    const x = graph.cast(input, 'double')
    const across = new Float64Array(vectors.length)
    for (let s = 0; s < count; s++) for (let j = 0; j < p; j++) across[j * count + s] = vectors[s * p + j] as number
    let values = graph.node('MatMul', [x, graph.doubles('vectors', across, [p, count])])
    if (kernel.kind === 'rbf') {
      const squares = Float64Array.from({ length: count }, (_, s) => vectors.subarray(s * p, s * p + p).reduce((sum, value) => sum + value * value, 0))
      const own = graph.node('ReduceSum', [graph.node('Mul', [x, x]), graph.ints('features', [1])], { keepdims: { kind: 'int', value: 1 } })
      const far = graph.node('Add', [graph.node('Sub', [graph.doubles('squares', squares), graph.node('Mul', [values, graph.doubles('two', [2])])]), own])
      values = graph.node('Exp', [graph.node('Mul', [graph.node('Max', [far, graph.doubles('none', [0])]), graph.doubles('gamma', [-kernel.gamma])])])
    }
    const transposed = new Float64Array(coefficients.length)
    for (let o = 0; o < outputs; o++) for (let s = 0; s < count; s++) transposed[s * outputs + o] = coefficients[o * count + s] as number
    const decisions = graph.node('Gemm', [values, graph.doubles('coefficients', transposed, [count, outputs]), graph.doubles('offsets', rho.map((value) => -value))])
    if (task === 'regression') return { tensor: decisions, type: 'double' }
    return (vectorsOfClass ? coupledToOnnx : sharesToOnnx)(decisions, classes.length, sigmoids, graph)
  },
}

interface SmoParams {
  readonly C: number
  readonly epsilon: number
  readonly tol: number
  readonly maxIter: number
}

async function fitSides(X: Matrix, sign: Float64Array, weights: Float64Array, kernel: KernelSpec, { C, tol, maxIter }: SmoParams, solve: Solve): Promise<Machine> {
  // A row without weight would be a variable without room.
  const used = Uint32Array.from({ length: X.rows }, (_, row) => row).filter((row) => (weights[row] as number) > 0)
  const part = used.length === X.rows ? X : takeRows(X, used)
  const ownSign = Float64Array.from(used, (row) => sign[row] as number)
  const bound = Float64Array.from(used, (row) => C * (weights[row] as number))
  const end = await solve({ sign: ownSign, start: ownSign.map((value) => -value), bound, rows: used.length, tol, maxIter }, kernelRows(part, kernel, cacheBytes))
  return machineOf(X, used, end.coefficients, end.rho, end.converged)
}

async function fitNumbers(X: Matrix, values: Float64Array, weights: Float64Array, kernel: KernelSpec, { C, epsilon, tol, maxIter }: SmoParams, solve: Solve, context: Context): Promise<Machine> {
  const used = Uint32Array.from({ length: X.rows }, (_, row) => row).filter((row) => (weights[row] as number) > 0)
  const part = used.length === X.rows ? X : takeRows(X, used)
  const n = used.length
  // Each row twice: once for errors above, once for errors below.
  const sign = Float64Array.from({ length: 2 * n }, (_, i) => (i < n ? 1 : -1))
  const start = Float64Array.from({ length: 2 * n }, (_, i) => (i < n ? epsilon : -epsilon) - (values[used[i % n] as number] as number))
  const bound = Float64Array.from({ length: 2 * n }, (_, i) => C * (weights[used[i % n] as number] as number))
  context.report({ kind: 'step', phase: 'fit', done: 0, total: 1 })
  const end = await solve({ sign, start, bound, rows: n, tol, maxIter }, kernelRows(part, kernel, cacheBytes))
  context.report({ kind: 'step', phase: 'fit', done: 1, total: 1 })
  const coefficients = Float64Array.from({ length: n }, (_, i) => (end.coefficients[i] as number) + (end.coefficients[i + n] as number))
  return machineOf(X, used, coefficients, end.rho, end.converged)
}

function machineOf(X: Matrix, used: Uint32Array, coefficients: Float64Array, rho: number, converged: boolean): Machine {
  const kept = Uint32Array.from(used, (_, i) => i).filter((i) => coefficients[i] !== 0)
  return { X, rows: kept.map((i) => used[i] as number), coefficients: Float64Array.from(kept, (i) => coefficients[i] as number), rho, converged }
}
