/** A waterfall: from where a score starts, column by column, to what it is for one row. */
import type { LocalAttribution } from '../core/explain/explainer.ts'
import { percentOf } from '../core/percent.ts'
import { type Chart, layout, line, nameOf, say, signed, type Trace } from './figure.ts'
import type { Palette } from './palette.ts'

const most = 10

/** How a score on this scale is read. */
export function linkWords({ link, output, score, predicted }: Pick<LocalAttribution, 'link' | 'output' | 'score' | 'predicted'>): string {
  const share = percentOf(predicted)
  const what = nameOf(output, 60)
  if (link === 'log-odds') return `Parts add up on the scale of ${what}: 0 is one in two, and each step of 0.69 doubles the odds. ${say(score)} is a probability of ${share}.`
  if (link === 'softmax') return `Parts add up on the scale of the ${what}; against the scores of the other classes it makes a probability of ${share}.`
  if (link === 'log') return `Parts add up on the scale of the ${what}, so each multiplies the prediction, ${say(predicted)}.`
  if (link === 'margin') return `Parts add up on the scale of the ${what}, not of probabilities; the model then answers ${share}.`
  return `Parts add up on the scale of the answer itself, ${what}.`
}
const baseWords = { 'tree-shap': 'the mean of the training rows', 'additive-parts': 'the middle of the data' } as const
const rounded = (part: number): string => signed(Number(part.toPrecision(3)))

/** @param input `labels`: what stands before each bar, such as "age = 42", in the order of columns */
export function attribution(input: LocalAttribution & { readonly labels?: readonly string[] }, palette: Palette): Chart | undefined {
  const { columns, base, score, output, gap, kind } = input
  if (columns.length === 0) return undefined
  const cut = columns.length > most + 1 ? most : columns.length
  const rest = columns.slice(cut).reduce((sum, { part }) => sum + part, 0)
  const steps = columns.slice(0, cut).map(({ column, part }, i) => ({ name: input.labels?.[i] ?? column, part }))
  if (cut < columns.length) steps.push({ name: `${columns.length - cut} other columns`, part: rest })
  let at = base
  const bars = steps.map(({ name, part }) => ({ name, part, from: at, to: (at += part) }))
  const names = ['Start', ...bars.map(({ name }) => name), 'This row']
  const last = names.length - 1
  const rows = bars.map((_, i) => i + 1)
  const joints = line('', [base, base, null, ...bars.flatMap(({ to }) => [to, to, null])], [0, 1, null, ...rows.flatMap((row) => [row, row + 1, null])], { colour: palette.axis, width: 1, legend: false })
  const ends: Trace = {
    type: 'scatter',
    mode: 'markers',
    name: 'ends',
    x: [base, score],
    y: [0, last],
    marker: { color: [palette.baseline, palette.accent], size: 11, symbol: 'diamond' },
    hovertemplate: '%{x:.4~g}<extra></extra>',
    showlegend: false,
    cliponaxis: false,
  }
  const top = columns[0] as (typeof columns)[number]
  return {
    title: 'Why this answer',
    description: `From ${say(base)}, ${baseWords[kind]}, to ${say(score)} for this row, in ${nameOf(output, 60)}. ${nameOf(top.column)} moves it most, by ${rounded(top.part)}.${gap === null ? '' : gap < 1e-6 ? ' The parts add up to the model’s own answer.' : ` The parts miss the model’s own answer by ${say(gap)}.`}`,
    figure: {
      data: [
        joints,
        {
          type: 'bar',
          orientation: 'h',
          y: rows,
          base: bars.map(({ from }) => from),
          x: bars.map(({ part }) => part),
          width: rows.map(() => 0.62),
          marker: { color: bars.map(({ part }) => (part < 0 ? palette.less : palette.more)) },
          text: bars.map(({ part }) => rounded(part)),
          textposition: 'auto',
          textangle: 0,
          insidetextfont: { color: palette.ground, size: 12 },
          outsidetextfont: { color: palette.ink, size: 12 },
          constraintext: 'none',
          cliponaxis: false,
          customdata: bars.map(({ name, to }) => [nameOf(name, 60), to]),
          hovertemplate: '%{customdata[0]}<br>%{x:+.4~g} to %{customdata[1]:.4~g}<extra></extra>',
          showlegend: false,
        },
        ends,
      ],
      layout: layout(palette, {
        x: { title: nameOf(output, 60), ...rangeOf([base, ...bars.map(({ to }) => to)]) },
        y: { title: '', names, range: [last + 0.6, -0.6], grid: false },
        height: Math.max(180, 76 + names.length * 28),
      }),
    },
    table: {
      columns: ['Column', 'Part', 'Score after it'],
      rows: [['Start', null, base], ...tableRows(input), ['This row', null, score]],
    },
  }
}

function tableRows({ base, columns, labels }: LocalAttribution & { readonly labels?: readonly string[] }): (string | number)[][] {
  let at = base
  return columns.map(({ column, part }, i) => [labels?.[i] ?? column, part, (at += part)])
}

/** Room at both sides for the figures beside the bars. */
function rangeOf(values: readonly number[]): { readonly range: readonly [number, number] } {
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  const room = (high - low || Math.abs(high) || 1) * 0.2
  return { range: [low - room, high + room] }
}
