/** A part of a model's program: something that adds to its scores. One kind of part is one file here. */
import type { LoopLanguage } from '../text.ts'

/** Lines of a language with loops. `declarations` stand before the function, `body` inside it, two or four spaces deep. */
export interface PartCode {
  readonly declarations?: readonly string[]
  readonly body: readonly string[]
}
export interface Part {
  /** How many numbers its tables hold, for limits. */
  readonly numbers: number
  /** @param name free for the part's own tables and helpers: unique in the program */
  code(language: LoopLanguage, name: string): PartCode
  /**
   * What it adds to one score, as an SQL expression over a row of `features`, undefined where nothing; where the part has no
   * such form, why: an error's message. `name` as for `code`.
   */
  readonly sql: ((output: number, name: string) => string | undefined) | { readonly refused: string }
  /** Named queries that the expressions ask, for the head of the statement: `name (columns) AS (query)`. */
  readonly sqlWith?: (name: string) => readonly string[]
}

/** The end of a statement. */
export const end = (language: LoopLanguage): string => (language === 'c' ? ';' : '')
