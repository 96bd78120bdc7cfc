/** Permutation importance: bars with the spread of the repeats. */
import type { PermutationImportance } from '../core/explain/explainer.ts'
import { metrics } from '../core/metrics/registry.ts'
import { type Chart, layout, nameOf, say } from './figure.ts'
import { type Palette, withAlpha } from './palette.ts'

const most = 40

export function importance(explanation: PermutationImportance, palette: Palette): Chart | undefined {
  const shown = explanation.columns.slice(0, most)
  if (shown.length === 0) return undefined
  const metric = metrics.has(explanation.metric) ? metrics.get(explanation.metric).label : explanation.metric
  const top = shown[0] as (typeof shown)[number]
  const repeats = shown.reduce((n, column) => Math.max(n, column.drops.length), 0)
  return {
    title: 'What each column is worth',
    description: `How much worse ${metric} (${say(explanation.baseline)}) gets on ${explanation.n} held-out rows when a column is shuffled: the mean of ${repeats} shuffles with one standard deviation. ${nameOf(top.column)} matters most, by ${say(top.mean)}.`,
    figure: {
      data: [
        {
          type: 'bar',
          orientation: 'h',
          x: shown.map((column) => column.mean),
          y: shown.map((_, i) => i),
          width: shown.map(() => 0.62),
          error_x: { type: 'data', array: shown.map((column) => column.sd), color: palette.muted, thickness: 1.5, width: 4 },
          marker: { color: shown.map((column) => withAlpha(palette.data, column.mean > 0 ? 0.9 : 0.4)) },
          customdata: shown.map((column) => [nameOf(column.column, 60), column.sd]),
          hovertemplate: '%{customdata[0]}<br>%{x:.4~g} ± %{customdata[1]:.2~g}<extra></extra>',
          showlegend: false,
        },
      ],
      layout: layout(palette, {
        x: { title: `${metric} worse by`, zero: true },
        y: { title: '', names: shown.map((column) => column.column), range: [shown.length - 0.4, -0.6], grid: false },
        height: Math.max(160, 76 + shown.length * 28),
      }),
    },
    table: {
      columns: ['Column', 'Mean', 'Standard deviation', 'Shuffles'],
      rows: explanation.columns.map((column) => [column.column, column.mean, column.sd, column.drops.length]),
    },
  }
}
