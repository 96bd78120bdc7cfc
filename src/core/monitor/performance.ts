/** With labels: the model's scores now against those on validation rows. */
import type { Context } from '../context.ts'
import type { Column } from '../data/column.ts'
import { isValid } from '../data/column.ts'
import { className, encodeTarget } from '../data/encode-target.ts'
import type { Prediction, Target, TargetSpec } from '../data/target.ts'
import { scoreRows } from '../evaluate/bootstrap.ts'
import type { ScoreRow } from '../evaluate/evaluation.ts'
import { rowsOfSlice, type Slice } from '../evaluate/slice.ts'
import { takePrediction, takeTarget } from '../evaluate/take.ts'
import type { Metric } from '../metrics/metric.ts'
import { defaultMetric, metrics } from '../metrics/registry.ts'
import { Sample, wholeDraw } from '../metrics/sample.ts'
import type { Performance, ScoreChange } from './report.ts'

/** Answers and truth of the same rows. */
export interface Judged {
  readonly prediction: Prediction
  readonly target: Target
}
/** What of the new rows can be judged. */
export interface Labelled extends Judged {
  /** Positions into the answered rows. */
  readonly positions: Uint32Array
  readonly unknownLabels: number
}

/** The answered rows that have a label which the model knows. @param rows row of each answer in the columns */
export function labelled(column: Column, spec: TargetSpec, classes: readonly string[], rows: Uint32Array, prediction: Prediction): Labelled {
  const known = new Set(classes)
  let unknownLabels = 0
  const positions = Uint32Array.from({ length: rows.length }, (_, i) => i).filter((i) => {
    const row = rows[i] as number
    if (!isValid(column, row)) return false
    if (spec.task === 'regression' || known.has(className(column, row))) return true
    unknownLabels++
    return false
  })
  const target = encodeTarget(column, spec, positions.map((i) => rows[i] as number), classes)
  return { positions, unknownLabels, target, prediction: takePrediction(prediction, positions) }
}

/** A normal 95 % interval is this many standard errors wide to each side. */
const reach = 1.96
const errorOf = ({ low, high }: ScoreRow): number | undefined => (low === null || high === null ? undefined : (high - low) / 2 / reach)

export function changeOf(metric: Metric, before: ScoreRow, now: ScoreRow): ScoreChange {
  const [a, b] = [errorOf(before), errorOf(now)]
  if (before.value === null || now.value === null || a === undefined || b === undefined) return { metric: metric.id, before, now, change: null, worse: false }
  const value = now.value - before.value
  const half = reach * Math.hypot(a, b)
  return { metric: metric.id, before, now, change: { value, low: value - half, high: value + half }, worse: metric.greaterIsBetter ? value + half < 0 : value - half > 0 }
}

/** What the ranking metric may be in a chunk of so many rows, if nothing changed: three standard errors around validation's. */
export function controlLimits(before: ScoreRow, referenceRows: number, rows: number): { readonly low: number; readonly high: number } | undefined {
  const error = errorOf(before)
  if (before.value === null || error === undefined || rows === 0) return undefined
  const width = 3 * error * Math.sqrt(referenceRows / rows)
  return { low: before.value - width, high: before.value + width }
}

export const scoreNow = (judged: Judged, threshold: number, metric: Metric): number | null => {
  const score = metric.scoreDraw(wholeDraw(new Sample({ ...judged, threshold })))
  return 'value' in score ? score.value : null
}

export interface PerformanceInput {
  readonly now: Labelled
  /** Validation rows, their truth and answers. */
  readonly before: Judged
  /** Their scores, where they are known: the very figures of the leaderboard. */
  readonly known?: readonly ScoreRow[]
  readonly threshold: number
  readonly slices: readonly Slice[]
  /** Columns and rows that conditions of slices are asked of. */
  readonly currentColumns: readonly Column[]
  readonly currentRows: Uint32Array
  readonly referenceColumns: readonly Column[]
  readonly referenceRows: Uint32Array
}
/** A slice of fewer rows says nothing. */
const fewest = 20

export async function performanceOf(input: PerformanceInput, context: Context): Promise<Performance> {
  const { now, before, threshold, slices } = input
  const { task } = before.target
  const all = metrics.all.filter((metric) => metric.tasks.includes(task)).sort((a, b) => Number(b.id === defaultMetric[task]) - Number(a.id === defaultMetric[task]))
  const sampleOf = (judged: Judged): Sample => new Sample({ ...judged, threshold })
  const [samples, held] = [sampleOf(now), sampleOf(before)]
  const scored = await scoreRows(samples, all, 1, context)
  const known = all.map(({ id }) => input.known?.find(({ metric }) => metric === id))
  const reference = known.every((score) => score !== undefined) ? known : await scoreRows(held, all, 2, context)
  const ranking = [metrics.get(defaultMetric[task])]
  const places = new Map(Array.from(now.positions, (position, i) => [input.currentRows[position] as number, i]))
  const places0 = new Map(Array.from(input.referenceRows, (row, i) => [row, i]))
  const found: Performance['slices'][number][] = []
  for (const slice of slices) {
    const has = (columns: readonly Column[]): boolean => slice.conditions.every(({ column }) => columns.some(({ name }) => name === column))
    if (!has(input.currentColumns) || !has(input.referenceColumns)) continue
    const inside = rowsOfSlice({ rows: 0, columns: input.currentColumns }, slice.conditions, [...places.keys()]).map((row) => places.get(row) as number)
    const inside0 = rowsOfSlice({ rows: 0, columns: input.referenceColumns }, slice.conditions, input.referenceRows).map((row) => places0.get(row) as number)
    if (inside.length < fewest || inside0.length < fewest) continue
    const part = ({ prediction, target }: Judged, at: Uint32Array): Sample => sampleOf({ prediction: takePrediction(prediction, at), target: takeTarget(target, at) })
    const [after] = await scoreRows(part(now, inside), ranking, 3, context)
    const [then] = await scoreRows(part(before, inside0), ranking, 4, context)
    found.push({ name: slice.name, rows: inside.length, referenceRows: inside0.length, score: changeOf(ranking[0] as Metric, then as ScoreRow, after as ScoreRow) })
  }
  const flat = now.target.task === 'regression' ? undefined : wholeDraw(samples).confusion()
  const k = samples.classes.length
  return {
    rows: samples.rows,
    referenceRows: held.rows,
    scores: all.map((metric, i) => changeOf(metric, reference[i] as ScoreRow, scored[i] as ScoreRow)),
    unknownLabels: now.unknownLabels,
    slices: found,
    ...(flat ? { confusion: samples.classes.map((_, actual) => Array.from(flat.subarray(actual * k, (actual + 1) * k))) } : {}),
  }
}
