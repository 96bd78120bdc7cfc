/** ROC and precision-recall: one curve for a binary task, one a class otherwise. */
import type { CurvePoints, Evaluation } from '../core/evaluate/evaluation.ts'
import { type Chart, type Counted, countedOf, curvesLeftOut, dashOf, layout, line, reference, say } from './figure.ts'
import { type Palette, seriesColour } from './palette.ts'

/** Rows of the table twin: at most this many points a curve, ends included. */
const most = 200
const thin = (length: number): number[] => (length <= most ? Array.from({ length }, (_, i) => i) : Array.from({ length: most }, (_, i) => Math.round((i * (length - 1)) / (most - 1))))

function twin(curves: readonly CurvePoints[], x: string, y: string): Chart['table'] {
  return {
    columns: ['Class', x, y],
    rows: curves.flatMap((curve) => thin(curve.x.length).map((i) => [curve.name, curve.x[i] as number, curve.y[i] as number])),
  }
}
const unit = [-0.01, 1.01] as const

export function roc(evaluation: Evaluation & Counted, palette: Palette): Chart | undefined {
  const curves = evaluation.roc
  if (!curves || curves.length === 0) return undefined
  const area = evaluation.scores.find((score) => score.metric === 'roc-auc')?.value
  return {
    title: 'ROC curve',
    description: `Share of real positives found against share of negatives raised as false alarms, over all thresholds, on ${evaluation.n} ${countedOf(evaluation)}. The dashed diagonal is chance.${curvesLeftOut(curves.length, evaluation.classes)}${area === null || area === undefined ? '' : ` Area ${say(area)}.`}`,
    figure: {
      data: [
        reference(palette, 'Chance', [0, 1], [0, 1]),
        ...curves.map((curve, i) =>
          line(curve.name, curve.x, curve.y, { colour: seriesColour(palette, i), dash: dashOf(i), legend: curves.length > 1, hovertemplate: 'false alarms %{x:.1%}<br>found %{y:.1%}<extra></extra>' }),
        ),
      ],
      layout: layout(palette, {
        x: { title: 'False positive rate', range: unit, tickformat: '.1~f' },
        y: { title: 'True positive rate', range: unit, tickformat: '.1~f' },
        height: 300,
        legend: curves.length > 1,
      }),
    },
    table: twin(curves, 'False positive rate', 'True positive rate'),
  }
}

export function precisionRecall(evaluation: Evaluation & Counted, palette: Palette): Chart | undefined {
  const curves = evaluation.precisionRecall
  if (!curves || curves.length === 0) return undefined
  const area = evaluation.scores.find((score) => score.metric === 'average-precision')?.value
  const share = evaluation.thresholds ? evaluation.thresholds.positives / Math.max(1, evaluation.thresholds.positives + evaluation.thresholds.negatives) : undefined
  return {
    title: 'Precision and recall',
    description: `How many of those called positive are, against how many of the positives are found, over all thresholds, on ${evaluation.n} ${countedOf(evaluation)}.${share === undefined ? '' : ` The dashed line is the share of positives, ${say(share)}: calling at random.`}${curvesLeftOut(curves.length, evaluation.classes)}${area === null || area === undefined ? '' : ` Average precision ${say(area)}.`}`,
    figure: {
      data: [
        ...(share === undefined ? [] : [reference(palette, 'Chance', [0, 1], [share, share])]),
        ...curves.map((curve, i) =>
          line(curve.name, curve.x, curve.y, { colour: seriesColour(palette, i), dash: dashOf(i), shape: 'vh', legend: curves.length > 1, hovertemplate: 'recall %{x:.1%}<br>precision %{y:.1%}<extra></extra>' }),
        ),
      ],
      layout: layout(palette, {
        x: { title: 'Recall', range: unit, tickformat: '.1~f' },
        y: { title: 'Precision', range: unit, tickformat: '.1~f' },
        height: 300,
        legend: curves.length > 1,
      }),
    },
    table: twin(curves, 'Recall', 'Precision'),
  }
}
