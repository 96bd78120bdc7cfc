/** Runs against each other: how far apart each pair is, and their curves in one frame. */
import type { Comparison, Pair } from '../core/evaluate/compare.ts'
import type { CurvePoints, Evaluation } from '../core/evaluate/evaluation.ts'
import { type Chart, type Counted, countedOf, dashOf, forest, layout, line, nameOf, reference, say } from './figure.ts'
import { type Palette, seriesColour } from './palette.ts'

export const testWords = (counted: Counted): Readonly<Record<Comparison['test'], string>> => ({
  'corrected-resampled-t': 'Corrected resampled t-test over folds',
  'paired-bootstrap': `Paired bootstrap over ${countedOf(counted)}`,
  mcnemar: 'McNemar over labels',
})
/** Under this a difference is taken for more than chance. */
export const alpha = 0.05

export interface DifferencesInput extends Counted {
  readonly metric: string
  readonly test: Comparison['test']
  readonly names: readonly string[]
  readonly pairs: readonly Pair[]
}
/** A, B, C ...: names of two runs have no room beside an axis. */
export const letterOf = (i: number): string => String.fromCharCode(65 + (i % 26))
const testIn = (pair: Pair, test: Comparison['test']) => pair.tests.find((candidate) => candidate.test === test)

export function differences(input: DifferencesInput, palette: Palette): Chart | undefined {
  const { metric, test, names, pairs } = input
  const shown = pairs.flatMap((pair) => {
    const found = testIn(pair, test)
    const [a, b] = [names[pair.first] ?? '', names[pair.second] ?? '']
    return found ? [{ name: `${letterOf(pair.first)} − ${letterOf(pair.second)}`, whole: `${a} − ${b}`, ...found }] : []
  })
  if (shown.length === 0) return undefined
  const apart = shown.filter(({ corrected }) => corrected < alpha).length
  return {
    title: `Differences in ${metric}`,
    description: `${testWords(input)[test]}: each pair's difference with its 95% interval. ${apart} of ${shown.length} ${shown.length === 1 ? 'pair' : 'pairs'} can be told apart at 5% (Holm); those are drawn strongly. The dashed line is no difference. ${names.map((name, i) => `${letterOf(i)} is ${nameOf(name, 40)}`).join(', ')}.`,
    figure: forest(
      palette,
      shown.map(({ name, difference, low, high, corrected }) => ({ name, value: difference, low, high, colour: corrected < alpha ? palette.accent : palette.baseline })),
      { title: `${metric}, first minus second`, line: { at: 0, name: 'No difference' } },
    ),
    table: { columns: ['Pair', 'Difference', '95% from', '95% to', 'p', 'p among all pairs (Holm)', `Folds or ${countedOf(input)}`], rows: shown.map(({ whole, difference, low, high, p, corrected, n }) => [whole, difference, low, high, p, corrected, n]) },
  }
}

export interface OverlayInput extends Counted {
  readonly kind: 'roc' | 'precision-recall' | 'errors'
  readonly runs: readonly { readonly name: string; readonly evaluation: Pick<Evaluation, 'roc' | 'precisionRecall' | 'residuals' | 'n'> }[]
  /** Of several classes, whose curve; the first where absent. */
  readonly className?: string
}
const overlayWords = {
  roc: { title: 'ROC curves', x: 'False positive rate', y: 'True positive rate', say: 'False alarms against what is found, over all thresholds; further up and left is better.' },
  'precision-recall': { title: 'Precision and recall', x: 'Recall', y: 'Precision', say: 'How many of those called are right, against how many are found; further up and right is better.' },
  errors: { title: 'How many rows are within an error', x: 'Absolute error', y: 'Share of rows', say: 'The share of rows whose prediction is off by at most so much; further up and left is better.' },
} as const

/** Shares of rows within each absolute error, at most 200 points. */
function errorCurve({ residuals }: Pick<Evaluation, 'residuals'>): { readonly x: readonly number[]; readonly y: readonly number[] } | undefined {
  if (!residuals || residuals.actual.length === 0) return undefined
  const errors = Float64Array.from(residuals.actual, (value, i) => Math.abs(value - (residuals.predicted[i] as number))).sort()
  const n = errors.length
  const at = n <= 200 ? Array.from(errors, (_, i) => i) : Array.from({ length: 200 }, (_, i) => Math.round((i * (n - 1)) / 199))
  return { x: [0, ...at.map((i) => errors[i] as number)], y: [0, ...at.map((i) => (i + 1) / n)] }
}

export function overlay({ kind, runs, className, noun }: OverlayInput, palette: Palette): Chart | undefined {
  const of = (curves: readonly CurvePoints[] | undefined) => curves?.find(({ name }) => name === className) ?? curves?.[0]
  const curves = runs.flatMap(({ name, evaluation }, i) => {
    const curve = kind === 'errors' ? errorCurve(evaluation) : of(kind === 'roc' ? evaluation.roc : evaluation.precisionRecall)
    return curve ? [{ name, i, x: curve.x, y: curve.y }] : []
  })
  if (curves.length === 0) return undefined
  const words = overlayWords[kind]
  const unit = [-0.01, 1.01] as const
  const few = (length: number): number[] => (length <= 100 ? Array.from({ length }, (_, i) => i) : Array.from({ length: 100 }, (_, i) => Math.round((i * (length - 1)) / 99)))
  return {
    title: className === undefined ? words.title : `${words.title} of ${nameOf(className)}`,
    description: `${words.say} ${curves.length} runs on ${runs[0]?.evaluation.n ?? 0} validation ${countedOf({ noun })}.`,
    figure: {
      data: [
        ...(kind === 'roc' ? [reference(palette, 'Chance', [0, 1], [0, 1])] : []),
        ...curves.map(({ name, i, x, y }) => line(name, x, y, { colour: seriesColour(palette, i), dash: dashOf(i), shape: kind === 'precision-recall' ? 'vh' : 'linear', hovertemplate: '%{x:.4~g}<br>%{y:.1%}<extra></extra>' })),
      ],
      layout: layout(palette, { x: { title: words.x, ...(kind === 'errors' ? {} : { range: unit }) }, y: { title: words.y, range: unit }, height: 340, legend: true }),
    },
    table: { columns: ['Run', words.x, words.y], rows: curves.flatMap(({ name, x, y }) => few(x.length).map((k) => [name, x[k] as number, y[k] as number])) },
  }
}

/** A pair in a sentence. @param better whether a greater difference is a better first run */
export function pairWords(pair: Pair, names: readonly string[], metric: string, greaterIsBetter: boolean, test: Comparison['test']): string {
  const found = testIn(pair, test)
  if (!found) return 'Not tested.'
  const [first, second] = [nameOf(names[pair.first] ?? '', 60), nameOf(names[pair.second] ?? '', 60)]
  if (found.corrected >= alpha) return `${first} and ${second} cannot be told apart.`
  const firstWins = test === 'mcnemar' || greaterIsBetter ? found.difference > 0 : found.difference < 0
  const [winner, loser] = firstWins ? [first, second] : [second, first]
  return test === 'mcnemar' ? `${winner} is right more often than ${loser}.` : `${winner} is better than ${loser} by ${say(Math.abs(found.difference))} ${metric}.`
}
