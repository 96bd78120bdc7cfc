/**
 * Binary counts at every threshold, reduced for drawing, and the scores that follow from a row of them.
 * Pure and cheap: the page calls `scoresAtThreshold` at every frame while the handle is dragged.
 */
import { ConfusionView } from '../metrics/confusion-view.ts'
import { metrics } from '../metrics/registry.ts'
import type { Sample } from '../metrics/sample.ts'
import type { ClassScores, ScoreRow, ThresholdTable } from './evaluation.ts'

/** Indices to keep of `length`: all, or `limit` spread evenly, first and last included. */
export function evenly(length: number, limit: number): Int32Array {
  if (length <= limit) return Int32Array.from({ length }, (_, i) => i)
  return Int32Array.from({ length: limit }, (_, i) => Math.round((i * (length - 1)) / (limit - 1)))
}

/** Counts at the end of each run of equal probabilities of a class, from the highest probability down. */
export interface CumulativeCounts {
  readonly thresholds: Float64Array
  readonly hits: Float64Array
  readonly misses: Float64Array
}
export function cumulativeCounts(sample: Sample, classIndex: number): CumulativeCounts {
  const { order, positive, endsTie } = sample.ranked(classIndex)
  const k = sample.classes.length
  const { probabilities } = sample.prediction
  const length = endsTie.reduce((sum, ends) => sum + ends, 0)
  const thresholds = new Float64Array(length)
  const hits = new Float64Array(length)
  const misses = new Float64Array(length)
  let hit = 0
  let at = 0
  for (let i = 0; i < order.length; i++) {
    hit += positive[i] as number
    if (endsTie[i] === 0) continue
    thresholds[at] = probabilities[(order[i] as number) * k + classIndex] as number
    hits[at] = hit
    misses[at] = i + 1 - hit
    at++
  }
  return { thresholds, hits, misses }
}

/**
 * At most `limit` thresholds, falling from 1 to 0. Each is a probability that occurs (or an end), so its
 * counts are exact; `keep` is always among them.
 */
export function thresholdTable(sample: Sample, keep: number, limit = 2000): ThresholdTable {
  const all = cumulativeCounts(sample, 1)
  const last = all.thresholds.length - 1
  const points: [threshold: number, hits: number, misses: number][] = []
  const add = (threshold: number, index: number): void => {
    points.push([threshold, index < 0 ? 0 : (all.hits[index] as number), index < 0 ? 0 : (all.misses[index] as number)])
  }
  if (last < 0 || (all.thresholds[0] as number) < 1) add(1, -1)
  let kept = false
  let before = -1
  const keepAt = (next: number): void => {
    if (kept || next > keep) return
    kept = true
    if (next === keep) return
    // The counts at `keep` are those of the lowest occurring probability that is at least `keep`.
    let index = before
    while (index < last && (all.thresholds[index + 1] as number) >= keep) index++
    if (points.at(-1)?.[0] !== keep) add(keep, index)
  }
  for (const index of evenly(last + 1, limit - 3)) {
    keepAt(all.thresholds[index] as number)
    add(all.thresholds[index] as number, index)
    before = index
  }
  keepAt(0)
  if (last < 0 || (all.thresholds[last] as number) > 0) add(0, last)
  return {
    thresholds: points.map(([threshold]) => threshold),
    truePositives: points.map(([, hits]) => hits),
    falsePositives: points.map(([, , misses]) => misses),
    positives: last < 0 ? 0 : (all.hits[last] as number),
    negatives: last < 0 ? 0 : (all.misses[last] as number),
  }
}

/** The row of the table that shows a threshold: the nearest of equal or higher thresholds, else the first. */
export function indexOfThreshold(table: ThresholdTable, threshold: number): number {
  let low = 0
  let high = table.thresholds.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((table.thresholds[middle] as number) >= threshold) low = middle
    else high = middle - 1
  }
  return low
}

/** counts[actual][predicted] at row `i`; index 1 is the positive class. */
export function confusionAt(table: ThresholdTable, i: number): readonly [readonly [number, number], readonly [number, number]] {
  const truePositives = table.truePositives[i] as number
  const falsePositives = table.falsePositives[i] as number
  return [
    [table.negatives - falsePositives, falsePositives],
    [table.positives - truePositives, truePositives],
  ]
}

export interface ThresholdScores {
  readonly threshold: number
  readonly confusion: readonly [readonly [number, number], readonly [number, number]]
  /** Every metric that labels decide; no interval while dragging. */
  readonly scores: readonly Omit<ScoreRow, 'low' | 'high'>[]
  /** null where there is no negative, or no positive, row. */
  readonly falsePositiveRate: number | null
  readonly truePositiveRate: number | null
}

/** All label figures at row `i` of the table. @param classes [negative, positive], used in reasons */
export function scoresAtThreshold(table: ThresholdTable, i: number, classes: readonly string[] = ['negative', 'positive']): ThresholdScores {
  const confusion = confusionAt(table, i)
  const flat = confusion.flat()
  const scores = metrics.all
    .filter((metric) => metric.scoreConfusion && metric.tasks.includes('binary'))
    .map((metric) => {
      const score = metric.scoreConfusion?.(flat, classes) ?? { undefined: 'needs more than labels' }
      return 'undefined' in score ? { metric: metric.id, value: null, reason: score.undefined } : { metric: metric.id, value: score.value }
    })
  return {
    threshold: table.thresholds[i] as number,
    confusion,
    scores,
    falsePositiveRate: table.negatives === 0 ? null : (table.falsePositives[i] as number) / table.negatives,
    truePositiveRate: table.positives === 0 ? null : (table.truePositives[i] as number) / table.positives,
  }
}

/** Precision, recall and F1 of each class; null where undefined. @param confusion counts[actual][predicted] */
export function perClassScores(confusion: readonly (readonly number[])[], classes: readonly string[]): ClassScores[] {
  const view = new ConfusionView(confusion.flat(), classes)
  return classes.map((className, c) => ({
    className,
    support: view.actual[c] as number,
    precision: view.precision(c),
    recall: view.recall(c),
    f1: view.f1(c),
  }))
}
