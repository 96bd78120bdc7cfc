/** A surrogate of the score learns from the trials; the next one is where the most improvement is expected. */
import { normalCumulative, normalDensity } from '../math/distributions.ts'
import { createRng } from '../math/rng.ts'
import { fitGaussianProcess, type GaussianProcess } from './gaussian-process.ts'
import { checkTrials, drawnPoint } from './random.ts'
import type { Point, Space } from './space.ts'
import { bestFirst, type Proposal, type Strategy, type Trial } from './strategy.ts'

/** Drawn at random before the surrogate has enough to learn from. */
const firstTrials = (space: Space): number => Math.max(5, 2 * space.length)
/** Trials that may run beside the one that is proposed. Their scores are not awaited, on one worker neither. */
const besides = 3
const candidates = 500
/** The surrogate's cost grows with the cube of what it learns from. */
const mostLearnt = 150

/** E[max(0, f - best)] for f normal with this mean and sd, larger being better. */
export function expectedImprovement(mean: number, sd: number, best: number): number {
  if (sd <= 0) return Math.max(0, mean - best)
  const z = (mean - best) / sd
  return (mean - best) * normalCumulative(z) + sd * normalDensity(z)
}

function mostPromising(space: Space, surrogate: GaussianProcess, best: Trial, bestScore: number, seed: number, n: number): Point {
  const rng = createRng(seed).fork(`candidates ${n}`)
  let chosen: Point = drawnPoint(space, n, seed)
  let most = -1
  for (let i = 0; i < candidates; i++) {
    // Half from everywhere, half about the best so far, nearer and nearer.
    const near = i % 2 === 1 ? 0.3 * 2 ** -(((i - 1) / 2) % 5) : undefined
    const point = space.map((dimension, d) => {
      const at = best.point[d] as number
      if (near === undefined) return rng.next()
      if (dimension.kind === 'choice') return rng.next() < 0.8 ? at : rng.next()
      return Math.min(1 - 2 ** -32, Math.max(0, at + near * rng.normal()))
    })
    const { mean, sd } = surrogate.at(point)
    const gain = expectedImprovement(mean, sd, bestScore)
    if (gain > most) {
      most = gain
      chosen = point
    }
  }
  return chosen
}

export const bayesian: Strategy = {
  id: 'bayesian',
  label: 'Bayesian',
  summary: 'Learns from each trial where good settings may lie and tries there; the fewest trials for a costly model.',
  source: 'Jones et al. 1998 (expected improvement); Gaussian process with Matern 5/2',
  plan(_space, options) {
    checkTrials(options)
    return new Array<number>(options.trials).fill(1)
  },
  waitsFor(space, n) {
    const first = firstTrials(space)
    return n < first ? 0 : Math.max(first, n - besides)
  },
  propose(space, trials, ahead, options) {
    const n = trials.length + ahead.length
    const drawn: Proposal = { point: drawnPoint(space, n, options.seed), budget: 1 }
    const ordered = bestFirst(trials, options.greaterIsBetter)
    const [best] = ordered
    if (!best || ordered.length < 3) return drawn
    const known = ordered.slice(0, mostLearnt)
    const sign = options.greaterIsBetter ? 1 : -1
    const raw = known.map((trial) => sign * (trial.score as number))
    const mean = raw.reduce((sum, value) => sum + value, 0) / raw.length
    const sd = Math.sqrt(raw.reduce((sum, value) => sum + (value - mean) ** 2, 0) / raw.length)
    if (sd === 0) return drawn
    const points = known.map((trial) => trial.point)
    const y = raw.map((value) => (value - mean) / sd)
    const learnt = fitGaussianProcess(space, points, y)
    if (!learnt) return drawn
    // What runs beside it is taken at its expected value, so that two do not look in one place (Ginsbourger et al. 2010, "believer").
    const surrogate = ahead.length === 0 ? learnt : (fitGaussianProcess(space, [...points, ...ahead.map(({ point }) => point)], [...y, ...ahead.map(({ point }) => learnt.at(point).mean)]) ?? learnt)
    return { point: mostPromising(space, surrogate, best, y[0] as number, options.seed, n), budget: 1 }
  },
}
