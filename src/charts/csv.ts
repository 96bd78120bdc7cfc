/** The table twin of a chart as CSV. */
import type { ChartTable } from './figure.ts'

/**
 * One cell: quoted where it must be; a text that a spreadsheet would run as a formula starts with an
 * apostrophe. Numbers stay numbers, negative ones too.
 */
export function csvCell(cell: string | number | null): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return Number.isFinite(cell) ? String(cell) : ''
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export const csvOf = (table: ChartTable): string => [table.columns, ...table.rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('')
