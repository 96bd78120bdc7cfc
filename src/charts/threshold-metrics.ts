/** How precision, recall and F1 of the positive class move with the threshold. */
import type { Evaluation } from '../core/evaluate/evaluation.ts'
import { type Chart, type Counted, countedOf, layout, line, say } from './figure.ts'
import { type Palette, seriesColour } from './palette.ts'

export function thresholdMetrics(evaluation: Evaluation & Counted, palette: Palette): Chart | undefined {
  const table = evaluation.thresholds
  if (!table) return undefined
  const length = table.thresholds.length
  const keep = length <= 400 ? table.thresholds.map((_, i) => i) : Array.from({ length: 400 }, (_, i) => Math.round((i * (length - 1)) / 399))
  const at = keep.map((i) => {
    const hits = table.truePositives[i] as number
    const called = hits + (table.falsePositives[i] as number)
    const precision = called === 0 ? null : hits / called
    const recall = table.positives === 0 ? null : hits / table.positives
    const f1 = called + table.positives === 0 ? null : (2 * hits) / (called + table.positives)
    return { threshold: table.thresholds[i] as number, precision, recall, f1 }
  })
  const x = at.map((point) => point.threshold)
  const curve = (name: string, y: readonly (number | null)[], i: number) =>
    line(name, x, y, { colour: seriesColour(palette, i), hovertemplate: 'threshold %{x:.3~f}<br>%{y:.1%}' })
  const threshold = evaluation.threshold ?? 0.5
  const best = at.reduce((a, b) => ((b.f1 ?? -1) > (a.f1 ?? -1) ? b : a), at[0] ?? { threshold, f1: null })
  return {
    title: 'Scores by threshold',
    description: `Precision, recall and F1 of the positive class at every threshold, on ${evaluation.n} ${countedOf(evaluation)}. F1 is highest near ${say(best.threshold)}; the dashed line is the threshold in use, ${say(threshold)}.`,
    figure: {
      data: [
        line('In use', [threshold, threshold], [0, 1], { colour: palette.baseline, width: 1.5, dash: 'dash', legend: false }),
        curve('Precision', at.map((point) => point.precision), 0),
        curve('Recall', at.map((point) => point.recall), 1),
        curve('F1', at.map((point) => point.f1), 2),
      ],
      layout: layout(palette, {
        x: { title: 'Threshold', range: [-0.01, 1.01], tickformat: '.1~f' },
        y: { title: 'Score', range: [-0.01, 1.01], tickformat: '.1~f' },
        height: 320,
        legend: true,
      }),
    },
    table: { columns: ['Threshold', 'Precision', 'Recall', 'F1'], rows: at.map((point) => [point.threshold, point.precision, point.recall, point.f1]) },
  }
}
