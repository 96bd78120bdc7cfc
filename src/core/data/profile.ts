/** Statistics of each column, computed once at ingest and reused by forms, the model card and drift. */
import type { Kind } from './kinds.ts'

export type ColumnWarning =
  | { readonly code: 'constant' }
  | { readonly code: 'id-like'; readonly distinct: number }
  | { readonly code: 'duplicate'; readonly of: string }
  | { readonly code: 'mostly-missing'; readonly share: number }
  | { readonly code: 'many-categories'; readonly distinct: number }
  /** Needs a target: the column alone predicts it too well. auc for classes, r2 for numbers. */
  | { readonly code: 'suspected-leak'; readonly score: number; readonly measure: 'auc' | 'r2' }

export interface Histogram {
  /** length counts + 1 */
  readonly edges: readonly number[]
  readonly counts: readonly number[]
}
export interface ColumnProfile {
  readonly name: string
  readonly kind: Kind
  /** Why the column has this kind, as a sentence. */
  readonly reason: string
  /** Values that are there; count + missing = rows. */
  readonly count: number
  readonly missing: number
  /** Exact up to `distinctLimit`, then a lower bound. */
  readonly distinct: number
  readonly distinctIsExact: boolean
  /** numeric and datetime (UTC seconds); absent where every value is missing. */
  readonly numbers?: {
    readonly min: number
    readonly max: number
    readonly mean: number
    /** Population standard deviation. */
    readonly sd: number
    readonly zeros: number
    /** At 1, 5, 25, 50, 75, 95, 99 %, linear interpolation (numpy's default). */
    readonly quantiles: readonly [number, number, number, number, number, number, number]
    readonly histogram: Histogram
  }
  /** categorical, boolean, text, id: most frequent first, at most 20. */
  readonly top?: readonly { readonly value: string; readonly count: number }[]
  /** text, id: length in characters. */
  readonly lengths?: { readonly min: number; readonly max: number; readonly mean: number }
  readonly warnings: readonly ColumnWarning[]
}
export interface Profile {
  readonly version: 1
  readonly rows: number
  readonly duplicateRows: number
  readonly columns: readonly ColumnProfile[]
}
