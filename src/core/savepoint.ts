/**
 * How far a long fit came, kept where it outlives the tab. A fit that goes on from what was left ends with the
 * same bits as one that was never disturbed: it keeps whatever the rest of its work depends on, chance included.
 */
import type { Json } from './recipe/step.ts'
import type { TypedArray } from './estimators/estimator.ts'

/** What a fit keeps of itself; only its own estimator reads it. */
export interface FitState {
  readonly json: { readonly [key: string]: Json }
  readonly arrays: Readonly<Record<string, TypedArray>>
}
export type ReachedUnit = 'tree' | 'round' | 'epoch' | 'machine' | 'fold'
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
}
