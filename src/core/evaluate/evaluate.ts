/** Judges predictions against truth: scores with intervals, curves and tables, reduced for drawing. */
import type { Context } from '../context.ts'
import type { JudgedPart } from '../data/split.ts'
import type { Prediction, Target } from '../data/target.ts'
import { metrics } from '../metrics/registry.ts'
import { Sample, wholeDraw } from '../metrics/sample.ts'
import { scoreRows } from './bootstrap.ts'
import { calibration, precisionRecallCurve, rocCurve } from './curves.ts'
import type { Evaluation } from './evaluation.ts'
import { residualsOf } from './residuals.ts'
import { perClassScores, thresholdTable } from './threshold.ts'

export interface EvaluateInput {
  readonly part: JudgedPart
  /** Dataset row numbers of the judged rows, so that a residual can be found again. */
  readonly rows: Uint32Array
  /** Truth at `rows`. */
  readonly target: Target
  /** Prediction for `rows`. */
  readonly prediction: Prediction
  /** Decision threshold of the positive class; used by binary tasks only. */
  readonly threshold: number
  readonly seed: number
}

/** Below this many rows (or rows of a class) an estimate is shown with a warning. */
const few = 30

export async function evaluate(input: EvaluateInput, context: Context): Promise<Evaluation> {
  const { part, rows, target, prediction, threshold, seed } = input
  const sample = new Sample({ target, prediction, threshold })
  await context.checkpoint()
  const scores = await scoreRows(sample, metrics.all.filter((metric) => metric.tasks.includes(target.task)), seed, context)
  const shared = { version: 1 as const, part, n: sample.rows, task: target.task, scores }
  if (target.task === 'regression') {
    return { ...shared, residuals: residualsOf(sample, rows, seed), warnings: rowWarnings(sample.rows, part) }
  }
  const { classes } = target
  const k = classes.length
  const flat = wholeDraw(sample).confusion()
  const confusion = classes.map((_, actual) => Array.from(flat.subarray(actual * k, (actual + 1) * k)))
  const perClass = perClassScores(confusion, classes)
  const drawn = target.task === 'binary' ? [1] : commonClasses(perClass)
  return {
    ...shared,
    classes,
    ...(target.task === 'binary' ? { threshold, thresholds: thresholdTable(sample, threshold) } : {}),
    perClass,
    confusion,
    roc: drawn.flatMap((c) => rocCurve(sample, c) ?? []),
    precisionRecall: drawn.flatMap((c) => precisionRecallCurve(sample, c) ?? []),
    calibration: drawn.map((c) => calibration(sample, c)),
    warnings: [...rowWarnings(sample.rows, part), ...classWarnings(perClass, part)],
  }
}

/** Curves of more classes than this are a tangle that nobody reads and every store pays for. */
const mostCurves = 20

/** The classes with the most rows, in class order. */
function commonClasses(perClass: Evaluation['perClass'] & object): number[] {
  return perClass
    .map(({ support }, c) => ({ support, c }))
    .sort((a, b) => b.support - a.support || a.c - b.c)
    .slice(0, mostCurves)
    .map(({ c }) => c)
    .sort((a, b) => a - b)
}

const partWord: Readonly<Record<JudgedPart, string>> = { train: 'training', valid: 'validation', test: 'test', folds: 'out-of-fold' }

function rowWarnings(rows: number, part: JudgedPart): string[] {
  if (rows >= few) return []
  return [`Only ${rows} ${rows === 1 ? 'row' : 'rows'} in the ${partWord[part]} part: every score here is uncertain, look at the intervals.`]
}

/** Rare classes named in one sentence; the table of classes has them all. */
const mostNamed = 6
function oneOf(names: readonly string[]): string {
  const named = names.length > mostNamed ? [...names.slice(0, mostNamed), `${names.length - mostNamed} more`] : names
  return named.length === 1 ? (named[0] as string) : `${named.slice(0, -1).join(', ')} or ${named.at(-1)}`
}
function classWarnings(perClass: Evaluation['perClass'] & object, part: JudgedPart): string[] {
  const where = `of the ${partWord[part]} part`
  const quoted = (name: string): string => `“${name.slice(0, 60)}”`
  const none = perClass.filter(({ support }) => support === 0)
  const rare = perClass.filter(({ support }) => support > 0 && support < few).sort((a, b) => a.support - b.support)
  const [rarest] = rare
  return [
    ...(none.length === 0 ? [] : [`No row ${where} is ${oneOf(none.map(({ className }) => quoted(className)))}: scores that need one are undefined.`]),
    ...(rarest === undefined
      ? []
      : rare.length === 1
        ? [`Only ${rarest.support} ${rarest.support === 1 ? 'row' : 'rows'} ${where} ${rarest.support === 1 ? 'is' : 'are'} ${quoted(rarest.className)}: its scores are uncertain.`]
        : [`Few rows ${where} are ${oneOf(rare.map(({ className, support }) => `${quoted(className)} (${support})`))}: the scores of these classes are uncertain.`]),
  ]
}
