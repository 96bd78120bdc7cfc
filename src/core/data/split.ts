/**
 * Which rows teach, which choose, which judge. A split is stored as index arrays, never as a stream, so
 * a row cannot wander from one part to another between passes.
 */
export type PartName = 'train' | 'valid' | 'test'
/** Rows that judge: a part, or all that folds held out in turn, each predicted by the model that had not seen it. */
export type JudgedPart = PartName | 'folds'

export type SplitStrategy =
  | { readonly kind: 'random' }
  | { readonly kind: 'stratified'; readonly column: string }
  | { readonly kind: 'grouped'; readonly column: string }
  | { readonly kind: 'time'; readonly column: string }
  /** The column's text names the part: train, valid(ation), test. `like`: how its rows were dealt, which holds for folds of them too. */
  | { readonly kind: 'column'; readonly column: string; readonly like?: Dealing }
/** What rows are dealt by, where not each for itself. */
export type Dealing = { readonly kind: 'grouped' | 'time'; readonly column: string }

export interface SplitSpec {
  readonly strategy: SplitStrategy
  /** Shares of the rows, each in (0, 1); train is the rest. */
  readonly validShare: number
  readonly testShare: number
  readonly seed: number
}

declare const trainBrand: unique symbol
/** Row numbers that a fit may look at. Only `makeSplit` and its helpers make them, so leakage does not type-check. */
export type TrainRows = Uint32Array & { readonly [trainBrand]: true }

export interface Split {
  readonly spec: SplitSpec
  readonly train: TrainRows
  readonly valid: Uint32Array
  readonly test: Uint32Array
  /** Rows left out of every part, with the reason, such as a missing target. */
  readonly leftOut: readonly { readonly reason: string; readonly rows: Uint32Array }[]
}

/** Rows of all three parts together. */
export function usedRows({ train, valid, test }: Pick<Split, 'train' | 'valid' | 'test'>): Uint32Array {
  const rows = new Uint32Array(train.length + valid.length + test.length)
  rows.set(train)
  rows.set(valid, train.length)
  rows.set(test, train.length + valid.length)
  return rows
}
