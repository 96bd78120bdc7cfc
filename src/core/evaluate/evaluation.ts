/** What judging a model yields: pure data, already reduced for drawing (at most 2,000 points a curve). */
import type { JudgedPart } from '../data/split.ts'
import type { Task } from '../data/target.ts'
import type { Condition } from './slice.ts'

export interface ScoreRow {
  readonly metric: string
  /** null where undefined; then `reason` says why. */
  readonly value: number | null
  readonly reason?: string
  /** 95 % percentile bootstrap over rows (seeded); null where undefined in most resamples. */
  readonly low: number | null
  readonly high: number | null
}
export interface ClassScores {
  readonly className: string
  readonly support: number
  readonly precision: number | null
  readonly recall: number | null
  readonly f1: number | null
}
/** Binary counts at falling thresholds: row predicted positive where probability >= threshold. */
export interface ThresholdTable {
  readonly thresholds: readonly number[]
  readonly truePositives: readonly number[]
  readonly falsePositives: readonly number[]
  readonly positives: number
  readonly negatives: number
}
export interface CurvePoints {
  readonly name: string
  readonly x: readonly number[]
  readonly y: readonly number[]
}
export interface CalibrationBin {
  readonly low: number
  readonly high: number
  readonly count: number
  readonly meanPredicted: number
  readonly shareObserved: number
}
export interface Calibration {
  /** The class whose probabilities these are. */
  readonly name: string
  /** Uniform bins of [0, 1] that hold rows. */
  readonly bins: readonly CalibrationBin[]
  /** Expected calibration error: mean |predicted - observed| over bins, weighted by their rows. */
  readonly error: number
}
export interface Residuals {
  /** A seeded sample of at most 2,000 rows: dataset row number, truth, prediction. */
  readonly row: readonly number[]
  readonly actual: readonly number[]
  readonly predicted: readonly number[]
  readonly sampledFrom: number
  /** Of all rows, not of the sample, those furthest off, worst first, at most 200; absent in evaluations made before it was kept. */
  readonly worst?: { readonly row: readonly number[]; readonly actual: readonly number[]; readonly predicted: readonly number[] }
  /** Of actual - predicted, over all rows. */
  readonly histogram: { readonly edges: readonly number[]; readonly counts: readonly number[] }
}
export interface Evaluation {
  readonly version: 1
  readonly part: JudgedPart
  readonly n: number
  readonly task: Task
  readonly classes?: readonly string[]
  /** Binary: the threshold every label figure uses. */
  readonly threshold?: number
  readonly scores: readonly ScoreRow[]
  readonly perClass?: readonly ClassScores[]
  /** counts[actual][predicted]. */
  readonly confusion?: readonly (readonly number[])[]
  readonly thresholds?: ThresholdTable
  /** One curve for a binary task, else one a class against the rest, for at most the 20 most common classes. */
  readonly roc?: readonly CurvePoints[]
  readonly precisionRecall?: readonly CurvePoints[]
  readonly calibration?: readonly Calibration[]
  readonly residuals?: Residuals
  readonly warnings: readonly string[]
}

/** One metric by the groups of one or two columns. */
export interface GroupRow {
  /** One text a column; null = missing. */
  readonly values: readonly (string | null)[]
  readonly n: number
  readonly score: ScoreRow
  /** What makes a row belong: a slice is these conditions under a name. */
  readonly conditions: readonly Condition[]
}
export interface GroupReport {
  readonly columns: readonly string[]
  readonly metric: string
  readonly part: JudgedPart
  readonly overall: ScoreRow
  /** Largest first, at most 200. */
  readonly groups: readonly GroupRow[]
  /** Groups beyond those, by number and rows. */
  readonly omitted: { readonly groups: number; readonly rows: number }
}
