/** One metric by the groups of one or two columns: who the model serves worse. */
import type { Context } from '../context.ts'
import { isValid } from '../data/column.ts'
import type { Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import type { JudgedPart } from '../data/split.ts'
import type { Prediction, Target } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import { formatDatetime } from '../ingest/datetime.ts'
import { metrics } from '../metrics/registry.ts'
import { Sample } from '../metrics/sample.ts'
import { quantile, scoreRows } from './bootstrap.ts'
import type { GroupReport, GroupRow, ScoreRow } from './evaluation.ts'
import { cellText } from './slice.ts'
import type { Condition } from './slice.ts'
import { takePrediction, takeTarget } from './take.ts'

/** Smaller groups are listed with their n but without a score: chance alone would decide it. */
export const minimumGroup = 10
const mostGroups = 200
/** Numeric columns with at most this many values keep them; others are cut at quartiles. */
const fewValues = 6

interface Group {
  readonly value: string | null
  readonly condition: Condition
}
interface Grouping {
  readonly groups: readonly Group[]
  /** Group of each of the rows. */
  readonly of: Int32Array
}

export interface GroupInput {
  readonly part: JudgedPart
  readonly dataset: { readonly columns: readonly Column[] }
  /** Dataset row numbers; truth and prediction are at these rows, in this order. */
  readonly rows: Uint32Array
  readonly target: Target
  readonly prediction: Prediction
  readonly threshold: number
  /** One or two column names. */
  readonly columns: readonly string[]
  readonly metric: string
  readonly seed: number
}

/**
 * Groups in falling order of size, with a 95 % interval each.
 * @throws StudioError bad-param for none or more than two columns, or a metric of another task; bad-data
 * for a text or id column
 */
export async function groupReport(input: GroupInput, context: Context): Promise<GroupReport> {
  const { part, dataset, rows, target, prediction, threshold, columns, seed } = input
  const metric = metrics.get(input.metric)
  if (!metric.tasks.includes(target.task)) {
    throw new StudioError({ code: 'bad-param', message: `invalid metric; not one for ${target.task}: ${metric.id}` })
  }
  if (columns.length < 1 || columns.length > 2) {
    throw new StudioError({ code: 'bad-param', message: `invalid columns; groups need one or two: ${columns.length}` })
  }
  const score = async (positions: ArrayLike<number>): Promise<ScoreRow> => {
    const sample = new Sample({ target: takeTarget(target, positions), prediction: takePrediction(prediction, positions), threshold })
    // Each group's own phases would restart the progress: only the number of groups is reported.
    const [row] = await scoreRows(sample, [metric], seed, { now: () => context.now(), checkpoint: () => context.checkpoint(), report: () => {} })
    return row as ScoreRow
  }
  const groupings = columns.map((name) => groupingOf(columnNamed(dataset, name), rows))
  const width = groupings[1]?.groups.length ?? 1
  const members = new Map<number, number[]>()
  for (let i = 0; i < rows.length; i++) {
    const key = (groupings[0]?.of[i] as number) * width + (groupings[1]?.of[i] ?? 0)
    const known = members.get(key)
    if (known) known.push(i)
    else members.set(key, [i])
  }
  const bySize = [...members].sort(([a, x], [b, y]) => y.length - x.length || a - b)
  const groups: GroupRow[] = []
  const shown = bySize.slice(0, mostGroups)
  for (const [key, positions] of shown) {
    const parts = groupings.map((grouping, g) => grouping.groups[g === 0 ? Math.floor(key / width) : key % width] as Group)
    const small = positions.length < minimumGroup
    groups.push({
      values: parts.map((group) => group.value),
      n: positions.length,
      score: small ? { metric: metric.id, value: null, reason: `fewer than ${minimumGroup} rows`, low: null, high: null } : await score(positions),
      conditions: parts.map((group) => group.condition),
    })
    context.report({ kind: 'step', phase: 'groups', done: groups.length, total: shown.length })
    await context.checkpoint()
  }
  const rest = bySize.slice(mostGroups)
  return {
    columns,
    metric: metric.id,
    part,
    overall: await score(Uint32Array.from(rows, (_, i) => i)),
    groups,
    omitted: { groups: rest.length, rows: rest.reduce((sum, [, positions]) => sum + positions.length, 0) },
  }
}

function groupingOf(column: Column, rows: Uint32Array): Grouping {
  if (column.kind === 'text' || column.kind === 'id' || column.kind === 'image') {
    throw new StudioError({ code: 'bad-data', message: `invalid column; ${column.kind} does not make groups: ${column.name.slice(0, 200)}` })
  }
  if (column.kind === 'numeric' || column.kind === 'datetime') {
    const values = column.kind === 'numeric' ? column.values : column.seconds
    const present = Float64Array.from(rows.filter((row) => isValid(column, row)), (row) => values[row] as number).sort()
    if (column.kind === 'datetime' || !hasFewValues(present)) return rangesOf(column, values, rows, present)
  }
  const index = new Map<string | null, number>()
  const of = Int32Array.from(rows, (row) => {
    const text = cellText(column, row)
    const known = index.get(text)
    if (known !== undefined) return known
    index.set(text, index.size)
    return index.size - 1
  })
  return { groups: [...index.keys()].map((value) => ({ value, condition: { column: column.name, op: 'is', value } })), of }
}

function hasFewValues(sorted: Float64Array): boolean {
  let distinct = 0
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) distinct++
  return distinct <= fewValues
}

/** Four ranges cut at the quartiles of the rows at hand, fewer where quartiles coincide; missing is its own group. */
function rangesOf(column: Column, values: Float64Array, rows: Uint32Array, present: Float64Array): Grouping {
  const lowest = present[0] as number
  // Between two dates lies a moment that the column's layout may not be able to write: a date is cut at the next one there is.
  const place = (cut: number): number => (column.kind === 'datetime' ? (present.find((value) => value >= cut) as number) : cut)
  const cuts = [0.25, 0.5, 0.75].map((share) => place(quantile(present, share))).filter((cut, i, all) => cut > lowest && cut !== all[i - 1])
  const write = (value: number): string => (column.kind === 'datetime' ? formatDatetime(column.layout === 'epoch-seconds' ? 'yyyy-MM-dd HH:mm:ss' : column.layout, value) : String(Number(value.toPrecision(4))))
  const groups: Group[] = Array.from({ length: cuts.length + 1 }, (_, i) => {
    const low = i === 0 ? null : (cuts[i - 1] as number)
    const high = i === cuts.length ? null : (cuts[i] as number)
    const value = low === null ? (high === null ? 'all' : `under ${write(high)}`) : high === null ? `${write(low)} and over` : `${write(low)} to under ${write(high)}`
    return { value, condition: { column: column.name, op: 'between', low, high } }
  })
  const missing = groups.length
  groups.push({ value: null, condition: { column: column.name, op: 'is', value: null } })
  const of = Int32Array.from(rows, (row) => {
    if (!isValid(column, row)) return missing
    const value = values[row] as number
    let range = 0
    while (range < cuts.length && value >= (cuts[range] as number)) range++
    return range
  })
  return { groups, of }
}
