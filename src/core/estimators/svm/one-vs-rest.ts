/** What both support vector machines share: machines of two sides with a sigmoid each, and a class against the rest; and their graphs. */
import type { Context } from '../../context.ts'
import { takeRows, type Matrix } from '../../data/matrix.ts'
import type { ClassTarget } from '../../data/target.ts'
import { StudioError } from '../../errors.ts'
import type { GraphBuilder } from '../../onnx/graph.ts'
import type { OnnxHead } from '../estimator.ts'
import { crossFitSigmoid, dealtFolds, plattFolds, type Sigmoid } from './platt.ts'
import { fitTemperature } from './temperature.ts'

/** How two sides are told apart. @param sign +1 for one side, -1 for the other */
export interface Sides<M> {
  readonly fit: (X: Matrix, sign: Float64Array, weights: Float64Array) => Promise<M>
  readonly decide: (machine: M, X: Matrix) => Float64Array
}
export interface Machines<M> {
  /** Undefined where a class has no rows. */
  readonly machines: readonly (M | undefined)[]
  readonly sigmoids: readonly Sigmoid[]
}
/** Says no, whatever the decision. */
export const never: Sigmoid = { a: 0, b: 50 }

/** Classes that have rows with weight. @throws StudioError bad-data where they are fewer than two */
export function presentClasses(id: string, y: ClassTarget, weights: Float64Array): ReadonlySet<number> {
  const present = new Set(Array.from(y.codes).filter((_, row) => (weights[row] as number) > 0))
  if (present.size < 2) throw new StudioError({ code: 'bad-data', message: `invalid target; ${id} needs rows of at least two classes: ${present.size}` })
  return present
}

/** A machine, and the sigmoid of its decisions on rows that it did not see. @param yes shape (rows): 1 on the side of +1 */
export async function calibrated<M>(X: Matrix, yes: Uint8Array, weights: Float64Array, seed: number, { fit, decide }: Sides<M>, context: Context): Promise<{ readonly machine: M; readonly sigmoid: Sigmoid }> {
  const sign = Float64Array.from(yes, (value) => (value ? 1 : -1))
  const machine = await fit(X, sign, weights)
  const answer = async (learn: Uint32Array, ask: Uint32Array): Promise<Float64Array> => {
    const take = (values: Float64Array) => Float64Array.from(learn, (row) => values[row] as number)
    return decide(await fit(takeRows(X, learn), take(sign), take(weights)), takeRows(X, ask))
  }
  return { machine, sigmoid: await crossFitSigmoid(yes, weights, seed, answer, context) }
}

/** Of two classes: the second against the first. */
export async function twoSides<M>(id: string, X: Matrix, y: ClassTarget, weights: Float64Array, seed: number, sides: Sides<M>, context: Context): Promise<{ readonly machine: M; readonly sigmoid: Sigmoid }> {
  presentClasses(id, y, weights)
  context.report({ kind: 'step', phase: 'fit', done: 0, total: 1 })
  const found = await calibrated(X, Uint8Array.from(y.codes, (code) => (code === 1 ? 1 : 0)), weights, seed, sides, context)
  context.report({ kind: 'step', phase: 'fit', done: 1, total: 1 })
  return found
}

/**
 * Of several classes: a machine each, against the rest. The class of the highest decision is the answer, and probabilities
 * are a softmax of all decisions times one number, so that they name that class, too.
 * @returns undefined for a class without rows
 */
export async function oneVsRest<M>(id: string, X: Matrix, y: ClassTarget, weights: Float64Array, seed: number, { fit, decide }: Sides<M>, context: Context): Promise<{ readonly machines: readonly (M | undefined)[]; readonly temperature: number }> {
  const present = presentClasses(id, y, weights)
  const k = y.classes.length
  const total = k * (plattFolds + 1)
  let done = 0
  context.report({ kind: 'step', phase: 'fit', done, total })
  const machinesOf = async (rows: Uint32Array): Promise<(M | undefined)[]> => {
    const part = takeRows(X, rows)
    const shares = Float64Array.from(rows, (row) => weights[row] as number)
    const machines: (M | undefined)[] = []
    for (let code = 0; code < k; code++) {
      const sign = Float64Array.from(rows, (row) => (y.codes[row] === code ? 1 : -1))
      const sides = new Set(sign.filter((_, i) => (shares[i] as number) > 0))
      machines.push(sides.size === 2 ? await fit(part, sign, shares) : undefined)
      context.report({ kind: 'step', phase: 'fit', done: ++done, total })
    }
    return machines
  }
  const all = Uint32Array.from({ length: X.rows }, (_, row) => row)
  const machines = await machinesOf(all)
  const fold = dealtFolds(y.codes, k, seed)
  const decisions = new Float64Array(X.rows * k).fill(-1)
  for (let f = 0; f < plattFolds; f++) {
    const asked = all.filter((row) => fold[row] === f)
    const learnt = await machinesOf(all.filter((row) => fold[row] !== f))
    const part = takeRows(X, asked)
    learnt.forEach((machine, code) => {
      const said = machine && decide(machine, part)
      if (said) asked.forEach((row, i) => (decisions[row * k + code] = said[i] as number))
    })
    await context.checkpoint()
  }
  return { machines, temperature: await fitTemperature(decisions, y.codes, weights, k, present, context) }
}

/** Probabilities of several classes, in a graph. @param decisions a double tensor [N, classes] */
export const softmaxToOnnx = (decisions: string, temperature: number, graph: GraphBuilder): OnnxHead => ({
  tensor: graph.cast(graph.node('Softmax', [graph.node('Mul', [decisions, graph.doubles('temperature', [temperature])])], { axis: { kind: 'int', value: 1 } }), 'float'),
})

/** @param decisions a double tensor [N, outputs] */
export function sharesToOnnx(decisions: string, classes: number, sigmoids: readonly Sigmoid[], graph: GraphBuilder): OnnxHead {
  const slope = graph.doubles('slopes', sigmoids.map(({ a }) => -a))
  const offset = graph.doubles('offsets', sigmoids.map(({ b }) => -b))
  const shares = graph.node('Sigmoid', [graph.node('Add', [graph.node('Mul', [decisions, slope]), offset])])
  if (classes === 2) {
    const no = graph.node('Sub', [graph.doubles('one', [1]), shares])
    return { tensor: graph.cast(graph.node('Concat', [no, shares], { axis: { kind: 'int', value: 1 } }), 'float') }
  }
  const floor = graph.node('Max', [shares, graph.doubles('floor', [1e-12])])
  const sum = graph.node('ReduceSum', [floor, graph.ints('classes', [1])], { keepdims: { kind: 'int', value: 1 } })
  return { tensor: graph.cast(graph.node('Div', [floor, sum]), 'float') }
}
