/** Whether probabilities mean what they say: predicted against observed shares, and how many rows say so. */
import type { Evaluation } from '../core/evaluate/evaluation.ts'
import { axis, capital, type Chart, type Counted, countedOf, curvesLeftOut, dashOf, layout, type LineTrace, nameOf, reference, say, type Trace } from './figure.ts'
import { type Palette, seriesColour, withAlpha } from './palette.ts'

export function calibration(evaluation: Evaluation & Counted, palette: Palette): Chart | undefined {
  const rows = countedOf(evaluation)
  const curves = evaluation.calibration
  if (!curves || curves.length === 0) return undefined
  const several = curves.length > 1
  const lines = curves.map(
    (curve, i): LineTrace => ({
      type: 'scatter',
      mode: 'lines+markers',
      name: nameOf(curve.name),
      x: curve.bins.map((bin) => bin.meanPredicted),
      y: curve.bins.map((bin) => bin.shareObserved),
      line: { color: seriesColour(palette, i), width: 2, dash: dashOf(i) },
      marker: { color: seriesColour(palette, i), size: 7 },
      cliponaxis: false,
      customdata: curve.bins.map((bin) => [bin.count]),
      hovertemplate: `said %{x:.1%}<br>happened %{y:.1%}<br>%{customdata[0]:,} ${rows}<extra></extra>`,
      showlegend: several,
    }),
  )
  // Rows by probability under the curve: a point that few rows stand for is no evidence.
  const counts = (curves[0] as (typeof curves)[number]).bins.map(
    (bin): Trace => ({
      type: 'bar',
      x: [(bin.low + bin.high) / 2],
      y: [bin.count],
      width: [(bin.high - bin.low) * 0.92],
      yaxis: 'y2',
      marker: { color: withAlpha(palette.data, 0.55) },
      hovertemplate: `%{y:,} ${rows}<extra></extra>`,
      showlegend: false,
    }),
  )
  const base = layout(palette, {
    x: { title: several ? 'Predicted probability of the class' : 'Predicted probability', range: [-0.01, 1.01], tickformat: '.1~f' },
    y: { title: 'Observed share', range: [-0.01, 1.01], tickformat: '.1~f' },
    height: several ? 360 : 400,
    legend: several,
  })
  const worst = curves.reduce((a, b) => (b.error > a.error ? b : a))
  return {
    title: 'Calibration',
    description: `Predicted probability against how often it came true, in ten bins, on ${evaluation.n} ${rows}. On the dashed diagonal probabilities can be taken at their word. ${several ? `Largest expected calibration error ${say(worst.error)}, of ${nameOf(worst.name)}.` : `Expected calibration error ${say(worst.error)}.`}${curvesLeftOut(curves.length, evaluation.classes)}`,
    figure: {
      data: [reference(palette, 'Perfect', [0, 1], [0, 1]), ...lines, ...(several ? [] : counts)],
      layout: several
        ? base
        : { ...base, yaxis: { ...base.yaxis, domain: [0.28, 1] }, yaxis2: { ...axis(palette, { title: capital(rows), grid: false }), domain: [0, 0.18], nticks: 3 }, xaxis: { ...base.xaxis, anchor: 'y2' } },
    },
    table: {
      columns: ['Class', 'From', 'To', capital(rows), 'Mean predicted', 'Share observed'],
      rows: curves.flatMap((curve) => curve.bins.map((bin) => [curve.name, bin.low, bin.high, bin.count, bin.meanPredicted, bin.shareObserved])),
    },
  }
}
