/** One metric by groups, with the score over all rows as a line. */
import type { GroupReport } from '../core/evaluate/evaluation.ts'
import { metrics } from '../core/metrics/registry.ts'
import { capital, type Chart, type Counted, countedOf, forest, nameOf, say } from './figure.ts'
import type { Palette } from './palette.ts'

export const groupName = (values: readonly (string | null)[]): string => values.map((value) => (value === null ? 'missing' : value === '' ? '(empty)' : value)).join(' · ')

export function groups(report: GroupReport & Counted, palette: Palette): Chart | undefined {
  if (report.groups.length === 0) return undefined
  const metric = metrics.has(report.metric) ? metrics.get(report.metric).label : report.metric
  const overall = report.overall.value
  const by = report.columns.map((column) => nameOf(column)).join(' and ')
  return {
    title: `${metric} by ${by}`,
    description: `${metric} of each group with its 95% bootstrap interval${overall === null ? '' : `; the dashed line is all ${countedOf(report)}, ${say(overall)}`}.`,
    figure: forest(
      palette,
      report.groups.map((group) => ({ name: `${groupName(group.values)} (${group.n})`, value: group.score.value, low: group.score.low, high: group.score.high })),
      { title: metric, line: overall === null ? undefined : { at: overall, name: `All ${countedOf(report)}` } },
    ),
    table: {
      columns: [...report.columns, capital(countedOf(report)), metric, '95% from', '95% to'],
      rows: report.groups.map((group) => [...group.values.map((value) => value ?? 'missing'), group.n, group.score.value, group.score.low, group.score.high]),
    },
  }
}
