/** The order of runs in an experiment, and what is drawn of it. */
import { sharedRanks } from '../../core/evaluate/compare.ts'
import type { Residuals, ScoreRow } from '../../core/evaluate/evaluation.ts'
import { foldScoreOf, sameFolds, scoreOf } from '../../core/evaluate/experiments.ts'
import type { Metric } from '../../core/metrics/metric.ts'
import type { Run } from '../../core/run/run.ts'

export { type Experiment, experimentKey, experimentsOf, foldScoreOf, scoreOf } from '../../core/evaluate/experiments.ts'

export interface Place {
  readonly run: Run
  /** From 1, shared by runs that cannot be told apart; null without a score. */
  readonly rank: number | null
  readonly shared: boolean
}
export interface Ranking {
  /** Best first; runs without the score last; older first among equals. */
  readonly places: readonly Place[]
  /** The folds whose mean decides, where every run has a score in each of the same folds; else the validation rows decide. */
  readonly folds?: { readonly folds: number; readonly repeats: number; readonly rows: number }
}

export function ranked(runs: readonly Run[], metric: Pick<Metric, 'id' | 'greaterIsBetter'>): Ranking {
  const folds = sameFolds(runs, metric.id)
  const valueOf = (run: Run): number | null => (folds ? foldScoreOf(run, metric.id)?.mean : scoreOf(run.evaluation, metric.id)?.value) ?? null
  const order = [...runs].sort((a, b) => {
    const va = valueOf(a)
    const vb = valueOf(b)
    if (va === null || vb === null) return va === vb ? a.sequence - b.sequence : va === null ? 1 : -1
    return (metric.greaterIsBetter ? vb - va : va - vb) || a.sequence - b.sequence
  })
  if (!folds) return { places: order.map((run, i) => ({ run, rank: valueOf(run) === null ? null : i + 1, shared: false })) }
  const ranks = sharedRanks(order.map((run) => foldScoreOf(run, metric.id)?.values as readonly number[]), metric.greaterIsBetter, folds.heldToTrained)
  return { folds, places: order.map((run, i) => ({ run, rank: ranks[i] as number, shared: ranks.filter((rank) => rank === ranks[i]).length > 1 })) }
}

/**
 * The same places with the ranks that a test over the validation rows gave, where there were no common folds. Those that it
 * was not asked of have none.
 */
export function withRanks(ranking: Ranking, ranks: ReadonlyMap<string, number | null>): Ranking {
  if (ranking.folds) return ranking
  const all = [...ranks.values()]
  const places = ranking.places.map((place) => {
    const rank = ranks.get(place.run.id)
    return rank === undefined || rank === null || place.rank === null ? { ...place, rank: null } : { run: place.run, rank, shared: all.filter((other) => other === rank).length > 1 }
  })
  return { places }
}

/** Ends of an axis that holds all scores and intervals, with a little room, yet not beyond what the metric can be. */
export function domainOf(scores: readonly (ScoreRow | undefined)[], range: Metric['range'] = [null, null]): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const score of scores) {
    for (const value of [score?.value, score?.low, score?.high]) {
      if (value === null || value === undefined || !Number.isFinite(value)) continue
      if (value < low) low = value
      if (value > high) high = value
    }
  }
  if (low > high) return [0, 1]
  const room = (high - low) * 0.04 || Math.abs(low) * 0.04 || 0.05
  return [Math.max(low - room, range[0] ?? Number.NEGATIVE_INFINITY), Math.min(high + room, range[1] ?? Number.POSITIVE_INFINITY)]
}

/** Rows furthest off, worst first, at most 100; of the sample where an older evaluation kept no more. */
export function worstRows(residuals: Residuals | undefined, most = 100): { readonly row: number; readonly actual: number; readonly predicted: number }[] {
  const kept = residuals?.worst ?? residuals
  if (!kept) return []
  return kept.row
    .map((row, i) => ({ row, actual: kept.actual[i] as number, predicted: kept.predicted[i] as number }))
    .sort((a, b) => Math.abs(b.actual - b.predicted) - Math.abs(a.actual - a.predicted))
    .slice(0, most)
}
