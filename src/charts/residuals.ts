/** Regression: predicted against actual, what is left over against the prediction, and how it spreads. */
import type { Evaluation } from '../core/evaluate/evaluation.ts'
import { bars, type Chart, layout, type LineTrace, reference, say } from './figure.ts'
import { type Palette, withAlpha } from './palette.ts'

const ends = (values: readonly number[]): [number, number] => {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low > high) return [0, 1]
  const room = (high - low) * 0.03 || Math.abs(low) * 0.03 || 1
  return [low - room, high + room]
}

function cloud(palette: Palette, name: string, x: readonly number[], y: readonly number[], rows: readonly number[], template: string): LineTrace {
  const alpha = rows.length > 1000 ? 0.35 : rows.length > 200 ? 0.5 : 0.7
  return {
    type: 'scatter',
    mode: 'markers',
    name,
    x,
    y,
    // The row's number as a person counts, from 1; `row` is what a click hands on.
    customdata: rows.map((row) => [row + 1]),
    marker: { color: withAlpha(palette.data, alpha), size: rows.length > 1000 ? 5 : 7, line: { width: 0 } },
    hovertemplate: template,
    showlegend: false,
  }
}
const sampled = (evaluation: Evaluation): string => {
  const { sampledFrom, row } = evaluation.residuals as NonNullable<Evaluation['residuals']>
  return sampledFrom > row.length ? `${row.length} of ${sampledFrom} rows, sampled` : `${sampledFrom} rows`
}

export function predictedActual(evaluation: Evaluation, palette: Palette): Chart | undefined {
  const data = evaluation.residuals
  if (!data) return undefined
  const [low, high] = ends([...data.actual, ...data.predicted])
  return {
    title: 'Predicted and actual',
    description: `Each point is a row: what it is against what the model says; ${sampled(evaluation)}. On the dashed diagonal the model is right.`,
    figure: {
      data: [
        reference(palette, 'Right', [low, high], [low, high]),
        cloud(palette, 'Rows', data.actual, data.predicted, data.row, 'row %{customdata[0]:,}<br>actual %{x:.5~g}<br>predicted %{y:.5~g}<extra></extra>'),
      ],
      layout: layout(palette, { x: { title: 'Actual', range: [low, high] }, y: { title: 'Predicted', range: [low, high] }, height: 380 }),
    },
    table: { columns: ['Row', 'Actual', 'Predicted'], rows: data.row.map((row, i) => [row + 1, data.actual[i] as number, data.predicted[i] as number]) },
  }
}

export function residuals(evaluation: Evaluation, palette: Palette): Chart | undefined {
  const data = evaluation.residuals
  if (!data) return undefined
  const left = data.actual.map((actual, i) => actual - (data.predicted[i] as number))
  const [low, high] = ends(data.predicted)
  return {
    title: 'Residuals',
    description: `What is left over (actual minus predicted) against the prediction; ${sampled(evaluation)}. A pattern here is something the model has not learnt.`,
    figure: {
      data: [
        reference(palette, 'Right', [low, high], [0, 0]),
        cloud(palette, 'Rows', data.predicted, left, data.row, 'row %{customdata[0]:,}<br>predicted %{x:.5~g}<br>residual %{y:.4~g}<extra></extra>'),
      ],
      layout: layout(palette, { x: { title: 'Predicted', range: [low, high] }, y: { title: 'Actual − predicted' }, height: 380 }),
    },
    table: { columns: ['Row', 'Predicted', 'Residual'], rows: data.row.map((row, i) => [row + 1, data.predicted[i] as number, left[i] as number]) },
  }
}

export function residualHistogram(evaluation: Evaluation, palette: Palette): Chart | undefined {
  const data = evaluation.residuals
  if (!data || data.histogram.counts.length === 0) return undefined
  const { edges, counts } = data.histogram
  return {
    title: 'How residuals spread',
    description: `Number of rows by actual minus predicted, over all ${evaluation.n} rows, from ${say(edges[0])} to ${say(edges.at(-1))}. Centred on zero means neither too high nor too low on the whole.`,
    figure: {
      data: [bars(palette, edges, counts)],
      layout: layout(palette, { x: { title: 'Actual − predicted', zero: true }, y: { title: 'Rows' }, height: 280, more: { bargap: 0 } }),
    },
    table: { columns: ['From', 'To', 'Rows'], rows: counts.map((count, i) => [edges[i] as number, edges[i + 1] as number, count]) },
  }
}
