/**
 * What a learning or validation curve says, by a rule that is written down here and nowhere else.
 *
 * Scores become shares of the way from the baseline (0) to a perfect score (1), so that one rule serves every metric.
 * A difference counts where it is at least a hundredth of that way and the corrected resampled t-test over the folds
 * (compare.ts) tells it from chance at 5 %.
 *
 * Learning curve:
 *   1. held-out scores with all rows beat those with about half of them        -> more data
 *   2. else training rows score better than held-out ones by a tenth or more   -> more regularisation
 *   3. else training rows themselves score under nine tenths                   -> more capacity
 *   4. else                                                                    -> neither
 * Validation curve, where the best value of the parameter beats the present one (Holm over all values):
 *   training rows score better at the best value than at the present one       -> more capacity, else more regularisation
 *   where it does not                                                          -> neither
 */
import type { Metric } from '../metrics/metric.ts'
import { correctedResampledT, holm } from './compare.ts'

export type CurveAdvice = 'more-data' | 'more-capacity' | 'more-regularisation' | 'neither' | 'unknown'

/** One x of a curve: a score a fold, null where it is undefined. */
export interface CurvePoint {
  /** Mean number of rows learnt from. */
  readonly rows: number
  readonly train: readonly (number | null)[]
  readonly held: readonly (number | null)[]
}
export interface CurveVerdict {
  readonly advice: CurveAdvice
  /** Why, in sentences without the names of things. */
  readonly because: string
  /** As shares of the way from the baseline to perfect: training and held-out score, at all rows or at the present value. */
  readonly train?: number
  readonly held?: number
  /** How far held-out scores rose since half of the rows, or could rise at the best value. */
  readonly rise?: number
  /** Validation curve: index of the best point. */
  readonly best?: number
}

export const least = { difference: 0.01, gap: 0.1, fitted: 0.9, alpha: 0.05 } as const

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const percent = (share: number): string => `${Math.round(share * 100)}%`

/** Scores as shares of the way from the baseline to perfect; undefined where one is missing or the way has no length. */
function skills(points: readonly CurvePoint[], metric: Pick<Metric, 'greaterIsBetter' | 'range'>, baseline: number | null): readonly { readonly train: readonly number[]; readonly held: readonly number[] }[] | undefined {
  const perfect = metric.range[metric.greaterIsBetter ? 1 : 0]
  if (perfect === null || baseline === null || perfect === baseline) return undefined
  const whole = points.every(({ train, held }) => [...train, ...held].every((score) => score !== null))
  if (!whole) return undefined
  const share = (score: number | null): number => ((score as number) - baseline) / (perfect - baseline)
  return points.map(({ train, held }) => ({ train: train.map(share), held: held.map(share) }))
}

const unknown = (because: string): CurveVerdict => ({ advice: 'unknown', because })
const noSkill = 'A score is undefined in some fold, or guessing is already perfect, so nothing can be said.'

/**
 * @param points fewest rows first, at least two
 * @param baseline mean held-out score of the baseline
 * @param heldToTrained held-out rows for each row learnt from at the last point, see correctedResampledT
 */
export function learningVerdict(points: readonly CurvePoint[], metric: Pick<Metric, 'greaterIsBetter' | 'range'>, baseline: number | null, heldToTrained: number): CurveVerdict {
  const last = points.at(-1)
  if (points.length < 2 || last === undefined || last.held.length < 2) return unknown('Two sizes and two folds are the least that can be compared.')
  const all = skills(points, metric, baseline)
  if (!all) return unknown(noSkill)
  const half = points.slice(0, -1).reduce((best, { rows }, i) => (Math.abs(rows - last.rows / 2) < Math.abs((points[best]?.rows ?? 0) - last.rows / 2) ? i : best), 0)
  const [end, middle] = [all.at(-1), all[half]] as [(typeof all)[number], (typeof all)[number]]
  // The two learnt from different numbers of rows: the correction takes the number between.
  const between = (last.rows + (points[half]?.rows ?? 0)) / 2
  const risen = correctedResampledT(end.held, middle.held, (heldToTrained * last.rows) / between)
  const gap = correctedResampledT(end.train, end.held, heldToTrained)
  const facts = { train: mean(end.train), held: mean(end.held), rise: risen.difference }
  const from = `from ${Math.round(points[half]?.rows ?? 0)} rows to ${Math.round(last.rows)}`
  if (risen.difference >= least.difference && (risen.low as number) > 0) {
    return { ...facts, advice: 'more-data', because: `Scores on held-out rows still rose by ${percent(risen.difference)} of the way to perfect ${from}: they have not levelled off.` }
  }
  const flat = `More rows no longer help: ${from} held-out scores did not clearly rise.`
  if (gap.difference >= least.gap && (gap.low as number) > 0) {
    return { ...facts, advice: 'more-regularisation', because: `${flat} Rows it has learnt from score ${percent(gap.difference)} of the way better than new ones: it also learns what does not repeat.` }
  }
  if (facts.train < least.fitted) return { ...facts, advice: 'more-capacity', because: `${flat} Training and held-out rows score nearly alike, at ${percent(facts.held)} of the way from guessing to perfect: it has learnt all that its form, and its features, can hold.` }
  return { ...facts, advice: 'neither', because: `${flat} Held-out rows score ${percent(facts.held)} of the way from guessing to perfect, nearly as well as those it has learnt from.` }
}

/** @param current index of the present value @param heldToTrained as in learningVerdict */
export function validationVerdict(points: readonly CurvePoint[], current: number, metric: Pick<Metric, 'greaterIsBetter' | 'range'>, baseline: number | null, heldToTrained: number): CurveVerdict {
  const own = points[current]
  if (points.length < 2 || own === undefined || own.held.length < 2) return unknown('Two values and two folds are the least that can be compared.')
  const all = skills(points, metric, baseline)
  if (!all) return unknown(noSkill)
  const here = all[current] as (typeof all)[number]
  const best = all.reduce((top, { held }, i) => (mean(held) > mean((all[top] as (typeof all)[number]).held) ? i : top), current)
  const there = all[best] as (typeof all)[number]
  const others = all.flatMap((_, i) => (i === current ? [] : [i]))
  const ps = holm(others.map((i) => correctedResampledT((all[i] as (typeof all)[number]).held, here.held, heldToTrained).p))
  const rise = mean(there.held) - mean(here.held)
  const facts = { train: mean(here.train), held: mean(here.held), rise, best }
  const p = ps[others.indexOf(best)] ?? 1
  if (best === current || rise < least.difference || p >= least.alpha) {
    const gap = facts.train - facts.held
    const perhaps = best !== current && rise >= least.difference ? ` One scores ${percent(rise)} of the way better on held-out rows, which ${here.held.length} folds cannot tell from chance: train a run with it, and compare the two.` : ''
    return { ...facts, advice: 'neither', because: `No other value is clearly better than the present one.${perhaps}${gap >= least.gap ? ' What is left between training and held-out rows has another cause.' : ''}` }
  }
  const isLooser = mean(there.train) > mean(here.train)
  return {
    ...facts,
    advice: isLooser ? 'more-capacity' : 'more-regularisation',
    because: `Another value scores ${percent(rise)} of the way better on held-out rows, and it fits training rows ${isLooser ? 'better' : 'less closely'}.${best === 0 || best === points.length - 1 ? ' It lies at the end of what was tried: look further.' : ''}`,
  }
}
