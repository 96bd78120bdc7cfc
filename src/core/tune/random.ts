/** Points drawn evenly from the space. */
import { StudioError } from '../errors.ts'
import { createRng } from '../math/rng.ts'
import type { Point, Space } from './space.ts'
import type { SearchOptions, Strategy } from './strategy.ts'

/** The n-th drawn point: it depends on nothing else, so that more trials begin with the same ones. */
export function drawnPoint(space: Space, n: number, seed: number): Point {
  const rng = createRng(seed).fork(`trial ${n}`)
  return space.map(() => rng.next())
}

/** @throws StudioError bad-param */
export function checkTrials({ trials }: Pick<SearchOptions, 'trials'>): void {
  if (!Number.isInteger(trials) || trials < 1 || trials > 10_000) throw new StudioError({ code: 'bad-param', message: `invalid trials; not a whole number in [1, 10000]: ${trials}` })
}

export const random: Strategy = {
  id: 'random',
  label: 'Random',
  summary: 'Draws settings by chance; every parameter gets as many different values as there are trials.',
  source: 'Bergstra & Bengio 2012',
  plan(_space, options) {
    checkTrials(options)
    return new Array<number>(options.trials).fill(1)
  },
  waitsFor: () => 0,
  propose: (space, _known, ahead, options) => ({ point: drawnPoint(space, ahead.length, options.seed), budget: 1 }),
}
