/** What both support vector machines share: a machine a class against the rest, a sigmoid each, and their graph. */
import type { Context } from '../../context.ts'
import { takeRows, type Matrix } from '../../data/matrix.ts'
import type { ClassTarget } from '../../data/target.ts'
import { StudioError } from '../../errors.ts'
import type { GraphBuilder } from '../../onnx/graph.ts'
import type { OnnxHead } from '../estimator.ts'
import { crossFitSigmoid, type Sigmoid } from './platt.ts'

/**
 * @param fitTwo fits one machine; `sign` is +1 for the class, -1 for the rest
 * @param keep takes each machine in order of the outputs
 * @returns a sigmoid an output
 */
export async function oneVsRest<M>(
  id: string,
  X: Matrix,
  y: ClassTarget,
  weights: Float64Array,
  seed: number,
  fitTwo: (X: Matrix, sign: Float64Array, weights: Float64Array) => Promise<M>,
  decide: (machine: M, X: Matrix) => Float64Array,
  context: Context,
): Promise<{ readonly machines: readonly (M | undefined)[]; readonly sigmoids: readonly Sigmoid[] }> {
  const present = new Set(Array.from(y.codes).filter((_, row) => (weights[row] as number) > 0))
  if (present.size < 2) throw new StudioError({ code: 'bad-data', message: `invalid target; ${id} needs rows of at least two classes: ${present.size}` })
  const machines: (M | undefined)[] = []
  const sigmoids: Sigmoid[] = []
  const codes = y.classes.length === 2 ? [1] : y.classes.map((_, code) => code)
  let done = 0
  context.report({ kind: 'step', phase: 'fit', done, total: codes.length })
  for (const code of codes) {
    if (!present.has(code)) {
      machines.push(undefined)
      sigmoids.push({ a: 0, b: 50 })
    } else {
      const yes = Uint8Array.from(y.codes, (value) => (value === code ? 1 : 0))
      const sign = Float64Array.from(yes, (value) => (value ? 1 : -1))
      machines.push(await fitTwo(X, sign, weights))
      const answer = async (learn: Uint32Array, ask: Uint32Array): Promise<Float64Array> => {
        const take = (values: Float64Array) => Float64Array.from(learn, (row) => values[row] as number)
        return decide(await fitTwo(takeRows(X, learn), take(sign), take(weights)), takeRows(X, ask))
      }
      sigmoids.push(await crossFitSigmoid(yes, weights, seed, answer, context))
    }
    context.report({ kind: 'step', phase: 'fit', done: ++done, total: codes.length })
  }
  return { machines, sigmoids }
}

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
