/** Coefficients as bars with the whiskers of their intervals, largest first. */
import type { CoefficientPath, Coefficients } from '../core/explain/explainer.ts'
import { type Chart, dashOf, layout, line, nameOf, reference, say } from './figure.ts'
import { type Palette, seriesColour, withAlpha } from './palette.ts'

const most = 30

export interface CoefficientsInput extends Coefficients {
  readonly by: 'raw' | 'standardised'
  /** Index into outputs. */
  readonly shown: number
}

export function coefficients(input: CoefficientsInput, palette: Palette): Chart | undefined {
  const { by, shown: output, outputs, level } = input
  const all = input.rows.filter((row) => row.output === output).sort((a, b) => Math.abs(b.standardised) - Math.abs(a.standardised))
  const shown = all.slice(0, most)
  const top = shown[0]
  if (!top) return undefined
  const intervalOf = (row: Coefficients['rows'][number]) => (by === 'raw' ? row.interval : row.standardisedInterval)
  // A trace of its own: beside a bar without an interval an error bar would be drawn with no length, as if it were known exactly.
  const sure = shown.flatMap((row, y) => {
    const interval = intervalOf(row)
    return interval ? [{ x: row[by], y, less: row[by] - interval[0], more: interval[1] - row[by] }] : []
  })
  const what = nameOf(outputs[output] ?? '', 60)
  const unit = by === 'raw' ? 'one unit of the column' : 'one standard deviation'
  const whiskers = sure.length > 0
  const percent = say(level * 100)
  const zeros = all.filter((row) => row.raw === 0).length
  return {
    title: by === 'raw' ? 'Coefficients, in the units of the columns' : 'Coefficients, standardised',
    description: `What ${unit} adds to the ${what}, all else unchanged${whiskers ? `, with ${percent}% intervals${sure.length < shown.length ? ' where they are known' : ''}` : '; this model has no intervals'}. ${nameOf(top.feature)} has the largest standardised one, ${say(top.standardised)}.${zeros > 0 ? ` ${zeros} of ${all.length} are exactly zero.` : ''}`,
    figure: {
      data: [
        {
          type: 'bar',
          orientation: 'h',
          x: shown.map((row) => row[by]),
          y: shown.map((_, i) => i),
          width: shown.map(() => 0.62),
          marker: { color: shown.map((row) => withAlpha(row[by] < 0 ? palette.less : palette.more, 0.85)) },
          customdata: shown.map((row) => [nameOf(row.feature, 60)]),
          hovertemplate: '%{customdata[0]}<br>%{x:.4~g}<extra></extra>',
          showlegend: false,
        },
        ...(whiskers
          ? [
              {
                type: 'scatter' as const,
                mode: 'markers' as const,
                name: `${percent}% interval`,
                x: sure.map(({ x }) => x),
                y: sure.map(({ y }) => y),
                error_x: { type: 'data', symmetric: false, array: sure.map(({ more }) => more), arrayminus: sure.map(({ less }) => less), color: palette.ink, thickness: 1.5, width: 4 },
                marker: { size: 1, opacity: 0 },
                hoverinfo: 'skip',
                showlegend: false,
              },
            ]
          : []),
      ],
      layout: layout(palette, {
        x: { title: `${what}, for ${unit}`, zero: true },
        y: { title: '', names: shown.map((row) => row.feature), range: [shown.length - 0.4, -0.6], grid: false },
        height: Math.max(160, 76 + shown.length * 26),
      }),
    },
    table: {
      columns: ['Feature', 'Unit', 'Coefficient', `${percent}% from`, `${percent}% to`, 'Standardised', `${percent}% from`, `${percent}% to`],
      rows: [
        ['(intercept)', '', input.intercepts[output] as number, null, null, null, null, null],
        ...all.map((row) => [row.feature, row.own ? 'column' : 'feature', row.raw, row.interval?.[0] ?? null, row.interval?.[1] ?? null, row.standardised, row.standardisedInterval?.[0] ?? null, row.standardisedInterval?.[1] ?? null]),
      ],
    },
  }
}

const coloured = 8

export function coefficientPath(path: CoefficientPath, palette: Palette): Chart | undefined {
  const { penalties, features, chosen } = path
  const ever = features.filter(({ values }) => values.some((value) => value !== 0))
  if (penalties.length < 2 || ever.length === 0) return undefined
  const x = penalties.map((penalty) => -Math.log10(penalty))
  const largest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
  const loud = new Set([...ever].sort((a, b) => largest(b.values) - largest(a.values)).slice(0, coloured))
  const at = -Math.log10(chosen)
  const low = ever.reduce((a, { values }) => values.reduce((b, value) => Math.min(b, value), a), 0)
  const high = ever.reduce((a, { values }) => values.reduce((b, value) => Math.max(b, value), a), 0)
  const [from, to] = [Math.ceil(Math.min(x[0] as number, at)), Math.floor(Math.max(x.at(-1) as number, at))]
  const step = Math.max(1, Math.ceil((to - from) / 6))
  const ticks = Array.from({ length: Math.max(0, Math.floor((to - from) / step)) + 1 }, (_, i) => from + i * step)
  const nearest = x.reduce((best, value, i) => (Math.abs(value - at) < Math.abs((x[best] as number) - at) ? i : best), 0)
  const used = features.filter(({ values }) => values[nearest] !== 0).length
  const base = layout(palette, { x: { title: 'Penalty, from strong to weak', range: [Math.min(x[0] as number, at) - 0.1, Math.max(x.at(-1) as number, at) + 0.1] }, y: { title: `Standardised, in ${nameOf(path.output)}`, zero: true }, height: 380, legend: true })
  return {
    title: 'Path of the coefficients',
    description: `Standardised coefficients while the penalty weakens from left to right. ${nameOf(features[0]?.feature ?? '')} enters first. At the penalty of this model, ${say(chosen)}, the dashed line, ${used} of ${features.length} are in.`,
    figure: {
      data: [
        reference(palette, 'This model', [at, at], [low, high]),
        ...ever.filter((feature) => !loud.has(feature)).map(({ feature, values }) => line(feature, x, values, { colour: withAlpha(palette.baseline, 0.5), width: 1, legend: false })),
        ...[...loud].map(({ feature, values }, i) => line(feature, x, values, { colour: seriesColour(palette, i), dash: dashOf(i) })),
      ],
      layout: { ...base, xaxis: { ...base.xaxis, tickvals: ticks, ticktext: ticks.map((tick) => say(10 ** -tick)) } },
    },
    table: {
      columns: ['Feature', 'Enters at penalty', 'At this penalty', 'At the weakest'],
      rows: features.map(({ feature, values }) => {
        const entered = values.findIndex((value) => value !== 0)
        return [feature, entered < 0 ? null : (penalties[entered] as number), values[nearest] as number, values.at(-1) as number]
      }),
    },
  }
}
