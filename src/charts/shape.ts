/** One term of an additive model: a curve over a number, points over names, or a grid over two columns. */
import type { ShapeAxis, ShapeFunctions } from '../core/explain/explainer.ts'
import { type Axis, type Chart, layout, line, nameOf, say, type Trace } from './figure.ts'
import { type Palette, withAlpha } from './palette.ts'

type Term = ShapeFunctions['terms'][number]
export interface ShapeInput extends Pick<ShapeFunctions, 'output' | 'n'> {
  readonly term: Term
}

const cellsIn = ({ edges, names }: ShapeAxis): number => names?.length ?? (edges?.length ?? 1) - 1
export const termName = ({ axes }: Pick<Term, 'axes'>): string => axes.map(({ feature }) => feature).join(' × ')
const cellName = (axis: ShapeAxis, cell: number): string => (cell >= cellsIn(axis) ? 'missing' : (axis.names?.[cell] ?? `${say(axis.edges?.[cell])} to ${say(axis.edges?.[cell + 1])}`))

export function shape(input: ShapeInput, palette: Palette): Chart | undefined {
  const { term } = input
  const [first, second] = term.axes
  if (!first) return undefined
  return second ? grid(input, first, second, palette) : curve(input, first, palette)
}

function words({ term, output, n }: ShapeInput): string {
  const seen = term.values.filter((_, i) => (term.rows[i] as number) > 0)
  const [low, high] = [seen.reduce((a, b) => Math.min(a, b), 0), seen.reduce((a, b) => Math.max(a, b), 0)]
  const row = term.chosen ? ` The chosen row gets ${say(term.chosen.value)} here.` : ''
  return `What ${nameOf(termName(term), 60)} adds to the ${nameOf(output, 60)}: from ${say(low)} to ${say(high)}, ${say(term.weight)} on average over ${n} held-out rows.${row}`
}

function curve(input: ShapeInput, axis: ShapeAxis, palette: Palette): Chart {
  const { term } = input
  const { values, spread, rows, chosen } = term
  const cells = cellsIn(axis)
  const inside = Array.from({ length: cells }, (_, i) => i)
  const at = chosen?.at[0]
  const mark: Trace[] = chosen && at !== null && at !== undefined ? [{ type: 'scatter', mode: 'markers', name: 'Chosen row', x: [at], y: [chosen.value], marker: { color: palette.accent, size: 12 }, hovertemplate: '%{y:.4~g}<extra></extra>' }] : []
  const missing = (rows[cells] ?? 0) > 0 ? ` Missing or unknown values add ${say(values[cells])} (${rows[cells]} rows).` : ''
  let data: Trace[]
  if (axis.names) {
    data = [
      line('Spread between bags', inside.flatMap((i) => [i, i, null]), inside.flatMap((i) => [(values[i] as number) - (spread[i] as number), (values[i] as number) + (spread[i] as number), null]), { colour: withAlpha(palette.baseline, 0.6), width: 5 }),
      { type: 'scatter', mode: 'markers', name: 'Adds', x: inside, y: inside.map((i) => values[i] as number), marker: { color: palette.ink, size: 9 }, hovertemplate: '%{y:.4~g}<extra></extra>' },
      ...mark,
    ]
  } else {
    const edges = axis.edges as readonly number[]
    const x = inside.flatMap((i) => [edges[i] as number, edges[i + 1] as number])
    const y = (of: (i: number) => number) => inside.flatMap((i) => [of(i), of(i)])
    const quiet = { colour: withAlpha(palette.baseline, 0.7), width: 1 }
    data = [
      line('Spread between bags', x, y((i) => (values[i] as number) - (spread[i] as number)), quiet),
      line('', x, y((i) => (values[i] as number) + (spread[i] as number)), { ...quiet, legend: false }),
      line('Adds', x, y((i) => values[i] as number), { colour: palette.ink, width: 2.5, hovertemplate: '%{x:.5~g}<br>%{y:.4~g}<extra></extra>' }),
      ...mark,
    ]
  }
  return {
    title: nameOf(termName(term), 60),
    description: `${words(input)}${missing}`,
    figure: {
      data,
      layout: layout(palette, { x: { title: nameOf(axis.feature), ...(axis.names ? { names: axis.names, range: [-0.5, cells - 0.5] as const } : {}) }, y: { title: 'Adds', zero: true }, height: 250, legend: true }),
    },
    table: { columns: [axis.feature, 'Adds', 'Spread', 'Rows'], rows: values.map((value, i) => [cellName(axis, i), value, spread[i] as number, rows[i] as number]) },
  }
}

function grid(input: ShapeInput, first: ShapeAxis, second: ShapeAxis, palette: Palette): Chart {
  const { term } = input
  const [height, width] = [cellsIn(first), cellsIn(second)]
  const z = Array.from({ length: height }, (_, i) => Array.from({ length: width }, (_cell, j) => term.values[i * (width + 1) + j] as number))
  const bound = z.flat().reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1
  // Edges of the cells; names stand at 0, 1, 2 ...
  const edgesOf = (axis: ShapeAxis): readonly number[] => (axis.names ? Array.from({ length: axis.names.length + 1 }, (_, i) => i - 0.5) : (axis.edges as readonly number[]))
  const axisOf = (axis: ShapeAxis) => ({ title: nameOf(axis.feature), grid: false, ...(axis.names ? { names: axis.names } : {}) })
  const at = term.chosen?.at
  const base = layout(palette, { x: axisOf(second), y: axisOf(first), height: 320 })
  const bar: Axis[string] = { title: { text: 'Adds', side: 'right' }, thickness: 10, outlinewidth: 0, tickfont: { color: palette.muted, size: 11 } }
  return {
    title: nameOf(termName(term), 60),
    description: words(input),
    figure: {
      data: [
        {
          type: 'heatmap',
          x: edgesOf(second),
          y: edgesOf(first),
          z,
          zmin: -bound,
          zmax: bound,
          colorscale: [[0, palette.less], [0.5, palette.ground], [1, palette.more]],
          colorbar: bar,
          hovertemplate: '%{z:.4~g}<extra></extra>',
        },
        ...(at && at[0] !== null && at[1] !== null ? [{ type: 'scatter', mode: 'markers', name: 'Chosen row', x: [at[1] as number], y: [at[0] as number], marker: { color: palette.accent, size: 12, line: { color: palette.ground, width: 2 } }, hovertemplate: '%{x:.4~g}, %{y:.4~g}<extra></extra>' } satisfies Trace] : []),
      ],
      layout: base,
    },
    table: {
      columns: [first.feature, second.feature, 'Adds', 'Spread', 'Rows'],
      rows: term.values.map((value, i) => [cellName(first, Math.floor(i / (width + 1))), cellName(second, i % (width + 1)), value, term.spread[i] as number, term.rows[i] as number]),
    },
  }
}

/** How much each term weighs. */
export function shapeWeights(input: ShapeFunctions, palette: Palette): Chart | undefined {
  const shown = input.terms.slice(0, 16)
  const top = shown[0]
  if (!top) return undefined
  return {
    title: 'What each term weighs',
    description: `Mean size of what each curve or pair adds to the ${nameOf(input.output, 60)}, over ${input.n} held-out rows. ${nameOf(termName(top), 60)} weighs most, ${say(top.weight)}.`,
    figure: {
      data: [{ type: 'bar', orientation: 'h', x: shown.map(({ weight }) => weight), y: shown.map((_, i) => i), width: shown.map(() => 0.62), marker: { color: withAlpha(palette.data, 0.9) }, customdata: shown.map((term) => [nameOf(termName(term), 60)]), hovertemplate: '%{customdata[0]}<br>%{x:.4~g}<extra></extra>', showlegend: false }],
      layout: layout(palette, { x: { title: `Mean size, in ${nameOf(input.output, 60)}` }, y: { title: '', names: shown.map((term) => termName(term)), range: [shown.length - 0.4, -0.6], grid: false }, height: Math.max(160, 76 + shown.length * 26) }),
    },
    table: { columns: ['Term', 'Mean size'], rows: input.terms.map((term) => [termName(term), term.weight]) },
  }
}
