/** What a look at new rows yields: pure data, small enough to keep and to send. */
import type { SignatureIssue } from '../bundle/signature-issues.ts'
import type { Task } from '../data/target.ts'
import type { ScoreRow } from '../evaluate/evaluation.ts'
import type { ColumnDrift, DriftOf } from './column-drift.ts'
import type { DriftTestId } from './rules.ts'

export interface MonitorOptions {
  /** Tests that a person chose, by column; the rules decide for the rest. */
  readonly tests?: readonly { readonly column: string; readonly test: DriftTestId }[]
  /** Share of drifted columns from which the data as a whole have drifted; default 0.5. */
  readonly limit?: number
  /** Columns count by their importance, where it is known, instead of equally. */
  readonly weighted?: boolean
  /** Column of the file with the moment of each row; null = none; default: the first column of dates that go with the order of the rows. */
  readonly time?: string | null
  /** How rows are put together over time; default: by time where there is one, else not at all. */
  readonly chunks?: ChunkChoice
  /** Whose answers of a log; default: those that clients were given, of the version with most of them. */
  readonly answeredBy?: { readonly model: string; readonly version: string; readonly arm: 'given' | 'shadow' }
  /** Whether a classifier also tries to tell old rows from new; default true. */
  readonly joint?: boolean
}
export type ChunkUnit = 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'
export type ChunkChoice = { readonly by: 'auto' } | { readonly by: 'time'; readonly unit: ChunkUnit } | { readonly by: 'rows'; readonly rows: number } | { readonly by: 'none' }

/** A score then and now. */
export interface ScoreChange {
  readonly metric: string
  readonly before: ScoreRow
  readonly now: ScoreRow
  /** Now minus before with its 95 % interval; null where either has no score or no interval. */
  readonly change: { readonly value: number; readonly low: number; readonly high: number } | null
  /** Even the better end of the interval is worse than before. */
  readonly worse: boolean
}
export interface Performance {
  /** Rows with a label that the model knows. */
  readonly rows: number
  readonly referenceRows: number
  /** The metric that ranks the leaderboard first. */
  readonly scores: readonly ScoreChange[]
  /** Labels that are no class of the model: rows. */
  readonly unknownLabels: number
  readonly slices: readonly { readonly name: string; readonly rows: number; readonly referenceRows: number; readonly score: ScoreChange }[]
  readonly confusion?: readonly (readonly number[])[]
}
/** What the model's own probabilities promise. */
export interface Estimate {
  readonly metric: string
  readonly value: number
  readonly low: number
  readonly high: number
  readonly n: number
  /** The same estimate on validation rows, beside what was true there. */
  readonly check: { readonly estimated: number; readonly low: number; readonly high: number; readonly true: number; readonly n: number }
  /** False where the truth of the validation rows lies outside the interval of their estimate. */
  readonly believable: boolean
}
export interface Joint {
  /** ROC AUC of telling new rows from old ones, on rows that the classifier did not learn from. */
  readonly auc: number
  readonly low: number
  readonly high: number
  readonly n: number
  readonly drifted: boolean
  /** What it tells them apart by: loss of AUC when the column is shuffled, largest first. */
  readonly columns: readonly { readonly column: string; readonly loss: number }[]
}
export interface Chunk {
  readonly label: string
  /** UTC seconds of the first and behind the last moment, where chunks go by time. */
  readonly from?: number
  readonly to?: number
  readonly rows: number
  /** One a column of the report, in its order: null where it was not tested. */
  readonly columns: readonly (Pick<DriftOf, 'statistic' | 'p' | 'drifted'> | null)[]
  /** Share of tested columns that drifted; null for chunks of too few rows. */
  readonly share: number | null
  readonly answers: Pick<DriftOf, 'statistic' | 'p' | 'drifted'> | null
  /** Mean of a regression's answers, or share of each class, in class order. */
  readonly level: readonly number[]
  /** Against labels, with the limits that validation rows give to as many rows. */
  readonly score?: { readonly metric: string; readonly value: number | null; readonly n: number; readonly low: number; readonly high: number; readonly outside: boolean }
  readonly alert: boolean
}
export interface Verdict {
  /** steady: nothing to do. watch: look closer. act: do something. unknown: too little to tell. */
  readonly level: 'steady' | 'watch' | 'act' | 'unknown'
  /** What changed, in one sentence. */
  readonly text: string
  /** How sure that is. */
  readonly sure: string
  /** What to do. */
  readonly next: string
}
export interface DriftReport {
  readonly kind: 'drift-report'
  readonly version: 1
  readonly task: Task
  readonly target: string
  readonly classes: readonly string[]
  readonly source: {
    readonly name: string
    readonly kind: 'table' | 'log'
    readonly rows: number
    /** Rows that the model answered. */
    readonly answered: number
    /** UTC seconds. */
    readonly from?: number
    readonly to?: number
    readonly timeColumn?: string
    /** A table: its columns of dates, any of which may be named as the moment of a row. */
    readonly dates?: readonly string[]
    /** A log: who answered, and rows of others that were left aside. */
    readonly answeredBy?: { readonly model: string; readonly version: string; readonly arm: 'given' | 'shadow'; readonly others: number }
    /** Everyone who answered in the log, most rows first. */
    readonly groups?: readonly { readonly model: string; readonly version: string; readonly arm: 'given' | 'shadow'; readonly rows: number }[]
    /** Rows that are those of the model's own data, `learnt` of them rows that it learnt from; left out where enough others are there, else all rows stand here and none is judged; all are where these are only estimated, and the lesser part. */
    readonly known?: { readonly rows: number; readonly learnt: number; readonly of: number; readonly leftOut: boolean; readonly judged?: true }
  }
  readonly reference: { readonly of: string; readonly rows: number; readonly answersOf: string; readonly answers: number }
  readonly options: MonitorOptions
  /** Inputs, drifted first. */
  readonly columns: readonly ColumnDrift[]
  readonly share: {
    readonly drifted: number
    readonly tested: number
    /** In [0, 1], weighted where asked for. */
    readonly value: number
    readonly limit: number
    readonly isDrift: boolean
    /** Columns that would drift by chance alone: tests with a p times 0.05. */
    readonly byChance: number
  }
  /** What the model says: label or value first, then probabilities. */
  readonly answers: readonly ColumnDrift[]
  /** The truth, where the file has it. */
  readonly truth?: ColumnDrift
  readonly issues: readonly SignatureIssue[]
  readonly performance?: Performance
  readonly estimates: readonly Estimate[]
  /** Why there is no estimate, where there is none. */
  readonly noEstimate?: string
  readonly joint?: Joint
  readonly noJoint?: string
  readonly chunks: readonly Chunk[]
  /** How chunks were made, in words. */
  readonly chunking: string
  readonly verdict: Verdict
}
