/** Then and now: the distribution of one column on both sides, and a figure over chunks of time. */
import type { ColumnDrift } from '../core/monitor/column-drift.ts'
import { type Chart, layout, line, nameOf, reference, say, type Trace } from './figure.ts'
import { type Palette, withAlpha } from './palette.ts'

export interface DriftInput {
  readonly column: ColumnDrift
  /** What the reference is: "training rows". */
  readonly of: string
}

export function drift({ column, of }: DriftInput, palette: Palette): Chart | undefined {
  const { picture } = column
  if (!picture) return undefined
  const name = nameOf(column.name)
  const dates = column.kind === 'moments'
  const base = { title: `${name}: then and now`, description: `Share of the rows by ${name}: ${of} (grey) and the new rows (orange).` }
  if (picture.edges) {
    const { edges } = picture
    // Steps over the bins, down to the ground at both ends.
    const x = [edges[0] as number, ...edges]
    const steps = (shares: readonly number[]): number[] => [0, ...shares, 0]
    const bins = (shares: readonly number[], title: string, colour: string): Trace => ({ ...line(title, x, steps(shares), { colour, width: 2, shape: 'hv' }), fill: 'tozeroy', fillcolor: withAlpha(colour, 0.18), hovertemplate: '%{y:.1%}<extra></extra>' })
    return {
      ...base,
      figure: { data: [bins(picture.reference, of, palette.baseline), bins(picture.current, 'new rows', palette.more)], layout: layout(palette, { x: { title: name, ...(dates ? { dates } : {}) }, y: { title: 'Share of rows', tickformat: '.0%' }, height: 260, legend: true }) },
      table: { columns: ['From', 'To', of, 'New rows'], rows: picture.reference.map((share, i) => [edges[i] as number, edges[i + 1] as number, share, picture.current[i] as number]) },
    }
  }
  const names = [...(picture.names ?? []), ...(picture.others ? ['all others'] : [])]
  const bars = (shares: readonly number[], title: string, colour: string, offset: number): Trace => ({
    type: 'bar',
    orientation: 'h',
    name: nameOf(title),
    x: shares,
    y: shares.map((_, i) => i + offset),
    width: shares.map(() => 0.34),
    marker: { color: withAlpha(colour, 0.85) },
    customdata: names.map((label) => nameOf(label, 60)),
    hovertemplate: '%{customdata}: %{x:.1%}<extra></extra>',
  })
  return {
    ...base,
    figure: {
      data: [bars(picture.reference, of, palette.baseline, -0.18), bars(picture.current, 'new rows', palette.more, 0.18)],
      layout: layout(palette, { x: { title: 'Share of rows', tickformat: '.0%' }, y: { title: '', names, range: [names.length - 0.4, -0.6], grid: false }, height: Math.max(170, 96 + names.length * 34), legend: true }),
    },
    table: { columns: ['Value', of, 'New rows'], rows: names.map((label, i) => [label, picture.reference[i] as number, picture.current[i] as number]) },
  }
}

export interface OverTimeInput {
  readonly title: string
  /** Of the axis. */
  readonly what: string
  readonly labels: readonly string[]
  readonly values: readonly (number | null)[]
  /** Marked chunks: those that need a look. */
  readonly marked: readonly boolean[]
  /** Where the values should lie, one a chunk. */
  readonly band?: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[]; readonly name: string }
  readonly limit?: { readonly at: number; readonly name: string }
}

export function overTime({ title, what, labels, values, marked, band, limit }: OverTimeInput, palette: Palette): Chart | undefined {
  if (labels.length === 0 || values.every((value) => value === null)) return undefined
  const x = labels.map((_, i) => i)
  const last = labels.length - 1
  const flagged = marked.filter(Boolean).length
  // Names of some chunks only, where there are many.
  const every = Math.ceil(labels.length / 8)
  const dots = (on: boolean): Trace => ({
    type: 'scatter',
    mode: 'markers',
    name: on ? 'needs a look' : 'as expected',
    x: x.filter((i) => marked[i] === on),
    y: values.filter((_, i) => marked[i] === on),
    marker: { color: on ? palette.more : palette.accent, size: on ? 10 : 7, symbol: on ? 'diamond' : 'circle' },
    customdata: labels.filter((_, i) => marked[i] === on).map((label) => nameOf(label, 40)),
    hovertemplate: '%{customdata}: %{y:.4~g}<extra></extra>',
    showlegend: on && flagged > 0,
  })
  return {
    title,
    description: `${what} in ${labels.length} chunks, the last ${say(values.findLast((value) => value !== null))}. ${flagged === 0 ? 'None needs a look.' : `${flagged} ${flagged === 1 ? 'needs' : 'need'} a look (diamonds).`}`,
    figure: {
      data: [
        ...(band ? [line(band.name, x, band.low, { colour: palette.baseline, width: 1, dash: 'dot' }), line('', x, band.high, { colour: palette.baseline, width: 1, dash: 'dot', legend: false })] : []),
        ...(limit ? [reference(palette, limit.name, [-0.4, last + 0.4], [limit.at, limit.at])] : []),
        line(what, x, values, { colour: palette.accent, legend: false }),
        dots(false),
        dots(true),
      ],
      layout: layout(palette, { x: { title: '', names: labels.map((label, i) => (i % every === 0 ? label : '')), range: [-0.5, last + 0.5] }, y: { title: what }, height: 220, legend: band !== undefined || flagged > 0 }),
    },
    table: { columns: ['Chunk', what, ...(band ? ['From', 'To'] : []), 'Needs a look'], rows: labels.map((label, i) => [label, values[i] ?? null, ...(band ? [band.low[i] ?? null, band.high[i] ?? null] : []), marked[i] ? 'yes' : '']) },
  }
}
