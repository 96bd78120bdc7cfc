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
/** Where the parts come from, and how sure they are. */
export function methodWords({ kind, sampling, columns }: Pick<LocalAttribution, 'kind' | 'sampling' | 'columns'>): string {
  if (!sampling) return kind === 'tree-shap' ? 'Exact, from the trees themselves (TreeSHAP).' : 'Exact: the model is a sum of such parts.'
  const { questions, rows, of, ended, tolerance, leftOut = 0 } = sampling
  const widest = columns.reduce((most, { band = 0 }) => Math.max(most, band), 0)
  const count = (n: number): string => n.toLocaleString('en')
  const others = rows === of ? `all ${count(rows)} training rows` : `${count(rows)} of ${count(of)} training rows${leftOut > 0 ? ` (not of ${count(leftOut)} with missing cells, for which it has no answer)` : ''}`
  const asked = `the model was asked about ${count(questions)} rows, in which some cells are this row's and the others those of ${others}`
  if (ended === 'exact' && widest === 0) return `Shapley values, exact: ${asked}, with every choice of columns.`
  const sure = `The lines at the bars are 95% bands, at most ±${say(Number(widest.toPrecision(2)))}`
  const why = {
    exact: 'other training rows would move them so far.',
    converged: `within ${percentOf(tolerance)} of all that columns move, so it ended there.`,
    rows: 'and no more rows were to be used.',
    time: 'as far as the time allowed.',
    stopped: 'as far as it came when it was stopped.',
  }[ended]
  return `Shapley values, sampled: ${asked}. ${sure}, ${why}`
}
const baseWords = { 'tree-shap': 'the mean of the training rows', 'additive-parts': 'the middle of the data', 'sampled-shap': 'the mean answer for training rows' } as const
const rounded = (part: number): string => signed(Number(part.toPrecision(3)))
/** No more digits than its band, rounded to one, leaves sure. */
function signedLike(part: number, band: number): string {
  const unit = 10 ** Math.floor(Math.log10(band))
  return signed(Number((Math.round(part / unit) * unit).toPrecision(3)))
}

/** @param input `labels`: what stands before each bar, such as "age = 42", in the order of columns */
export function attribution(input: LocalAttribution & { readonly labels?: readonly string[] }, palette: Palette): Chart | undefined {
  const { columns, base, score, output, gap, kind } = input
  if (columns.length === 0) return undefined
  const cut = columns.length > most + 1 ? most : columns.length
  const rest = columns.slice(cut).reduce((sum, { part }) => sum + part, 0)
  const steps = columns.slice(0, cut).map(({ column, part, band = 0 }, i) => ({ name: input.labels?.[i] ?? column, part, band }))
  // Parts that were sampled together err together, so their sum has no band of its own; it is written as exactly as they are.
  const rough = columns.slice(cut).reduce((most, { band = 0 }) => Math.max(most, band), 0)
  if (cut < columns.length) steps.push({ name: `${columns.length - cut} other columns`, part: rest, band: 0 })
  let at = base
  const bars = steps.map(({ name, part, band }) => ({ name, part, band, from: at, to: (at += part) }))
  const isSure = bars.every(({ band }) => band === 0)
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
  const span = rangeOf([base, ...bars.flatMap(({ to, band }) => [to - band, to + band])])
  const places = bars.map((bar) => placeOf(bar, span.range))
  // Not the bars' own text: that one runs over the names where a small bar ends at the left.
  const words: Trace = {
    type: 'scatter',
    mode: 'text',
    name: 'parts',
    x: places.map(({ x }) => x),
    y: rows,
    text: bars.map(({ part, band }, i) => (band === 0 ? (i === cut && rough > 0 ? signedLike(part, rough) : rounded(part)) : `${signedLike(part, band)} ± ${say(Number(band.toPrecision(1)))}`)),
    textposition: places.map(({ side }) => `middle ${side}`),
    textfont: { size: 12, color: places.map(({ side }) => (side === 'center' ? palette.ground : palette.ink)) },
    hoverinfo: 'skip',
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
          ...(isSure ? {} : { error_x: { type: 'data', array: bars.map(({ band }) => band), color: palette.ink, thickness: 1.5, width: 4 } }),
          cliponaxis: false,
          customdata: bars.map(({ name, to, band }) => [nameOf(name, 60), to, ...(isSure ? [] : [band])]),
          hovertemplate: `%{customdata[0]}<br>%{x:+.4~g}${isSure ? '' : ' ± %{customdata[2]:.2~g}'} to %{customdata[1]:.4~g}<extra></extra>`,
          showlegend: false,
        },
        ends,
        words,
      ],
      layout: layout(palette, {
        x: { title: nameOf(output, 60), ...span },
        y: { title: '', names, range: [last + 0.6, -0.6], grid: false },
        height: Math.max(180, 76 + names.length * 28),
      }),
    },
    table: input.sampling
      ? { columns: ['Column', 'Part', '95% band, ±', 'Score after it'], rows: [['Start', null, input.sampling.baseBand, base], ...tableRows(input).map(([name, part, after], i) => [name as string, part as number, columns[i]?.band ?? 0, after as number]), ['This row', null, null, score]] }
      : { columns: ['Column', 'Part', 'Score after it'], rows: [['Start', null, base], ...tableRows(input), ['This row', null, score]] },
  }
}

function tableRows({ base, columns, labels }: LocalAttribution & { readonly labels?: readonly string[] }): (string | number)[][] {
  let at = base
  return columns.map(({ column, part }, i) => [labels?.[i] ?? column, part, (at += part)])
}

/** Where a bar's figure stands: in the middle of a long bar, else beside it and its band, where there is more room. */
function placeOf({ from, to, band }: { readonly from: number; readonly to: number; readonly band: number }, [low, high]: readonly [number, number]): { x: number; side: 'center' | 'left' | 'right' } {
  if (Math.abs(to - from) - band > (high - low) / 2) return { x: (from + to) / 2, side: 'center' }
  const [start, end] = [Math.min(from, to - band), Math.max(from, to + band)]
  const gap = (high - low) * 0.012
  return high - end >= start - low ? { x: end + gap, side: 'right' } : { x: start - gap, side: 'left' }
}
/** Room at both sides for the figures beside the bars. */
function rangeOf(values: readonly number[]): { readonly range: readonly [number, number] } {
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  const room = (high - low || Math.abs(high) || 1) * 0.2
  return { range: [low - room, high + room] }
}
