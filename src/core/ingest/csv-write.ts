/**
 * CSV for other programs: RFC 4180 quoting, and text that a spreadsheet would run as a formula made
 * harmless by a leading apostrophe. Numbers keep their minus sign; the rule can be undone exactly.
 */

/** What may be written: text is protected, numbers are not touched, null is an empty cell. */
export type CsvCell = string | number | boolean | null

const dangerous = /^'*[=+\-@\t\r]/
const numberText = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** True where a spreadsheet might read text as a formula, and where an apostrophe would be mistaken for our mark. */
const needsMark = (text: string): boolean => dangerous.test(text) && !(numberText.test(text) && Number.isFinite(Number(text)))

/** Text as it may stand in a cell: with one more leading apostrophe where it needs one. */
export const protectText = (text: string): string => (needsMark(text) ? `'${text}` : text)

/** The text that `protectText` was given. */
export function unprotectText(text: string): string {
  return text.startsWith("'") && needsMark(text.slice(1)) ? text.slice(1) : text
}

/** One cell, protected and quoted where it must be. */
export function csvCell(cell: CsvCell, delimiter = ','): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const text = protectText(cell)
  // White space at the ends of a text is plain to see inside quotes, and an empty text is not a missing one.
  const quote = text === '' || text.includes(delimiter) || /["\r\n]|^\s|\s$/.test(text)
  return quote ? `"${text.replaceAll('"', '""')}"` : text
}

/** One line with its CRLF. A single empty cell is quoted, or its line would be blank. */
export function csvLine(cells: readonly CsvCell[], delimiter = ','): string {
  if (cells.length === 1 && cells[0] === null) return '""\r\n'
  let line = ''
  for (let i = 0; i < cells.length; i++) line += (i === 0 ? '' : delimiter) + csvCell(cells[i] as CsvCell, delimiter)
  return `${line}\r\n`
}

/** A whole table as UTF-8, in pieces so that a long one never is one string. */
export function writeCsv(header: readonly string[], rows: Iterable<readonly CsvCell[]>, delimiter = ','): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const parts: Uint8Array<ArrayBuffer>[] = []
  let text = csvLine(header, delimiter)
  let size = 0
  const flush = (): void => {
    const bytes = encoder.encode(text)
    parts.push(bytes)
    size += bytes.length
    text = ''
  }
  for (const row of rows) {
    text += csvLine(row, delimiter)
    if (text.length > 1_000_000) flush()
  }
  flush()
  const out = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
