/** What rows are against what they are called. */
import type { Evaluation } from '../core/evaluate/evaluation.ts'
import { type Chart, type Counted, countedOf, layout, nameOf } from './figure.ts'
import { type Palette, withAlpha } from './palette.ts'

export type ConfusionMode = 'counts' | 'rows' | 'columns'

/** Shares of each actual class (rows), of each predicted class (columns), or counts; null where nothing is divided. */
export function confusionValues(counts: readonly (readonly number[])[], mode: ConfusionMode): (number | null)[][] {
  if (mode === 'counts') return counts.map((row) => [...row])
  const rowSums = counts.map((row) => row.reduce((sum, count) => sum + count, 0))
  const columnSums = counts.map((_, j) => counts.reduce((sum, row) => sum + (row[j] as number), 0))
  return counts.map((row, i) =>
    row.map((count, j) => {
      const whole = (mode === 'rows' ? rowSums[i] : columnSums[j]) as number
      return whole === 0 ? null : count / whole
    }),
  )
}

export function confusion(evaluation: Pick<Evaluation, 'confusion' | 'classes' | 'n'> & Counted, palette: Palette): Chart | undefined {
  const { confusion: counts, classes, n } = evaluation
  if (!counts || !classes) return undefined
  const shares = confusionValues(counts, 'rows')
  const right = counts.reduce((sum, row, i) => sum + (row[i] as number), 0)
  return {
    title: 'Confusion matrix',
    description: `Of ${n} ${countedOf(evaluation)} ${right} are called what they are. Lines are what they are, columns what they are called; colour is the share of the line.`,
    figure: {
      data: [
        {
          type: 'heatmap',
          z: shares.map((row) => row.map((share) => share ?? 0)),
          text: counts.map((row) => row.map(String)),
          texttemplate: '%{text}',
          textfont: { color: palette.ink, size: 12 },
          colorscale: [
            [0, withAlpha(palette.data, 0)],
            [1, withAlpha(palette.data, 0.6)],
          ],
          zmin: 0,
          zmax: 1,
          showscale: false,
          xgap: 2,
          ygap: 2,
          hovertemplate: `%{text} ${countedOf(evaluation)}, %{z:.1%} of the actual class<extra></extra>`,
        },
      ],
      layout: layout(palette, {
        x: { title: 'Predicted', names: classes, grid: false },
        y: { title: 'Actual', names: classes, grid: false, range: [classes.length - 0.5, -0.5] },
        height: Math.min(640, 120 + classes.length * 44),
      }),
    },
    table: {
      columns: ['Actual', ...classes.map((name) => `called ${nameOf(name)}`)],
      rows: counts.map((row, i) => [classes[i] as string, ...row]),
    },
  }
}
