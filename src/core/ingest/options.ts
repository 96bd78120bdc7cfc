/** How bytes become rows: guessed with a reason, shown, and editable before and after. */
import type { Kind } from '../data/kinds.ts'

export const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const
export type Encoding = (typeof encodings)[number]

export interface ParseOptions {
  readonly encoding: Encoding
  /** One character: comma, semicolon, tab, pipe, or another. */
  readonly delimiter: string
  readonly quote: '"' | "'" | ''
  readonly decimal: '.' | ','
  readonly header: boolean
  /** Texts that mean missing, compared after trimming; the empty cell always does. */
  readonly missing: readonly string[]
}
export interface Guess<T> {
  readonly value: T
  /** In [0, 1]. */
  readonly confidence: number
  readonly reason: string
}
export type OptionGuesses = { readonly [K in keyof Omit<ParseOptions, 'missing'>]: Guess<ParseOptions[K]> }

export interface ColumnGuess {
  readonly name: string
  readonly kind: Guess<Kind>
  /** How it writes moments, or numbers that are not plain. */
  readonly layout?: string
}
/** A row or cell that does not fit: kept out of the data, and listed. */
export interface RejectedRow {
  /** 1-based line of the file on which the row starts. */
  readonly line: number
  /** Byte offset of the row's start. */
  readonly byte: number
  readonly column: string | null
  /** A sentence with the rule and the value. */
  readonly reason: string
  /** The row's text, cut at 500 characters. */
  readonly text: string
}
export interface IngestPreview {
  readonly options: ParseOptions
  readonly guesses: OptionGuesses
  readonly columns: readonly ColumnGuess[]
  /** At most 50 rows of cell text. */
  readonly rows: readonly (readonly string[])[]
  readonly rejected: readonly RejectedRow[]
  /** True where only the beginning of the source was looked at. */
  readonly partial: boolean
  /** What was odd and mended, such as a repeated column name, as sentences. */
  readonly notes?: readonly string[]
}
/** Choices that override the guesses. */
export interface IngestChoices {
  readonly options?: Partial<ParseOptions>
  /** By column name, as it stands in the preview. */
  readonly kinds?: readonly { readonly column: string; readonly kind: Kind }[]
  /** Keep only the first n rows. */
  readonly maxRows?: number
}
