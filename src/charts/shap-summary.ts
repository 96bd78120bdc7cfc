/** Beeswarm: every dot a row, its place what a column gives to the prediction, its colour how large the column's value is. */
import type { AttributionSummary } from '../core/explain/explainer.ts'
import { type Chart, layout, nameOf, say, type Trace } from './figure.ts'
import type { Palette } from './palette.ts'

const most = 20
const bins = 90

/** Offsets from the middle in [-0.38, 0.38]: dots that would lie on one another stand side by side. */
export function swarm(values: readonly number[], low: number, high: number): number[] {
  const counts = new Map<number, number>()
  const place = values.map((value) => {
    const bin = Math.round(((value - low) / (high - low || 1)) * bins)
    const before = counts.get(bin) ?? 0
    counts.set(bin, before + 1)
    return before
  })
  const tallest = [...counts.values()].reduce((a, b) => Math.max(a, b), 1)
  const step = Math.min(0.07, 0.38 / Math.ceil(tallest / 2))
  return place.map((before) => (before % 2 === 0 ? 1 : -1) * Math.ceil(before / 2) * step)
}

/** How parts were found, where the model had to be asked. */
function askedWords({ sampling, columns }: AttributionSummary): string {
  if (!sampling) return ''
  const widest = columns.reduce((most, { band = 0 }) => Math.max(most, band), 0)
  const why = { all: '', time: ', as many as the time allowed', stopped: ', as many as were done when it was stopped' }[sampling.ended]
  return `${why}, found by asking the model about ${sampling.questions.toLocaleString('en')} rows with cells of up to ${sampling.rows.toLocaleString('en')} of ${sampling.of.toLocaleString('en')} training rows${widest === 0 ? '' : ` (a single dot is known to ±${say(Number(widest.toPrecision(2)))} or better on average, 95%)`}`
}

export function shapSummary(explanation: AttributionSummary, palette: Palette): Chart | undefined {
  const shown = explanation.columns.slice(0, most)
  const top = shown[0]
  if (!top || top.parts.length === 0) return undefined
  let [low, high] = [0, 0]
  for (const { parts } of shown) {
    for (const part of parts) {
      if (part < low) low = part
      if (part > high) high = part
    }
  }
  const dots = shown.flatMap(({ column, parts, ranks }, i) => {
    const offsets = swarm(parts, low, high)
    return parts.map((x, k) => ({ column, x, y: i + (offsets[k] as number), rank: ranks[k] ?? null }))
  })
  const cloud = (which: typeof dots, marker: Trace['marker'], template: string): Trace => ({
    type: 'scatter',
    mode: 'markers',
    name: 'rows',
    x: which.map(({ x }) => x),
    y: which.map(({ y }) => y),
    marker,
    customdata: which.map(({ column, rank }) => [nameOf(column, 60), rank]),
    hovertemplate: template,
    showlegend: false,
  })
  const [named, ordered] = [dots.filter(({ rank }) => rank === null), dots.filter(({ rank }) => rank !== null)]
  const room = (high - low || 1) * 0.04
  return {
    title: 'What columns give, row by row',
    description: `Parts of the ${nameOf(explanation.output, 60)} on ${explanation.n} held-out rows${askedWords(explanation)}, around the mean ${say(explanation.base)}. Each dot is a row; blue dots have small values of the column, orange ones large, grey ones a name or none. ${nameOf(top.column)} moves predictions most, by ${say(top.mean)} on average.`,
    figure: {
      data: [
        cloud(named, { color: palette.baseline, size: 5, opacity: 0.7 }, '%{customdata[0]}<br>%{x:+.4~g}<extra></extra>'),
        cloud(
          ordered,
          { color: ordered.map(({ rank }) => rank), cmin: 0, cmax: 1, colorscale: [[0, palette.less], [0.5, palette.baseline], [1, palette.more]], size: 5, opacity: 0.8 },
          '%{customdata[0]}, larger than %{customdata[1]:.0%} of rows<br>%{x:+.4~g}<extra></extra>',
        ),
      ],
      layout: layout(palette, {
        x: { title: nameOf(explanation.output, 60), zero: true, range: [low - room, high + room] },
        y: { title: '', names: shown.map(({ column }) => column), range: [shown.length - 0.4, -0.6], grid: false },
        height: Math.max(180, 76 + shown.length * 34),
      }),
    },
    table: {
      columns: ['Column', 'Mean size', 'Smallest part', 'Largest part'],
      rows: explanation.columns.map(({ column, mean, parts }) => [column, mean, parts.reduce((a, b) => Math.min(a, b), 0), parts.reduce((a, b) => Math.max(a, b), 0)]),
    },
  }
}
