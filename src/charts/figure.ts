/**
 * What every chart yields: a figure as plain JSON (Plotly's data and layout, SVG traces only), its twin as
 * a table, and words for those who do not see it. Text in a figure is plain text: the widget that draws it
 * escapes every string but `hovertemplate`, so a name from data must never enter a hovertemplate.
 */
import { powerOfTen, trueMinus } from '../core/powers.ts'
import { type Palette, withAlpha } from './palette.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export interface LineTrace {
  readonly type: 'scatter'
  readonly mode: 'lines' | 'markers' | 'lines+markers' | 'text'
  readonly name: string
  readonly x: readonly (number | null)[]
  readonly y: readonly (number | null)[]
  readonly line?: { readonly color: string; readonly width: number; readonly dash?: 'solid' | 'dash' | 'dot' | 'dashdot'; readonly shape?: 'linear' | 'hv' | 'vh' }
  readonly [key: string]: Json | undefined
}
export type Trace = LineTrace | { readonly type: 'bar' | 'heatmap'; readonly [key: string]: Json | undefined }
export interface Axis {
  readonly title: { readonly text: string; readonly standoff: number; readonly font: { readonly size: number } }
  readonly range?: readonly [number, number]
  readonly tickvals?: readonly number[]
  readonly ticktext?: readonly string[]
  readonly [key: string]: Json | undefined
}
export interface Layout {
  readonly xaxis: Axis
  readonly yaxis: Axis
  readonly height: number
  readonly [key: string]: Json | Axis | undefined
}
export interface Figure {
  readonly data: readonly Trace[]
  readonly layout: Layout
}
export interface ChartTable {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number | null)[])[]
}
export interface Chart {
  readonly title: string
  /** What it shows, in a sentence or two, with its main number. */
  readonly description: string
  readonly figure: Figure
  readonly table: ChartTable
}

/** What is counted: rows, where nothing else is said. */
export interface Counted {
  readonly noun?: 'row' | 'picture'
}
export const countedOf = ({ noun = 'row' }: { readonly noun?: Counted['noun'] | undefined }): string => `${noun}s`
/** Of very many classes only the most common have curves. */
export const curvesLeftOut = (drawn: number, classes: readonly string[] | undefined): string => (drawn > 1 && classes && drawn < classes.length ? ` Of ${classes.length} classes the ${drawn} most common are drawn.` : '')
export const capital = (words: string): string => `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`

/** A name from data as it may stand on an axis: one line, at most `limit` characters. */
export function nameOf(text: string, limit = 32): string {
  const line = text.slice(0, limit * 4).replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ')
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line
}

/** For sentences: at most four significant digits, scientific far from 1. */
export function say(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return 'undefined'
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return powerOfTen(value, 3)
  return trueMinus(String(size >= 1000 ? Math.round(value) : Number(value.toPrecision(4))))
}
/** What is added: +0.3, −12. */
export const signed = (value: number): string => `${value < 0 ? '−' : '+'}${say(Math.abs(value))}`

interface AxisOptions {
  readonly title: string
  readonly range?: readonly [number, number]
  readonly grid?: boolean
  readonly zero?: boolean
  readonly tickformat?: string
  /** Names at 0, 1, 2 ...: positions instead of Plotly's category axis, which merges equal names and guesses dates. */
  readonly names?: readonly string[]
  /** Values are UTC seconds; only LinePlot draws such an axis. */
  readonly dates?: boolean
}

export function axis(palette: Palette, options: AxisOptions): Axis {
  const { title, range, grid = true, zero = false, tickformat, names, dates = false } = options
  return {
    title: { text: title, standoff: 8, font: { size: 12 } },
    showgrid: grid && !names,
    gridcolor: palette.line,
    gridwidth: 1,
    zeroline: zero,
    zerolinecolor: palette.axis,
    zerolinewidth: 1,
    linecolor: palette.axis,
    tickcolor: palette.axis,
    ticks: 'outside',
    ticklen: 4,
    separatethousands: true,
    tickfont: { color: palette.muted, size: 12 },
    automargin: true,
    fixedrange: true,
    ...(range ? { range } : {}),
    ...(tickformat ? { tickformat } : {}),
    ...(dates ? { dates } : {}),
    ...(names ? { tickvals: names.map((_, i) => i), ticktext: names.map((name) => nameOf(name)), ticks: '' } : {}),
  }
}

interface LayoutOptions {
  readonly x: AxisOptions
  readonly y: AxisOptions
  readonly height?: number
  readonly legend?: boolean
  readonly more?: { readonly [key: string]: Json }
}

/** The one look of all charts: quiet grid, direct labels, nothing that carries no data. */
export function layout(palette: Palette, { x, y, height = 320, legend = false, more = {} }: LayoutOptions): Layout {
  return {
    height,
    margin: { l: 56, r: 16, t: legend ? 36 : 12, b: 48 },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { color: palette.ink, size: 12 },
    hovermode: 'closest',
    hoverlabel: { bgcolor: palette.raised, bordercolor: palette.axis, font: { color: palette.ink, size: 12 } },
    showlegend: legend,
    legend: { orientation: 'h', x: 0, y: 1.02, xanchor: 'left', yanchor: 'bottom', font: { color: palette.ink }, bgcolor: 'rgba(0,0,0,0)' },
    dragmode: false,
    ...more,
    xaxis: axis(palette, x),
    yaxis: axis(palette, y),
  }
}

const dashes = ['solid', 'dash', 'dot', 'dashdot'] as const
/** From the ninth series on colours repeat, so lines change their dash. */
export const dashOf = (i: number): (typeof dashes)[number] => dashes[Math.floor(i / 8) % dashes.length] as (typeof dashes)[number]

export interface LineOptions {
  readonly colour: string
  readonly width?: number
  readonly dash?: (typeof dashes)[number]
  readonly shape?: 'linear' | 'hv' | 'vh'
  readonly hovertemplate?: string
  readonly legend?: boolean
}
export function line(name: string, x: readonly (number | null)[], y: readonly (number | null)[], options: LineOptions): LineTrace {
  const { colour, width = 2, dash = 'solid', shape = 'linear', hovertemplate, legend = true } = options
  return {
    type: 'scatter',
    mode: 'lines',
    name: nameOf(name),
    x,
    y,
    line: { color: colour, width, dash, shape },
    showlegend: legend,
    ...(hovertemplate === undefined ? { hoverinfo: 'skip' } : { hovertemplate }),
  }
}

/** A straight line of reference, dashed and without hover. */
export const reference = (palette: Palette, name: string, x: readonly [number, number], y: readonly [number, number]): LineTrace =>
  line(name, x, y, { colour: palette.baseline, width: 1.5, dash: 'dash', legend: false })

/** A point with its 95% interval a row, first row on top: what leaderboards and groups are drawn with. */
export function forest(
  palette: Palette,
  rows: readonly { readonly name: string; readonly value: number | null; readonly low: number | null; readonly high: number | null; readonly colour?: string }[],
  options: { readonly title: string; readonly line?: { readonly at: number; readonly name: string } | undefined },
): Figure {
  const shown = rows.slice(0, 60)
  const y = shown.map((_, i) => i)
  const arm = (side: 'low' | 'high') => shown.map((row) => (row.value === null || row[side] === null ? 0 : Math.abs((row[side] as number) - row.value)))
  const marks: LineTrace = {
    type: 'scatter',
    mode: 'markers',
    name: options.title,
    x: shown.map((row) => row.value),
    y,
    marker: { size: 9, color: shown.map((row) => row.colour ?? palette.accent) },
    error_x: { type: 'data', symmetric: false, array: arm('high'), arrayminus: arm('low'), color: palette.muted, thickness: 1.5, width: 4 },
    customdata: shown.map((row) => [nameOf(row.name, 60), row.low, row.high]),
    hovertemplate: '%{customdata[0]}<br>%{x:.4~g} (95%: %{customdata[1]:.4~g} to %{customdata[2]:.4~g})<extra></extra>',
  }
  const last = Math.max(0.5, shown.length - 0.5)
  return {
    data: [...(options.line ? [reference(palette, options.line.name, [options.line.at, options.line.at], [-0.5, last])] : []), marks],
    layout: layout(palette, {
      x: { title: options.title },
      y: { title: '', names: shown.map((row) => row.name), range: [last, -0.5], grid: false },
      height: Math.max(160, 72 + shown.length * 28),
    }),
  }
}

/** Bars over edges, side by side without gaps. */
export function bars(palette: Palette, edges: readonly number[], counts: readonly number[]): Trace {
  return {
    type: 'bar',
    x: counts.map((_, i) => ((edges[i] as number) + (edges[i + 1] as number)) / 2),
    y: counts,
    width: counts.map((_, i) => Math.max((edges[i + 1] as number) - (edges[i] as number), 1e-12)),
    customdata: counts.map((_, i) => [edges[i] as number, edges[i + 1] as number]),
    marker: { color: withAlpha(palette.data, 0.85), line: { color: palette.ground, width: 1 } },
    hovertemplate: '%{customdata[0]:.4~g} to %{customdata[1]:.4~g}<br>%{y:,} rows<extra></extra>',
    showlegend: false,
  }
}
