/** Models against each other on one metric, with intervals and the baseline as a line through all. */
import type { Metric } from '../core/metrics/metric.ts'
import { type Chart, type Counted, countedOf, forest, nameOf, say } from './figure.ts'
import type { Palette } from './palette.ts'

export interface LeaderboardRow {
  readonly name: string
  readonly estimator: string
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  readonly isBaseline: boolean
}
export interface LeaderboardInput extends Counted {
  readonly metric: Pick<Metric, 'label' | 'greaterIsBetter'>
  readonly part: string
  readonly n: number
  /** Best first. */
  readonly rows: readonly LeaderboardRow[]
}

export function leaderboard(input: LeaderboardInput, palette: Palette): Chart | undefined {
  const { metric, rows } = input
  const best = rows[0]
  if (!best) return undefined
  const base = rows.find((row) => row.isBaseline && row.value !== null)
  return {
    title: `Leaderboard by ${metric.label}`,
    description: `${metric.label} with 95% bootstrap intervals on ${input.n} ${input.part} ${countedOf(input)}; ${metric.greaterIsBetter ? 'higher' : 'lower'} is better. ${nameOf(best.name, 60)} leads with ${say(best.value)}.${base ? ` The dashed line is the baseline, ${say(base.value)}.` : ''}`,
    figure: forest(
      palette,
      rows.map((row) => ({ ...row, colour: row.isBaseline ? palette.baseline : palette.accent })),
      { title: metric.label, line: base ? { at: base.value as number, name: 'Baseline' } : undefined },
    ),
    table: {
      columns: ['Rank', 'Run', 'Estimator', metric.label, '95% from', '95% to'],
      rows: rows.map((row, i) => [i + 1, row.name, row.estimator, row.value, row.low, row.high]),
    },
  }
}
