/** Runs compare only where data, target and split are the same: those form an experiment. */
import { sharedRanks } from '../../core/evaluate/compare.ts'
import type { Evaluation, Residuals, ScoreRow } from '../../core/evaluate/evaluation.ts'
import type { Metric } from '../../core/metrics/metric.ts'
import type { FoldScore } from '../../core/run/cross-validate.ts'
import type { Run } from '../../core/run/run.ts'

export interface Experiment {
  readonly key: string
  /** In order of creation; all have an evaluation. */
  readonly runs: readonly Run[]
  readonly newest: Run
}

/** Equal for runs that may be compared. */
export function experimentKey(run: Run): string {
  const { target, split } = run.spec
  const { strategy } = split
  return JSON.stringify([
    run.dataHash,
    target.column,
    target.task,
    target.positive ?? null,
    strategy.kind,
    'column' in strategy ? strategy.column : null,
    split.validShare,
    split.testShare,
    split.seed,
  ])
}

/** Experiments with judged runs, the one of the newest run first. */
export function experimentsOf(runs: readonly Run[]): Experiment[] {
  const byKey = new Map<string, Run[]>()
  for (const run of runs) {
    if (run.status !== 'succeeded' || !run.evaluation) continue
    const key = experimentKey(run)
    const known = byKey.get(key)
    if (known) known.push(run)
    else byKey.set(key, [run])
  }
  return [...byKey]
    .map(([key, list]) => ({ key, runs: list, newest: list.reduce((a, b) => (b.sequence > a.sequence ? b : a)) }))
    .sort((a, b) => b.newest.sequence - a.newest.sequence)
}

export const scoreOf = (evaluation: Evaluation | undefined, metric: string): ScoreRow | undefined => evaluation?.scores.find((score) => score.metric === metric)

export const foldScoreOf = (run: Run, metric: string): FoldScore | undefined => run.crossValidation?.scores.find((score) => score.metric === metric)

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
  readonly folds?: { readonly folds: number; readonly rows: number }
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

function sameFolds(runs: readonly Run[], metric: string): { readonly folds: number; readonly rows: number; readonly heldToTrained: number } | undefined {
  const first = runs[0]?.crossValidation
  if (!first) return undefined
  const alike = runs.every((run) => {
    const { crossValidation: own } = run
    return own?.folds === first.folds && own.repeats === first.repeats && own.rows === first.rows && foldScoreOf(run, metric)?.values.every((value) => value !== null)
  })
  if (!alike) return undefined
  const { folds, rows } = first
  // By time the first fold learns from one block and the last from as many as there are folds; held out is one.
  const byTime = runs[0]?.spec.split.strategy.kind === 'time'
  const shares = Array.from({ length: folds }, (_, i) => (byTime ? 1 / (i + 1) : 1 / (folds - 1)))
  return { folds, rows, heldToTrained: shares.reduce((sum, share) => sum + share, 0) / folds }
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
