/** The contract of a search strategy: from the trials so far to the next one. */
import type { ParamValues } from '../params.ts'
import type { Point, Space } from './space.ts'

export interface Proposal {
  readonly point: Point
  /** Share of the full budget (rows, or rounds of the estimator), in (0, 1]. */
  readonly budget: number
}
export interface Trial extends Proposal {
  readonly params: ParamValues
  /** Mean over the folds; null where the trial failed or a fold has no score. */
  readonly score: number | null
  /** One a fold. */
  readonly folds: readonly (number | null)[]
  /** Milliseconds. */
  readonly spent: number
  /** Why there is no score. */
  readonly problem?: string
}
export interface SearchOptions {
  /** Full trainings that may be spent; whole number from 1. Where a strategy counts in other ways it says so. */
  readonly trials: number
  readonly seed: number
  readonly greaterIsBetter: boolean
}
export interface Strategy {
  readonly id: string
  readonly label: string
  /** One sentence a newcomer understands. */
  readonly summary: string
  readonly source: string
  /** Begins trials on a part of the budget. */
  readonly beginsSmall?: boolean
  /**
   * The budgets that will be spent, one a trial, in order: known before the start.
   * @throws StudioError bad-param where the options do not allow a search
   */
  plan(space: Space, options: SearchOptions): readonly number[]
  /**
   * How many of the first trials must be finished before trial n is proposed. Others may run beside it: what is
   * proposed hangs on which trial it is, never on which came first, so a search is the same on any number of workers.
   */
  waitsFor(space: Space, n: number, options: SearchOptions): number
  /**
   * A pure function of what it is given, so a search can be taken up again.
   * @param known the first trials, finished: as many as `waitsFor` says
   * @param ahead those between them and the one that is asked for, which is within the plan
   */
  propose(space: Space, known: readonly Trial[], ahead: readonly Proposal[], options: SearchOptions): Proposal
}

const isFinished = (entry: Proposal | Trial): entry is Trial => 'score' in entry

/**
 * What comes after the trials so far.
 * @param before in order; those that still run are bare proposals
 * @returns undefined where some of them must finish first
 */
export function nextProposal(strategy: Strategy, space: Space, before: readonly (Proposal | Trial)[], options: SearchOptions): Proposal | undefined {
  const needed = Math.min(before.length, strategy.waitsFor(space, before.length, options))
  const known = before.slice(0, needed)
  return known.every(isFinished) ? strategy.propose(space, known, before.slice(needed), options) : undefined
}

/** Trials with a score, best first, older first among equals. */
export function bestFirst<T extends Pick<Trial, 'score'>>(trials: readonly T[], greaterIsBetter: boolean): T[] {
  const sign = greaterIsBetter ? -1 : 1
  return trials.filter((trial) => trial.score !== null).sort((a, b) => sign * ((a.score as number) - (b.score as number)))
}
