/**
 * The graphics of a model card, from what the stored evaluation holds: nothing is predicted or judged anew for them.
 * Single rows stay at home, as in run.json: regression is told by tenths of the predictions and by quantiles.
 */
import { quantile } from '../evaluate/bootstrap.ts'
import type { Calibration, CurvePoints, Evaluation, Residuals } from '../evaluate/evaluation.ts'
import { minimumGroup } from '../evaluate/groups.ts'
import { evenly } from '../evaluate/threshold.ts'
import { type Plot, shortNumber } from './card-plot.ts'

export interface CardFigure {
  readonly kind: 'figure'
  readonly title: string
  readonly text: string
  /** Absent where the table is the figure. */
  readonly plot?: Plot
  readonly table: { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] }
}
export interface CardGap {
  readonly kind: 'gap'
  readonly text: string
}

const mostClasses = 12
const mostConfusions = 20
/** Points of a curve as it is drawn, and as its table has it. */
const [drawnPoints, toldPoints] = [200, 21]
const quantiles = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]

const name = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text)
const gap = (text: string): CardGap => ({ kind: 'gap', text: `Gap: ${text}` })
const share = (title: string): Plot['x'] => ({ title, low: 0, high: 1 })

/** @param part in words: validation, test; @param one what the model is asked about */
export function figuresOf(evaluation: Evaluation, part: string, one: 'picture' | 'row'): (CardFigure | CardGap)[] {
  const on = `on ${evaluation.n} ${part} ${one}${evaluation.n === 1 ? '' : 's'}`
  if (evaluation.task === 'regression') return evaluation.residuals ? regression(evaluation.residuals, on, one) : [gap('the evaluation holds no residuals, so there is no graphic of them.')]
  const figures: (CardFigure | CardGap)[] = [confusion(evaluation, on, one) ?? gap('the evaluation holds no confusion matrix.')]
  const worst = (evaluation.calibration ?? []).reduce<Calibration | undefined>((a, b) => (a && a.error >= b.error ? a : b), undefined)
  if (evaluation.task === 'binary') figures.push(roc(evaluation, on), precisionRecall(evaluation, on))
  figures.push(worst && worst.bins.length > 0 ? calibration(worst, on, one, evaluation.task === 'multiclass') : gap('the evaluation holds no calibration.'))
  return figures
}

/** The numbers behind the graphics, as stored; single rows, and what is long and in run.json, left out. */
export function figureNumbers(evaluation: Evaluation): unknown {
  const { part, n, task, classes = [], threshold, confusion: counts, calibration: bins, residuals } = evaluation
  const curves = task === 'binary' ? { roc: evaluation.roc?.map((curve) => thinned(curve)), precisionRecall: evaluation.precisionRecall?.map((curve) => thinned(curve)) } : {}
  const confused = classes.length > mostClasses ? { confusions: confusions(evaluation).slice(0, mostConfusions) } : { confusion: counts }
  if (residuals) return { part, n, residuals: { histogram: residuals.histogram, ...residualNumbers(residuals) } }
  return { part, n, classes, threshold, ...confused, ...curves, calibration: bins }
}

const at = (values: readonly number[], kept: Int32Array): number[] => Array.from(kept, (i) => values[i] as number)
function thinned({ name: className, x, y }: CurvePoints, most = drawnPoints): CurvePoints {
  const kept = evenly(x.length, most)
  return { name: className, x: at(x, kept), y: at(y, kept) }
}

/** Most frequent first; of equal ones in the order of the classes. */
function confusions({ confusion: counts = [], classes = [] }: Pick<Evaluation, 'confusion' | 'classes'>): { actual: string; called: string; count: number }[] {
  return counts.flatMap((row, a) => row.flatMap((count, p) => (a !== p && count > 0 ? [{ actual: classes[a] as string, called: classes[p] as string, count }] : []))).sort((a, b) => b.count - a.count)
}

function confusion({ confusion: counts, classes, threshold, n }: Evaluation, on: string, one: string): CardFigure | undefined {
  if (!counts || !classes) return undefined
  const right = counts.reduce((sum, row, i) => sum + (row[i] as number), 0)
  const text = `${on}${threshold === undefined ? '' : ` at threshold ${shortNumber(threshold)}`}: ${right} of ${n} ${one}s are called what they are.`
  if (classes.length <= mostClasses) {
    return {
      kind: 'figure',
      title: 'Confusion matrix',
      text: `Confusion matrix ${text} Lines are what they are, columns what they are called.`,
      table: { header: ['Actual', ...classes.map((label) => `called ${name(label)}`), 'all'], rows: counts.map((row, i) => [name(classes[i] as string), ...row.map(String), String(row.reduce((sum, count) => sum + count, 0))]) },
    }
  }
  const confused = confusions({ confusion: counts, classes })
  const listed = confused.slice(0, mostConfusions)
  return {
    kind: 'figure',
    title: 'Largest confusions',
    text: `Largest confusions ${text} The ${classes.length} classes are too many for a matrix here; the ${listed.length} most frequent of ${confused.length} kinds of confusion are listed, and run.json has all counts.`,
    table: { header: ['Actual', 'Called', 'n'], rows: listed.map(({ actual, called, count }) => [name(actual), name(called), String(count)]) },
  }
}

const scoreOf = ({ scores }: Evaluation, metric: string, words: string): string => {
  const value = scores.find((row) => row.metric === metric)?.value
  return value === null || value === undefined ? '' : ` ${words} ${shortNumber(value)}.`
}
function curveTable({ x, y }: CurvePoints, header: readonly string[]): CardFigure['table'] {
  return { header, rows: Array.from(evenly(x.length, toldPoints), (i) => [shortNumber(x[i] as number), shortNumber(y[i] as number)]) }
}

function roc(evaluation: Evaluation, on: string): CardFigure | CardGap {
  const [curve] = evaluation.roc ?? []
  if (!curve) return gap('there is no ROC curve: it needs both classes among those judged.')
  const { x, y } = thinned(curve)
  return {
    kind: 'figure',
    title: 'ROC curve',
    text: `ROC curve of ${name(curve.name)} ${on}: the share of it that is found against the share of the others called so too, over all thresholds; the dashed diagonal is chance.${scoreOf(evaluation, 'roc-auc', 'Area')}`,
    plot: { x: share('False positive rate'), y: share('True positive rate'), marks: [{ kind: 'dashed', x: [0, 1], y: [0, 1] }, { kind: 'line', x, y }] },
    table: curveTable(curve, ['False positive rate', 'True positive rate']),
  }
}

function precisionRecall(evaluation: Evaluation, on: string): CardFigure | CardGap {
  const [curve] = evaluation.precisionRecall ?? []
  if (!curve) return gap('there is no precision-recall curve: it needs the second class among those judged.')
  const { x, y } = thinned(curve)
  const { positives = 0, negatives = 0 } = evaluation.thresholds ?? {}
  const chance = positives / Math.max(1, positives + negatives)
  return {
    kind: 'figure',
    title: 'Precision and recall',
    text: `Precision and recall of ${name(curve.name)} ${on}, over all thresholds; the dashed line is its share, ${shortNumber(chance)}: calling at random.${scoreOf(evaluation, 'average-precision', 'Average precision')}`,
    plot: { x: share('Recall'), y: share('Precision'), marks: [{ kind: 'dashed', x: [0, 1], y: [chance, chance] }, { kind: 'step', x, y }] },
    table: curveTable(curve, ['Recall', 'Precision']),
  }
}

function calibration({ name: className, bins, error }: Calibration, on: string, one: string, several: boolean): CardFigure {
  const most = bins.reduce((max, { count }) => Math.max(max, count), 1)
  const x = bins.map(({ meanPredicted }) => meanPredicted)
  const y = bins.map(({ shareObserved }) => shareObserved)
  return {
    kind: 'figure',
    title: 'Calibration',
    text: `Calibration of ${name(className)} ${on}: predicted probability against how often it came true, in ten bins; larger dots stand for more ${one}s, and on the dashed diagonal probabilities can be taken at their word. Expected calibration error ${shortNumber(error)}${several ? ', the largest of the classes that were looked at' : ''}.`,
    plot: { x: share('Predicted probability'), y: share('Observed share'), marks: [{ kind: 'dashed', x: [0, 1], y: [0, 1] }, { kind: 'line', x, y }, { kind: 'dots', x, y, weight: bins.map(({ count }) => count / most) }] },
    table: { header: ['From', 'To', 'n', 'Mean predicted', 'Share observed'], rows: bins.map((bin) => [shortNumber(bin.low), shortNumber(bin.high), String(bin.count), shortNumber(bin.meanPredicted), shortNumber(bin.shareObserved)]) },
  }
}

const sorted = (values: readonly number[]): Float64Array => Float64Array.from(values).sort()
interface Tenth {
  readonly n: number
  readonly meanPredicted: number
  readonly low: number
  readonly median: number
  readonly high: number
}
/** Of the evaluation's sample of rows; groups of equal size by prediction, at most ten, none too small to judge. */
function residualNumbers({ actual, predicted }: Residuals): { sampled: number; quantiles: { share: number; value: number }[]; tenths: Tenth[] } {
  const n = actual.length
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => (predicted[a] as number) - (predicted[b] as number))
  const groups = Math.min(10, Math.floor(n / minimumGroup))
  const tenths = Array.from({ length: groups }, (_, g): Tenth => {
    const rows = order.slice(Math.round((g * n) / groups), Math.round(((g + 1) * n) / groups))
    const values = sorted(rows.map((i) => actual[i] as number))
    return { n: rows.length, meanPredicted: rows.reduce((sum, i) => sum + (predicted[i] as number) / rows.length, 0), low: quantile(values, 0.1), median: quantile(values, 0.5), high: quantile(values, 0.9) }
  })
  const left = sorted(actual.map((value, i) => value - (predicted[i] as number)))
  return { sampled: n, quantiles: groups === 0 ? [] : quantiles.map((at) => ({ share: at, value: quantile(left, at) })), tenths }
}

function regression(residuals: Residuals, on: string, one: string): (CardFigure | CardGap)[] {
  const { tenths, quantiles: spread, sampled } = residualNumbers(residuals)
  if (tenths.length === 0) return [gap(`fewer than ${minimumGroup} ${one}s were judged: too few for graphics that name none of them.`)]
  const from = sampled < residuals.sampledFrom ? `, of which ${sampled} drawn by chance are counted` : ''
  const all = tenths.flatMap(({ meanPredicted, low, high }) => [meanPredicted, low, high])
  const ends = { low: Math.min(...all), high: Math.max(...all) }
  const { edges, counts } = residuals.histogram
  const x = tenths.map(({ meanPredicted }) => meanPredicted)
  return [
    {
      kind: 'figure',
      title: 'Predicted and actual',
      text: `Predicted and actual ${on}${from}, in ${tenths.length} group${tenths.length === 1 ? '' : 's'} of equal size by the prediction: a dot is the median of what they are, its stroke goes from their 10% to their 90% quantile, and on the dashed diagonal the model is right.`,
      plot: { x: { title: 'Mean predicted', ...ends }, y: { title: 'Actual', ...ends }, marks: [{ kind: 'dashed', x: [ends.low, ends.high], y: [ends.low, ends.high] }, { kind: 'spans', x, low: tenths.map(({ low }) => low), high: tenths.map(({ high }) => high) }, { kind: 'dots', x, y: tenths.map(({ median }) => median) }] },
      table: { header: ['n', 'Mean predicted', 'Actual, 10%', 'Actual, median', 'Actual, 90%'], rows: tenths.map(({ n, meanPredicted, low, median, high }) => [String(n), ...[meanPredicted, low, median, high].map(shortNumber)]) },
    },
    {
      kind: 'figure',
      title: 'Residuals',
      text: `Residuals, actual minus predicted, ${on}: how many lie where${from === '' ? '' : ` (the quantiles are of ${sampled} drawn by chance)`}.`,
      ...(edges.length > 1 && { plot: { x: { title: 'Actual minus predicted', low: edges[0] as number, high: edges.at(-1) as number }, y: { title: `${one === 'picture' ? 'Pictures' : 'Rows'}`, low: 0, high: Math.max(...counts) }, marks: [{ kind: 'bars', edges, heights: counts }] } }),
      table: { header: ['Quantile of residuals', 'Value'], rows: spread.map((row) => [`${row.share * 100}%`, shortNumber(row.value)]) },
    },
  ]
}
