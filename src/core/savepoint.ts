/**
 * How far a long fit came, kept where it outlives the tab. A fit that goes on from what was left ends with the
 * same bits as one that was never disturbed: it keeps whatever the rest of its work depends on, chance included.
 */
import { StudioError } from './errors.ts'
import type { Json } from './recipe/step.ts'
import type { TypedArray } from './estimators/estimator.ts'

/** What a fit keeps of itself; only its own estimator reads it. */
export interface FitState {
  readonly json: { readonly [key: string]: Json }
  readonly arrays: Readonly<Record<string, TypedArray>>
}
/** An array of what was kept. @param fit whose, in words; @throws StudioError bundle-mismatch where there is none of that name and type */
export function keptArray<T extends TypedArray>({ arrays }: FitState, name: string, type: new (length: number) => T, fit: string): T {
  const found = arrays[name]
  if (found instanceof type) return found
  throw new StudioError({ code: 'bundle-mismatch', message: `invalid checkpoint of ${fit}; missing array: ${name}` })
}
export type ReachedUnit = 'tree' | 'round' | 'epoch' | 'machine' | 'row' | 'fold'
/** Where it stands, in words a person knows: "tree 140 of 300". */
export interface Reached {
  readonly unit: ReachedUnit
  readonly done: number
  readonly total: number
}
export interface Savepoint {
  /** What an interrupted fit of the same spec on the same rows left, in the order of saving; empty at a first start. */
  readonly left: readonly FitState[]
  /** Whether it is time to save. Costs nothing, so it may be asked at every turn. */
  due(): boolean
  /**
   * Keeps a state: beside the earlier ones ('add': it holds what is new since), or in their place.
   * @returns whether it is kept; a fit goes on either way, and the person is told
   */
  save(reached: Reached, state: FitState, how: 'add' | 'replace'): Promise<boolean>
  /** The same place from the beginning: leaves aside what is there, and the first save takes its place. */
  anew(): Savepoint
}

/** Soon at first, so that a crash costs at most half of a short fit; a checkpoint may not be older than 30 s. */
const firstMs = 2000
const longestMs = 20_000

/** @param save keeps a state, wherever that is; `now` in milliseconds */
export function savepointOver(left: readonly FitState[], save: Savepoint['save'], now: () => number, anew = false): Savepoint {
  const begun = now()
  let savedAt = begun
  let overwrites = anew
  return {
    left,
    due: () => now() - savedAt >= Math.min(longestMs, Math.max(firstMs, (now() - begun) / 2)),
    async save(reached, state, how) {
      savedAt = now()
      const kept = await save(reached, state, overwrites ? 'replace' : how)
      if (kept) overwrites = false
      return kept
    },
    anew: () => savepointOver([], save, now, true),
  }
}

/** Goes on from what is left there, or from the beginning where that cannot be read. @param unread told why */
export async function fromSavepoint<T>(savepoint: Savepoint, fit: (savepoint: Savepoint) => Promise<T>, unread: (why: string) => void = () => {}): Promise<T> {
  try {
    return await fit(savepoint)
  } catch (error) {
    if (savepoint.left.length === 0 || !(error instanceof StudioError) || !['bundle-mismatch', 'bad-data'].includes(error.code)) throw error
    unread(error.message)
    return fit(savepoint.anew())
  }
}
