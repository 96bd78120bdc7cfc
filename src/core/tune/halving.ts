/** Many settings on little, the best third of them on three times as much, until few are left on all. */
import { StudioError } from '../errors.ts'
import { drawnPoint, checkTrials } from './random.ts'
import { bestFirst, type SearchOptions, type Strategy, type Trial } from './strategy.ts'

const eta = 3
const mostRungs = 4
interface Rung {
  readonly count: number
  readonly budget: number
}

/** Rungs of a bracket that spends about `trials` full trainings. */
function bracket(trials: number, rungs: number): readonly Rung[] {
  // Each rung costs the same: count x budget.
  const last = Math.max(1, Math.round(trials / rungs))
  return Array.from({ length: rungs }, (_, rung) => ({ count: last * eta ** (rungs - 1 - rung), budget: eta ** (rung - rungs + 1) }))
}

function strategy(about: Pick<Strategy, 'id' | 'label' | 'summary' | 'source'>, bracketsOf: (trials: number) => readonly (readonly Rung[])[]): Strategy {
  return {
    ...about,
    beginsSmall: true,
    plan(_space, options) {
      checkTrials(options)
      return bracketsOf(options.trials).flatMap((rungs) => rungs.flatMap(({ count, budget }) => new Array<number>(count).fill(budget)))
    },
    // A rung begins when the one below it is through; the first of a bracket begins at once.
    waitsFor(_space, n, options) {
      const { rung, start } = placeOf(bracketsOf(options.trials), n)
      return rung === 0 ? 0 : start
    },
    propose(space, known, ahead, options) {
      const n = known.length + ahead.length
      const { rung, start, below, budget, count, drawn } = placeOf(bracketsOf(options.trials), n)
      if (rung === 0) return { point: drawnPoint(space, drawn + n - start, options.seed), budget }
      const next = survivors(known.slice(below, start), count, options)[n - start]
      // Fewer survive where trials failed; drawn ones take their places.
      return { point: next?.point ?? drawnPoint(space, 1_000_000 + n, options.seed), budget }
    },
  }
}

interface Place extends Rung {
  /** Within its bracket, from 0. */
  readonly rung: number
  /** First trials of this rung and of the one below. */
  readonly start: number
  readonly below: number
  /** Points drawn for earlier brackets. */
  readonly drawn: number
}
/** Where trial n stands; it is within the plan. */
function placeOf(brackets: readonly (readonly Rung[])[], n: number): Place {
  let [start, below, drawn] = [0, 0, 0]
  for (const rungs of brackets) {
    for (const [rung, { count, budget }] of rungs.entries()) {
      if (n < start + count) return { rung, start, below, count, budget, drawn }
      below = start
      start += count
    }
    drawn += rungs[0]?.count ?? 0
  }
  throw new StudioError({ code: 'bug', message: `invalid trial; beyond the plan of ${start}: ${n}` })
}
const survivors = (trials: readonly Trial[], count: number, { greaterIsBetter }: SearchOptions): readonly Trial[] => bestFirst(trials, greaterIsBetter).slice(0, count)

export const halving = strategy(
  { id: 'halving', label: 'Successive halving', summary: 'Starts many settings on a part of the rows or rounds and goes on with the best third of them, again and again.', source: 'Jamieson & Talwalkar 2016, with a third kept' },
  (trials) => [bracket(trials, Math.min(mostRungs, Math.max(1, trials)))],
)

/** The largest bracket first; the last one is a plain random search, for settings that start slowly. */
export const hyperband = strategy(
  { id: 'hyperband', label: 'Hyperband', summary: 'Successive halving several times, from many settings on little to few on all: careful with settings that start slowly.', source: 'Li et al. 2018, eta 3' },
  (trials) => {
    const most = Math.min(mostRungs, Math.max(1, trials))
    return Array.from({ length: most }, (_, i) => bracket(trials / most, most - i))
  },
)
