/** What both passes over the rows share: which rows fit the table, and which cells mean missing. */
import type { ParseOptions, RejectedRow } from '../options.ts'
import { limits } from '../limits.ts'
import { withoutBlanks } from './blanks.ts'
import { cellText, type RowBatch } from './scanner.ts'

/** Texts that mean missing unless a person says otherwise. */
export const defaultMissing: readonly string[] = ['NA', 'N/A', 'n/a', '#N/A', '<NA>', 'NaN', 'nan', 'NULL', 'null', '?']

export interface MissingTexts {
  /** 1 for the first bytes of such texts: all other cells are told apart by one look. */
  readonly first: Uint8Array
  /** @param from, to a trimmed, non-empty cell whose first byte is flagged */
  has(bytes: Uint8Array, from: number, to: number): boolean
}

export function missingTexts(texts: readonly string[]): MissingTexts {
  const encoder = new TextEncoder()
  const all = texts.map((text) => encoder.encode(withoutBlanks(text))).filter((bytes) => bytes.length > 0)
  const first = new Uint8Array(256)
  for (const bytes of all) first[bytes[0] as number] = 1
  return {
    first,
    has(bytes, from, to) {
      for (const text of all) {
        if (text.length !== to - from) continue
        let i = 0
        while (i < text.length && text[i] === bytes[from + i]) i++
        if (i === text.length) return true
      }
      return false
    },
  }
}

const cut = (text: string): string => (text.length > limits.quotedCharacters ? `${text.slice(0, limits.quotedCharacters)}…` : text)

/** The text of a row as it would be written again, cut for lists. */
export function rowText(batch: RowBatch, row: number, options: ParseOptions): string {
  let text = ''
  for (let cell = batch.firstCell[row] as number; cell < (batch.firstCell[row + 1] as number); cell++) {
    if (text.length > limits.quotedCharacters) break
    if (cell > (batch.firstCell[row] as number)) text += options.delimiter
    const flag = batch.flags[cell] as number
    const from = batch.starts[cell] as number
    const short = { ...batch, ends: Uint32Array.of(Math.min(batch.ends[cell] as number, from + 4 * limits.quotedCharacters)), starts: Uint32Array.of(from), flags: Uint8Array.of(flag) }
    const content = cellText(short, 0, options.quote)
    text += flag === 0 ? content : options.quote + content.replaceAll(options.quote, options.quote + options.quote) + options.quote
  }
  return cut(text)
}

/** Collects refused rows: all are counted, the first ones listed. */
export interface Rejects {
  count: number
  readonly listed: RejectedRow[]
}
export function reject(rejects: Rejects, batch: RowBatch, row: number, byte: number, options: ParseOptions, column: string | null, reason: string): void {
  rejects.count++
  if (rejects.listed.length >= limits.rejectedListed) return
  rejects.listed.push({ line: batch.lines[row] as number, byte, column: column === null ? null : cut(column), reason: cut(reason), text: rowText(batch, row, options) })
}

/** Numbers of the rows of a batch that have the right number of cells; the others go to `onMisfit`. */
export function fittingRows(batch: RowBatch, columns: number, onMisfit: (row: number, reason: string) => void, from = 0): Uint32Array {
  const fitting = new Uint32Array(batch.rows - from)
  let count = 0
  for (let row = from; row < batch.rows; row++) {
    const cells = (batch.firstCell[row + 1] as number) - (batch.firstCell[row] as number)
    if (cells !== columns) onMisfit(row, `The row has ${cells} ${cells === 1 ? 'cell' : 'cells'}; the table has ${columns} ${columns === 1 ? 'column' : 'columns'}.`)
    else if (batch.spoiled[row] === 1) onMisfit(row, 'There is text after a closing quote.')
    else fitting[count++] = row
  }
  return fitting.subarray(0, count)
}
