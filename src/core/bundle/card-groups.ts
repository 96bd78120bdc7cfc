/** The quantitative analyses of a model card: the main metrics by group, by two columns together, and by named slice, each with its n and 95 % interval. */
import type { Context } from '../context.ts'
import { isValid } from '../data/column.ts'
import type { Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import type { PartName } from '../data/split.ts'
import type { Prediction, Target, Task } from '../data/target.ts'
import { scoreRows } from '../evaluate/bootstrap.ts'
import type { GroupReport, ScoreRow } from '../evaluate/evaluation.ts'
import { groupReport, minimumGroup } from '../evaluate/groups.ts'
import { rowsOfSlice } from '../evaluate/slice.ts'
import type { Slice } from '../evaluate/slice.ts'
import { takePrediction, takeTarget } from '../evaluate/take.ts'
import { metrics } from '../metrics/registry.ts'
import { Sample } from '../metrics/sample.ts'

export interface SliceScores {
  readonly name: string
  readonly n: number
  readonly scores: readonly ScoreRow[]
}
export interface CardAnalyses {
  readonly part: PartName
  /** Binary: of every figure here; that of the evaluation of the same part. */
  readonly threshold?: number
  /** By one column each, then by the first two together; one report a column and metric. */
  readonly groups: readonly GroupReport[]
  readonly slices: readonly SliceScores[]
}

/** What the training rows hold, counted. */
export interface TrainingCounts {
  readonly rows: number
  /** Missing values of each input, in the signature's order. */
  readonly missing: readonly number[]
  /** Rows of each class, in the signature's order; absent for regression. */
  readonly classes?: readonly number[]
  /** Regression: the target; its standard deviation is the population's. */
  readonly values?: { readonly min: number; readonly max: number; readonly mean: number; readonly sd: number }
}

/** @param inputs of the signature @param target truth at `rows` */
export function trainingCounts(inputs: readonly Column[], rows: Uint32Array, target: Target): TrainingCounts {
  const missing = inputs.map((column) => rows.reduce((sum, row) => sum + (isValid(column, row) ? 0 : 1), 0))
  if (target.task !== 'regression') {
    const classes = target.classes.map(() => 0)
    for (const code of target.codes) classes[code] = (classes[code] as number) + 1
    return { rows: rows.length, missing, classes }
  }
  if (rows.length === 0) return { rows: 0, missing }
  let [min, max, mean, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  for (const value of target.values) {
    min = Math.min(min, value)
    max = Math.max(max, value)
    mean += value / rows.length
  }
  for (const value of target.values) squares += (value - mean) ** 2
  return { rows: rows.length, missing, values: { min, max, mean, sd: Math.sqrt(squares / rows.length) } }
}

/** What a card shows by group: one number a reader can compare, two where errors differ in kind. */
export const cardMetrics: Readonly<Record<Task, readonly string[]>> = { binary: ['accuracy', 'recall'], multiclass: ['accuracy'], regression: ['mae'] }
const mostColumns = 6
const mostGroups = 12

/** Columns whose values make a readable number of groups, in the data's order; those the model does not read are shown too. */
export function groupColumns(columns: readonly Column[], target: string): string[] {
  const readable = (column: Column): boolean =>
    column.name !== target && (column.kind === 'boolean' || (column.kind === 'categorical' && column.dictionary.length >= 2 && column.dictionary.length <= mostGroups))
  return columns.filter(readable).slice(0, mostColumns).map(({ name }) => name)
}

export interface AnalysesInput {
  readonly part: PartName
  readonly dataset: { readonly rows: number; readonly columns: readonly Column[] }
  /** Dataset row numbers; truth and prediction are at these rows, in this order. */
  readonly rows: Uint32Array
  readonly target: Target
  readonly prediction: Prediction
  readonly targetColumn: string
  readonly threshold: number
  readonly slices: readonly Slice[]
  readonly seed: number
}

export async function cardAnalyses(input: AnalysesInput, context: Context): Promise<CardAnalyses> {
  const { part, dataset, rows, target, prediction, threshold, seed } = input
  const quiet: Context = { ...context, now: () => context.now(), checkpoint: () => context.checkpoint(), report: () => {} }
  const names = groupColumns(dataset.columns, input.targetColumn)
  const pairs = names.length >= 2 ? [names.slice(0, 2)] : []
  const groups: GroupReport[] = []
  for (const columns of [...names.map((name) => [name]), ...pairs]) {
    for (const metric of cardMetrics[target.task]) groups.push(await groupReport({ part, dataset, rows, target, prediction, threshold, columns, metric, seed }, quiet))
  }
  const slices: SliceScores[] = []
  for (const slice of input.slices) {
    // A slice of a column that is gone, or of another kind by now, says nothing here.
    if (slice.conditions.some(({ column, op }) => !dataset.columns.some((known) => known.name === column) || (op === 'between' && !['numeric', 'datetime'].includes(columnNamed(dataset, column).kind)))) continue
    const positions = positionsOf(rowsOfSlice(dataset, slice.conditions, rows), rows)
    const used = cardMetrics[target.task].map((id) => metrics.get(id))
    const small = positions.length < minimumGroup
    const scores = small
      ? used.map(({ id }): ScoreRow => ({ metric: id, value: null, reason: `fewer than ${minimumGroup} rows`, low: null, high: null }))
      : await scoreRows(new Sample({ target: takeTarget(target, positions), prediction: takePrediction(prediction, positions), threshold }), used, seed, quiet)
    slices.push({ name: slice.name, n: positions.length, scores })
    await context.checkpoint()
  }
  return { part, ...(target.task === 'binary' && { threshold }), groups, slices }
}

/** Where the kept rows stand among all; both are in the same order. */
export function positionsOf(kept: Uint32Array, all: Uint32Array): Uint32Array {
  let at = -1
  return kept.map((row) => {
    do at++
    while (all[at] !== row)
    return at
  })
}
