/** Where an additive fit stands between two rounds, as what is kept of it. */
import { check, v } from '../../schema.ts'
import { type FitState, keptArray } from '../../savepoint.ts'
import type { TypedArray } from '../estimator.ts'
import type { BoostPlace } from './boost.ts'

export interface Place {
  /** Curves alone, then with pairs. */
  readonly stage: 0 | 1
  readonly bag: number
  /** Features of the pairs, from stage 1 on. */
  readonly pairs: readonly (readonly [number, number])[]
  /** What bags yielded so far. */
  readonly fitted: readonly { readonly tables: Float64Array[]; readonly rounds: number }[]
  /** Of the bag under way. */
  readonly bagPlace: BoostPlace
  /** Rounds before the bag under way, and with it. */
  readonly before: number
  readonly done: number
}

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const schema = v.object({
  stage: v.picklist([0, 1]),
  bag: count,
  pairs: v.array(v.tuple([count, count])),
  fitted: v.array(v.object({ tables: count, rounds: count })),
  tables: count,
  round: count,
  bestRound: count,
  before: count,
  done: count,
})

export function placeOf({ bagPlace, fitted, ...place }: Place): FitState {
  const arrays: Record<string, TypedArray> = { raw: bagPlace.raw, bestLoss: Float64Array.of(bagPlace.bestLoss) }
  fitted.forEach(({ tables }, bag) => tables.forEach((table, t) => (arrays[`bag ${bag} table ${t}`] = table)))
  bagPlace.tables.forEach((table, t) => {
    arrays[`table ${t}`] = table
    arrays[`best ${t}`] = bagPlace.best[t] as Float64Array
  })
  const { round, bestRound, tables } = bagPlace
  return { json: { ...place, fitted: fitted.map(({ tables, rounds }) => ({ tables: tables.length, rounds })), tables: tables.length, round, bestRound }, arrays }
}

/** @throws StudioError bad-data, bundle-mismatch */
export function placeFrom(state: FitState | undefined): Place | undefined {
  if (!state) return undefined
  const { fitted, tables, round, bestRound, ...place } = check(schema, state.json, 'checkpoint of explainable-boosting')
  const numbers = (name: string): Float64Array => keptArray(state, name, Float64Array, 'explainable-boosting')
  const several = (prefix: string, of: number): Float64Array[] => Array.from({ length: of }, (_, t) => numbers(`${prefix} ${t}`))
  return {
    ...place,
    fitted: fitted.map((bag, b) => ({ tables: several(`bag ${b} table`, bag.tables), rounds: bag.rounds })),
    bagPlace: { round, bestRound, bestLoss: numbers('bestLoss')[0] as number, tables: several('table', tables), best: several('best', tables), raw: numbers('raw') },
  }
}
