/**
 * How well one column alone predicts the target. A column that does so almost perfectly was probably
 * written after the outcome was known. Group means are taken from the other half of the rows, so that a
 * column of unique names does not look like a prophet.
 */
import type { Context } from '../context.ts'
import { cellText } from '../evaluate/slice.ts'
import { createRng, shuffle } from '../math/rng.ts'
import { isValid, type Column } from './column.ts'
import { columnNamed } from './dataset.ts'
import type { TargetSpec } from './target.ts'

export interface Leak {
  readonly column: string
  /** In [0, 1]. */
  readonly score: number
  readonly measure: 'auc' | 'r2'
}
/** A score above it is flagged. */
export const leakLimit = 0.98
const mostRows = 50_000
const bins = 50

/** Average ranks, ties shared. */
export function ranksOf(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values, (_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number))
  const ranks = new Float64Array(values.length)
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++
    for (let i = from; i < to; i++) ranks[order[i] as number] = (from + to + 1) / 2
    from = to
  }
  return ranks
}
/** Area under the ROC curve of a score for one class (Mann-Whitney). @returns undefined where the class or its rest is empty */
function aucOf(ranks: Float64Array, isClass: (i: number) => boolean): number | undefined {
  let positives = 0
  let sum = 0
  for (let i = 0; i < ranks.length; i++) {
    if (!isClass(i)) continue
    positives++
    sum += ranks[i] as number
  }
  const negatives = ranks.length - positives
  return positives === 0 || negatives === 0 ? undefined : (sum - (positives * (positives + 1)) / 2) / (positives * negatives)
}
function squaredCorrelation(a: Float64Array, b: Float64Array): number {
  const mean = (x: Float64Array): number => x.reduce((sum, value) => sum + value, 0) / x.length
  const [ma, mb] = [mean(a), mean(b)]
  let ab = 0
  let aa = 0
  let bb = 0
  for (let i = 0; i < a.length; i++) {
    const x = (a[i] as number) - ma
    const y = (b[i] as number) - mb
    ab += x * y
    aa += x * x
    bb += y * y
  }
  return aa === 0 || bb === 0 ? 0 : (ab * ab) / (aa * bb)
}

interface Groups {
  readonly of: Int32Array
  readonly count: number
}
function groupsOf(column: Column, rows: Uint32Array): Groups {
  const index = new Map<string | null, number>()
  const of = Int32Array.from(rows, (row) => {
    const key = cellText(column, row)
    const known = index.get(key)
    if (known !== undefined) return known
    index.set(key, index.size)
    return index.size - 1
  })
  return { of, count: index.size }
}
/** Equal-sized groups along a numeric column; missing is a group of its own. */
function binsOf(values: Float64Array, ranks: Float64Array): Groups {
  const of = Int32Array.from(values, (value, i) => (value === Number.NEGATIVE_INFINITY ? 0 : 1 + Math.min(bins - 1, Math.floor((((ranks[i] as number) - 0.5) / values.length) * bins))))
  return { of, count: bins + 1 }
}
/** Mean of y in the group over the rows of the other half, drawn to the overall mean where rows are few. */
function outOfSampleMeans(groups: Groups, y: Float64Array, half: Uint8Array): Float64Array {
  const sums = [new Float64Array(groups.count), new Float64Array(groups.count)] as const
  const counts = [new Float64Array(groups.count), new Float64Array(groups.count)] as const
  let total = 0
  for (let i = 0; i < y.length; i++) {
    const h = half[i] as 0 | 1
    const group = groups.of[i] as number
    sums[h][group] = (sums[h][group] as number) + (y[i] as number)
    counts[h][group] = (counts[h][group] as number) + 1
    total += y[i] as number
  }
  const mean = total / y.length
  const smoothing = 0.1
  return Float64Array.from(y, (_, i) => {
    const other = half[i] === 0 ? 1 : 0
    const group = groups.of[i] as number
    return ((sums[other][group] as number) + smoothing * mean) / ((counts[other][group] as number) + smoothing)
  })
}

/** Scores of all columns but the target, best first. Works on at most 50,000 rows, taken evenly. */
export async function leakScores(dataset: { readonly rows: number; readonly columns: readonly Column[] }, target: TargetSpec, context: Context): Promise<Leak[]> {
  const goal = columnNamed(dataset, target.column)
  const step = Math.max(1, Math.ceil(dataset.rows / mostRows))
  const picked: number[] = []
  for (let row = 0; row < dataset.rows; row += step) if (isValid(goal, row)) picked.push(row)
  const rows = Uint32Array.from(picked)
  if (rows.length < 10) return []
  const order = shuffle(Uint32Array.from(rows, (_, i) => i), createRng(1))
  const half = new Uint8Array(rows.length)
  for (let i = 0; i < order.length; i += 2) half[order[i] as number] = 1

  const regression = target.task === 'regression'
  const numericGoal = Float64Array.from(rows, (row) => (goal.kind === 'numeric' ? (goal.values[row] as number) : goal.kind === 'datetime' ? (goal.seconds[row] as number) : goal.kind === 'boolean' ? (goal.values[row] as number) : 0))
  const goalRanks = regression ? ranksOf(numericGoal) : undefined
  const classes = regression ? { of: new Int32Array(0), count: 0 } : groupsOf(goal, rows)
  const auc = (score: (one: number) => Float64Array): number => {
    let sum = 0
    let count = 0
    for (let one = classes.count === 2 ? 1 : 0; one < classes.count; one++) {
      const area = aucOf(score(one), (i) => classes.of[i] === one)
      if (area === undefined) continue
      sum += area
      count++
    }
    return count === 0 ? 0 : sum / count
  }

  const found: Leak[] = []
  for (const [done, column] of dataset.columns.entries()) {
    await context.checkpoint()
    context.report({ kind: 'step', phase: 'Looking for leaks', done: done + 1, total: dataset.columns.length })
    if (column.name === target.column) continue
    const ordered = column.kind === 'numeric' || column.kind === 'datetime' || column.kind === 'boolean'
    const values = ordered
      ? Float64Array.from(rows, (row) => (!isValid(column, row) ? Number.NEGATIVE_INFINITY : column.kind === 'datetime' ? (column.seconds[row] as number) : (column.values[row] as number)))
      : undefined
    const ranks = values ? ranksOf(values) : undefined
    const groups = values && ranks ? binsOf(values, ranks) : groupsOf(column, rows)
    let score = 0
    if (regression) {
      const means = outOfSampleMeans(groups, numericGoal, half)
      score = Math.max(squaredCorrelation(means, numericGoal), ranks && goalRanks ? squaredCorrelation(ranks, goalRanks) : 0)
    } else if (classes.count > 1 && classes.count <= 100) {
      score = auc((one) => ranksOf(outOfSampleMeans(groups, Float64Array.from(classes.of, (code) => (code === one ? 1 : 0)), half)))
      if (ranks && classes.count === 2) {
        const area = aucOf(ranks, (i) => classes.of[i] === 1) ?? 0.5
        score = Math.max(score, area, 1 - area)
      }
    }
    found.push({ column: column.name, score: Math.min(1, score), measure: regression ? 'r2' : 'auc' })
  }
  return found.sort((a, b) => b.score - a.score)
}

/** Those that predict too well to be true. */
export const suspectedLeaks = (scores: readonly Leak[]): Leak[] => scores.filter((leak) => leak.score > leakLimit)
