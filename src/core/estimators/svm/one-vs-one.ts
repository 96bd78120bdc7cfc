/**
 * Several classes from machines of two: each pair of classes has one, and what all pairs say is made into one set of
 * probabilities. As LIBSVM does it (Chang & Lin 2011, sections 7 and 8).
 *
 * Source: Wu, Lin & Weng 2004, "Probability estimates for multi-class classification by pairwise coupling", their second
 * method. It minimises sum (r_ji p_i - r_ij p_j)^2; ours solves the linear system instead of iterating towards it.
 */
import type { Context } from '../../context.ts'
import { takeRows, type Matrix } from '../../data/matrix.ts'
import type { ClassTarget } from '../../data/target.ts'
import type { GraphBuilder } from '../../onnx/graph.ts'
import type { OnnxHead } from '../estimator.ts'
import { calibrated, never, presentClasses, type Machines, type Sides } from './one-vs-rest.ts'
import { sigmoidOf, type Sigmoid } from './platt.ts'

/** In the order of the machines: [0, 1], [0, 2], ... [1, 2], ... */
export const pairsOf = (classes: number): (readonly [number, number])[] => Array.from({ length: classes }, (_, i) => Array.from({ length: classes - 1 - i }, (_, j) => [i, i + 1 + j] as const)).flat()

/**
 * Decisions above 0 are for the first of a pair.
 * @returns of each machine also the rows of X that it learnt from
 */
export async function oneVsOne<M>(id: string, X: Matrix, y: ClassTarget, weights: Float64Array, seed: number, sides: Sides<M>, context: Context): Promise<Machines<M> & { readonly rows: readonly Uint32Array[] }> {
  const present = presentClasses(id, y, weights)
  const machines: (M | undefined)[] = []
  const sigmoids: Sigmoid[] = []
  const rowsOfPairs: Uint32Array[] = []
  const pairs = pairsOf(y.classes.length)
  context.report({ kind: 'step', phase: 'fit', done: 0, total: pairs.length })
  for (const [first, second] of pairs) {
    const rows = Uint32Array.from(y.codes.keys()).filter((row) => y.codes[row] === first || y.codes[row] === second)
    rowsOfPairs.push(rows)
    if (present.has(first) && present.has(second)) {
      const yes = Uint8Array.from(rows, (row) => (y.codes[row] === first ? 1 : 0))
      const { machine, sigmoid } = await calibrated(takeRows(X, rows), yes, Float64Array.from(rows, (row) => weights[row] as number), seed, sides, context)
      machines.push(machine)
      sigmoids.push(sigmoid)
    } else {
      machines.push(undefined)
      sigmoids.push(present.has(first) ? { a: never.a, b: -never.b } : present.has(second) ? never : { a: 0, b: 0 })
    }
    context.report({ kind: 'step', phase: 'fit', done: machines.length, total: pairs.length })
  }
  return { machines, sigmoids, rows: rowsOfPairs }
}

/** No pair is quite sure, or the system below could not be solved: LIBSVM's bound. */
const sureness = 1e-7
const floor = 1e-12

/** @param decisions row-major, shape (rows, pairs) @returns row-major, shape (rows, classes) */
export function coupledShares(decisions: Float64Array, rows: number, classes: number, sigmoids: readonly Sigmoid[]): Float64Array {
  const pairs = pairsOf(classes)
  const width = classes + 1
  const out = new Float64Array(rows * classes)
  const system = new Float64Array(classes * width)
  for (let row = 0; row < rows; row++) {
    // (Q + ee') p = e up to a factor: regular even where the pairs agree and Q alone is not.
    system.fill(1)
    pairs.forEach(([i, j], pair) => {
      const r = Math.min(1 - sureness, Math.max(sureness, sigmoidOf(decisions[row * pairs.length + pair] as number, sigmoids[pair] as Sigmoid)))
      const [ii, jj, ij, ji] = [i * width + i, j * width + j, i * width + j, j * width + i]
      system[ii] = (system[ii] as number) + (1 - r) * (1 - r)
      system[jj] = (system[jj] as number) + r * r
      system[ij] = (system[ij] as number) - r * (1 - r)
      system[ji] = (system[ji] as number) - r * (1 - r)
    })
    eliminate(system, classes)
    let sum = 0
    for (let c = 0; c < classes; c++) sum += out[row * classes + c] = Math.max(floor, system[c * width + classes] as number)
    for (let c = 0; c < classes; c++) out[row * classes + c] = (out[row * classes + c] as number) / sum
  }
  return out
}

/** Gauss-Jordan in place on [A | b], A positive definite: the solution is left in the last column. */
function eliminate(system: Float64Array, n: number): void {
  const width = n + 1
  for (let s = 0; s < n; s++) {
    const pivot = system[s * width + s] as number
    for (let c = s; c < width; c++) system[s * width + c] = (system[s * width + c] as number) / pivot
    for (let i = 0; i < n; i++) {
      const factor = system[i * width + s] as number
      if (i !== s) for (let c = s; c < width; c++) system[i * width + c] = (system[i * width + c] as number) - factor * (system[s * width + c] as number)
    }
  }
}

/** The same in a graph. @param decisions a double tensor [N, pairs] */
export function coupledToOnnx(decisions: string, classes: number, sigmoids: readonly Sigmoid[], graph: GraphBuilder): OnnxHead {
  const k = classes
  const pairs = pairsOf(k)
  const keep = { keepdims: { kind: 'int', value: 1 } } as const
  const one = graph.doubles('one', [1])
  const arguments_ = graph.node('Add', [graph.node('Mul', [decisions, graph.doubles('slopes', sigmoids.map(({ a }) => -a))]), graph.doubles('offsets', sigmoids.map(({ b }) => -b))])
  const sure = graph.node('Min', [graph.node('Max', [graph.node('Sigmoid', [arguments_]), graph.doubles('unsure', [sureness])]), graph.doubles('sure', [1 - sureness])])
  // [N, k, k]: what the pair of row and column says for the row; 0 on the diagonal.
  const nothing = graph.node('Mul', [graph.node('Slice', [sure, graph.ints('from', [0]), graph.ints('to', [1]), graph.ints('axis', [1])]), graph.doubles('zero', [0])])
  const said = graph.node('Concat', [sure, graph.node('Sub', [one, sure]), nothing], { axis: { kind: 'int', value: 1 } })
  const places = new Array<number>(k * k).fill(2 * pairs.length)
  pairs.forEach(([i, j], pair) => {
    places[i * k + j] = pair
    places[j * k + i] = pairs.length + pair
  })
  const shape = graph.ints('square', [-1, k, k])
  const forRow = graph.node('Reshape', [graph.node('Gather', [said, graph.ints('places', places)], { axis: { kind: 'int', value: 1 } }), shape])
  const forColumn = graph.node('Transpose', [forRow], { perm: { kind: 'ints', value: [0, 2, 1] } })
  const eye = Float64Array.from({ length: k * k }, (_, at) => (at % (k + 1) === 0 ? 1 : 0))
  const squares = graph.node('ReduceSum', [graph.node('Mul', [forColumn, forColumn]), graph.ints('last', [2])], keep)
  const own = graph.node('Mul', [squares, graph.doubles('diagonal', eye, [1, k, k])])
  const matrix = graph.node('Add', [graph.node('Sub', [own, graph.node('Mul', [forRow, forColumn])]), one])
  const right = graph.node('Add', [graph.node('Mul', [squares, graph.doubles('zero', [0])]), one])
  let system = graph.node('Concat', [matrix, right], { axis: { kind: 'int', value: 2 } })
  const cut = (value: string, at: number, axis: number): string => graph.node('Slice', [value, graph.ints('from', [at]), graph.ints('to', [at + 1]), graph.ints('axis', [axis])])
  for (let s = 0; s < k; s++) {
    const line = cut(system, s, 1)
    const scaled = graph.node('Div', [line, cut(line, s, 2)])
    // Of its own line the pivot less 1, which leaves the scaled line there.
    const factors = graph.node('Sub', [cut(system, s, 2), graph.doubles('unit', eye.subarray(s * k, s * k + k), [1, k, 1])])
    system = graph.node('Sub', [system, graph.node('Mul', [factors, scaled])])
  }
  const solved = graph.node('Reshape', [cut(system, k, 2), graph.ints('flat', [-1, k])])
  const floored = graph.node('Max', [solved, graph.doubles('floor', [floor])])
  return { tensor: graph.cast(graph.node('Div', [floored, graph.node('ReduceSum', [floored, graph.ints('classes', [1])], keep)]), 'float') }
}
