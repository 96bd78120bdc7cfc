/** Keeps how far the Newton searches of a fit came: those that are done, and the one under way. They come in a fixed order. */
import type { Context } from '../../context.ts'
import { type FitState, keptArray } from '../../savepoint.ts'
import type { TypedArray } from '../estimator.ts'
import { type NewtonEnd, type NewtonOptions, type NewtonPlace, orthantNewton, type SmoothLoss } from './orthant-newton.ts'

/** As orthantNewton, which it calls unless this search was done before. */
export type Minimise = (loss: SmoothLoss, start: Float64Array, options: Omit<NewtonOptions, 'from' | 'keep'>) => Promise<NewtonEnd>

/** @param searches how many there will be at most; @throws StudioError bundle-mismatch for a state that is not one of these */
export function keptNewton(searches: number, { savepoint }: Context): Minimise {
  const { ends, place } = readState(savepoint?.left.at(-1))
  const done: NewtonEnd[] = []
  return async (loss, start, options) => {
    const at = done.length
    const known = ends[at]
    const from = at === ends.length && place?.w.length === loss.size ? place : undefined
    const keep = async (now: NewtonPlace): Promise<void> => {
      if (savepoint?.due()) await savepoint.save({ unit: 'round', done: at * options.maxIter + now.steps, total: Math.max(searches, at + 1) * options.maxIter }, stateOf(done, now), 'replace')
    }
    const end = known ?? (await orthantNewton(loss, start, { ...options, ...(from && { from }), keep }))
    done.push(end)
    return end
  }
}

function stateOf(ends: readonly NewtonEnd[], { steps, w, inner }: NewtonPlace): FitState {
  const { i, rr, d, r, q } = inner
  const arrays: Record<string, TypedArray> = { w, d, r, q, rest: Float64Array.of(steps, i, rr) }
  ends.forEach((end, at) => {
    arrays[`end ${at}`] = end.w
    arrays[`rest ${at}`] = Float64Array.of(end.steps, end.converged ? 1 : 0)
  })
  return { json: { ends: ends.length }, arrays }
}

function readState(state: FitState | undefined): { readonly ends: readonly NewtonEnd[]; readonly place?: NewtonPlace } {
  if (!state) return { ends: [] }
  const numbers = (name: string): Float64Array => keptArray(state, name, Float64Array, 'a linear model')
  const ends = Array.from({ length: Number(state.json['ends']) }, (_, at): NewtonEnd => {
    const [steps, converged] = numbers(`rest ${at}`) as unknown as [number, number]
    return { w: numbers(`end ${at}`), steps, converged: converged === 1 }
  })
  const [steps, i, rr] = numbers('rest') as unknown as [number, number, number]
  return { ends, place: { steps, w: numbers('w'), inner: { i, rr, d: numbers('d'), r: numbers('r'), q: numbers('q') } } }
}
