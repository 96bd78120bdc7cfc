/** How findings of the monitor are put into words. */
import { driftTest, type DriftTestId } from '../../core/monitor/rules.ts'
import type { ColumnDrift, DriftOf } from '../../core/monitor/column-drift.ts'
import type { DriftReport, Verdict } from '../../core/monitor/report.ts'
import { formatCount, formatNumber, formatPercent, formatUtc, plural, shorten } from '../../ui/format.ts'

export const testLabel = (id: DriftTestId): string => driftTest(id).label
export const pWords = (p: number | null): string => (p === null ? '' : p < 0.0001 ? '< 0.0001' : formatNumber(p, 2))

/** "0.31 sd", "12%": how much of a change it is, whatever the test says. */
export function effectWords({ kind, effect }: Pick<ColumnDrift, 'kind' | 'effect'>): string {
  if (effect === undefined) return ''
  return kind === 'names' ? `${formatPercent(effect)} of rows` : `${formatNumber(effect, 2)} sd`
}
export const effectHelp = 'How much the values moved, whatever the test says. Numbers: by how many standard deviations on average. Categories: the share of rows that would have to be another one.'

export const verdictWords: Readonly<Record<Verdict['level'], string>> = { steady: 'Steady', watch: 'Keep an eye on it', act: 'Act', unknown: 'Cannot be told' }

/** "p ≤ 0.05", "from 0.1 on": where a test says changed. */
export const ruleWords = ({ limit, test }: DriftOf): string => (driftTest(test).says === 'p' ? `p ${test === 'ks' ? '≤' : '<'} ${formatNumber(limit)}` : `from ${formatNumber(limit)} on`)

/** What else is odd about a column, as short notes. */
export function notesOf(column: ColumnDrift): string[] {
  const { current, reference, unseen, beyond, missingChanged } = column
  const rows = current.count + current.missing
  const share = (side: ColumnDrift['current']): string => formatPercent(side.count + side.missing === 0 ? 0 : side.missing / (side.count + side.missing))
  const outside = (beyond?.below ?? 0) + (beyond?.above ?? 0)
  return [
    ...(missingChanged ? [`missing ${share(current)}, was ${share(reference)}`] : []),
    ...(unseen && unseen.rows > 0 ? [`${plural(unseen.rows, 'row')} with ${plural(unseen.distinct, 'new value')}`] : []),
    ...(outside > 0 ? [`${plural(outside, 'value')} beyond the old range${rows > 0 ? ` (${formatPercent(outside / rows)})` : ''}`] : []),
  ]
}

/** "wine.csv · 412 rows · 2026-01-01 to 2026-03-31" */
export function sourceWords({ source }: DriftReport): string {
  const span = source.from === undefined || source.to === undefined ? '' : ` · ${formatUtc(source.from)} to ${formatUtc(source.to)}`
  const by = source.answeredBy ? ` · answered by ${shorten(source.answeredBy.model, 30)} version ${shorten(source.answeredBy.version, 12)}${source.answeredBy.arm === 'shadow' ? ' (shadow)' : ''}` : ''
  return `${shorten(source.name, 60)} · ${plural(source.rows, 'row')}${source.answered < source.rows ? `, ${formatCount(source.answered)} answered` : ''}${span}${by}`
}
