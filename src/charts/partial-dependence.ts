/** Partial dependence (mean), single rows thinly behind it (ICE), and the chosen row's own curve. */
import type { PartialDependence } from '../core/explain/explainer.ts'
import { type Chart, layout, line, nameOf, say, type Trace } from './figure.ts'
import { type Palette, withAlpha } from './palette.ts'

/** Where grid values stand on the axis: numbers as they are, categories at 0, 1, 2 ... */
export const gridPositions = (grid: readonly (number | string)[]): number[] => grid.map((value, i) => (typeof value === 'number' ? value : i))

/** @param input `dates` says that the grid is UTC seconds */
export function partialDependence(input: PartialDependence & { readonly dates?: boolean }, palette: Palette): Chart | undefined {
  const { dates = false, ...explanation } = input
  const { grid, mean, ice, row } = explanation
  if (grid.length === 0) return undefined
  const x = gridPositions(grid)
  const isNamed = grid.some((value) => typeof value === 'string')
  const column = nameOf(explanation.column)
  const output = nameOf(explanation.output, 48)
  const low = mean.reduce((a, b) => Math.min(a, b))
  const high = mean.reduce((a, b) => Math.max(a, b))
  const template = `${isNamed ? '' : '%{x:.5~g}<br>'}%{y:.4~g}<extra></extra>`
  const rowX = explanation.rowGrid ?? x
  const marks = (name: string, y: readonly number[], colour: string, size: number): Trace => ({
    type: 'scatter',
    mode: 'markers',
    name,
    x,
    y,
    marker: { color: colour, size },
    hovertemplate: template,
  })
  // Names have no order: a line from one to the next would say there is something between them.
  const data: Trace[] = isNamed
    ? [
        ...(explanation.low && explanation.high ? [line('90% of rows', x.flatMap((at) => [at, at, null]), x.flatMap((_, i) => [explanation.low?.[i] as number, explanation.high?.[i] as number, null]), { colour: withAlpha(palette.baseline, 0.55), width: 5 })] : []),
        marks('Mean of rows', mean, palette.ink, 10),
        ...(row.length > 0 ? [marks('This row', row, palette.accent, 12)] : []),
      ]
    : [
        ...ice.map((curve, i) => line(i === 0 ? 'Other rows' : '', x, curve, { colour: withAlpha(palette.baseline, 0.28), width: 1, legend: i === 0 })),
        line('Mean of rows', x, mean, { colour: palette.ink, width: 2, dash: 'dash', hovertemplate: template }),
        ...(row.length > 0 ? [line('This row', rowX, row, { colour: palette.accent, width: 3, hovertemplate: template })] : []),
      ]
  const rowAt = new Map(rowX.map((at, i) => [at, row[i] as number]))
  const spread = explanation.low && explanation.high
  return {
    title: `How ${column} moves the ${output}`,
    description: `Mean ${output} over ${explanation.n} held-out rows when ${column} is set to each value and all else stays: from ${say(low)} to ${say(high)}.${row.length > 0 ? ' The chosen row is drawn strongly.' : ''}`,
    figure: {
      data,
      layout: layout(palette, {
        x: { title: column, dates, ...(isNamed ? { names: grid.map(String), range: [-0.4, grid.length - 0.6] as const } : {}) },
        y: { title: output, ...(output.startsWith('probability') ? { range: [-0.02, 1.02] as const } : {}) },
        height: 320,
        legend: true,
      }),
    },
    table: {
      columns: [explanation.column, 'Mean', ...(spread ? ['5% of rows', '95% of rows'] : []), ...(row.length > 0 ? ['This row'] : [])],
      rows: grid.map((value, i) => [
        value,
        mean[i] as number,
        ...(spread ? [explanation.low?.[i] as number, explanation.high?.[i] as number] : []),
        ...(row.length > 0 ? [rowAt.get(x[i] as number) ?? null] : []),
      ]),
    },
  }
}
