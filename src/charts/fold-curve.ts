/** Scores over folds while the number of rows, or one parameter, varies: rows learnt from against held-out ones. */
import { metrics } from '../core/metrics/registry.ts'
import type { FoldCurve } from '../core/run/fold-curve.ts'
import { capital, type Chart, type Counted, countedOf, layout, line, nameOf, reference, say, type Trace } from './figure.ts'
import { type Palette, withAlpha } from './palette.ts'

interface Spread {
  readonly mean: number | null
  readonly sd: number | null
}
function spreadOf(scores: readonly (number | null)[]): Spread {
  const known = scores.filter((score) => score !== null)
  if (known.length === 0) return { mean: null, sd: null }
  const mean = known.reduce((sum, score) => sum + score, 0) / known.length
  return { mean, sd: known.length < 2 ? null : Math.sqrt(known.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (known.length - 1)) }
}
export const adviceWords = {
  'more-data': 'More data should help',
  'more-capacity': 'Try more capacity',
  'more-regularisation': 'Try more regularisation',
  neither: 'Neither',
  unknown: 'Nothing can be said',
} as const

/** @param input `label`: what the parameter is called */
export function foldCurve(input: FoldCurve & Counted & { readonly label?: string }, palette: Palette): Chart | undefined {
  const { over, points, verdict, current, baseline, folds, rows } = input
  if (points.length === 0) return undefined
  const metric = metrics.has(input.metric) ? metrics.get(input.metric).label : input.metric
  const isRows = over.by === 'rows'
  const counted = countedOf(input)
  const learnt = `${capital(counted)} learnt from`
  // Values of a parameter stand side by side: 0 often means "no limit" and has no place on a scale.
  const x = isRows ? points.map((point) => point.rows) : points.map((_, i) => i)
  const [train, held] = [points.map((point) => spreadOf(point.train)), points.map((point) => spreadOf(point.held))]
  const edge = (of: readonly Spread[], sign: 1 | -1) => of.map(({ mean, sd }) => (mean === null || sd === null ? null : mean + sign * sd))
  const band = (of: readonly Spread[], colour: string, name: string): Trace[] => [
    line(name, x, edge(of, 1), { colour: withAlpha(colour, 0.4), width: 1, legend: name !== '' }),
    line('', x, edge(of, -1), { colour: withAlpha(colour, 0.4), width: 1, legend: false }),
  ]
  const dots = (of: readonly Spread[], colour: string): Trace => ({ type: 'scatter', mode: 'markers', name: 'points', x, y: of.map(({ mean }) => mean), marker: { color: colour, size: 7 }, showlegend: false, hovertemplate: '%{y:.4~g}<extra></extra>' })
  const name = isRows ? `${counted} learnt from` : nameOf(input.label ?? over.name)
  const values = isRows ? undefined : input.x.map((value) => say(value))
  const first = x[0] as number
  const last = x.at(-1) as number
  const best = verdict.best ?? current
  const marked = isRows ? [] : [{ at: current, colour: palette.accent, text: 'This run' }]
  const room = isRows ? (last - first || 1) * 0.04 : 0.4
  const chosen = held[isRows ? points.length - 1 : current] ?? { mean: null, sd: null }
  return {
    title: isRows ? 'Learning curve' : `Validation curve over ${name}`,
    description: `${metric} over ${folds} folds of ${rows} ${counted}, with one standard deviation. ${isRows ? `With ${Math.round(last)} ${counted} held-out ${counted} score ${say(chosen.mean)}.` : `At ${say(input.x[current])}, as in this run, held-out ${counted} score ${say(chosen.mean)}; the best mean is at ${say(input.x[best])}, ${say(held[best]?.mean ?? null)}.`}${baseline === null ? '' : ` Guessing scores ${say(baseline)}, the dashed line.`}`,
    figure: {
      data: [
        ...(baseline === null ? [] : [reference(palette, 'Guessing', [first - room, last + room], [baseline, baseline])]),
        ...band(train, palette.muted, ''),
        line(learnt, x, train.map(({ mean }) => mean), { colour: palette.muted, dash: 'dash' }),
        ...band(held, palette.accent, ''),
        line(`Held-out ${counted}`, x, held.map(({ mean }) => mean), { colour: palette.accent, width: 2.5 }),
        dots(train, palette.muted),
        dots(held, palette.accent),
        ...marked.map(({ at, colour, text }): Trace => ({ type: 'scatter', mode: 'markers', name: text, x: [at], y: [held[at]?.mean ?? null], marker: { color: colour, size: 14 }, hovertemplate: '%{y:.4~g}<extra></extra>' })),
      ],
      layout: layout(palette, { x: { title: isRows ? learnt : name, range: [first - room, last + room], ...(values ? { names: values } : {}) }, y: { title: metric }, height: 320, legend: true }),
    },
    table: {
      columns: [isRows ? learnt : name, `${learnt}: mean`, 'sd', 'Held-out: mean', 'sd'],
      rows: points.map((point, i) => [isRows ? Math.round(point.rows) : (input.x[i] as number), train[i]?.mean ?? null, train[i]?.sd ?? null, held[i]?.mean ?? null, held[i]?.sd ?? null]),
    },
  }
}
