/** Keeps how far the machines of a fit came: those that are done, and the one under way. They come in a fixed order. */
import type { Context } from '../../context.ts'
import { type FitState, keptArray } from '../../savepoint.ts'
import type { TypedArray } from '../estimator.ts'
import type { KernelRows } from './kernel.ts'
import { smo, type SmoEnd, type SmoPlace, type SmoProblem } from './smo.ts'

export type Solve = (problem: SmoProblem, kernel: KernelRows) => Promise<SmoEnd>

/** @param machines how many there will be; @throws StudioError bundle-mismatch for a state that is not one of these */
export function keptSolver(machines: number, context: Context): Solve {
  const { savepoint } = context
  const { ends, place } = readState(savepoint?.left.at(-1))
  const done: SmoEnd[] = []
  return async (problem, kernel) => {
    const at = done.length
    const known = ends[at]
    const from = at === ends.length && place?.a.length === problem.sign.length ? place : undefined
    const keep = (now: SmoPlace) => (savepoint?.due() ? savepoint.save({ unit: 'machine', done: at, total: Math.max(machines, at + 1) }, stateOf(done, now), 'replace') : undefined)
    const end = known ?? (await smo(problem, kernel, context, keep, from))
    done.push(end)
    return end
  }
}

function stateOf(ends: readonly SmoEnd[], { steps, a, F, active }: SmoPlace): FitState {
  const arrays: Record<string, TypedArray> = { a, F, active, steps: Float64Array.of(steps) }
  ends.forEach((end, i) => {
    arrays[`end ${i}`] = end.coefficients
    arrays[`rest ${i}`] = Float64Array.of(end.rho, end.steps, end.converged ? 1 : 0)
  })
  return { json: { ends: ends.length }, arrays }
}

function readState(state: FitState | undefined): { readonly ends: readonly SmoEnd[]; readonly place?: SmoPlace } {
  if (!state) return { ends: [] }
  const numbers = (name: string): Float64Array => keptArray(state, name, Float64Array, 'svm')
  const ends = Array.from({ length: Number(state.json['ends']) }, (_, i): SmoEnd => {
    const [rho, steps, converged] = numbers(`rest ${i}`) as unknown as [number, number, number]
    return { coefficients: numbers(`end ${i}`), rho, steps, converged: converged === 1 }
  })
  return { ends, place: { steps: numbers('steps')[0] as number, a: numbers('a'), F: numbers('F'), active: keptArray(state, 'active', Uint32Array, 'svm') } }
}
