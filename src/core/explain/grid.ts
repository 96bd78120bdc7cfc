/** The values of one column that a curve is drawn over. */
import { cellAt, isValid } from '../data/column.ts'
import type { Cell, Column } from '../data/column.ts'
import { quantile } from '../evaluate/bootstrap.ts'
import { cellText } from '../evaluate/slice.ts'

export interface Grid {
  /** What a pipeline reads. */
  readonly cells: readonly Cell[]
  /** What an axis shows: numbers (UTC seconds for a datetime), or texts. */
  readonly labels: readonly (number | string)[]
}

/**
 * Numbers: `points` equally spaced values from the 5th to the 95th percentile, or from end to end; whole
 * where the column is. Categories: the `points` most frequent. Text and id columns: none.
 * @param own a value that must be there, such as the chosen row's (a number widens a range from end to end
 * to itself); null adds nothing
 */
export function gridOf(column: Column, rows: ArrayLike<number>, points: number, range: 'percentiles' | 'full', own: Cell): Grid {
  if (column.kind === 'numeric' || column.kind === 'datetime') {
    const values = column.kind === 'numeric' ? column.values : column.seconds
    const present: number[] = []
    for (let i = 0; i < rows.length; i++) if (isValid(column, rows[i] as number)) present.push(values[rows[i] as number] as number)
    if (present.length === 0) return { cells: [], labels: [] }
    const sorted = Float64Array.from(present).sort()
    const whole = column.kind === 'datetime' || column.integer
    const ends = (share: number): number => quantile(sorted, range === 'full' ? Math.round(share) : share)
    // A column that is nearly constant between the percentiles is still shown from end to end.
    const low = ends(0.05) < ends(0.95) ? ends(0.05) : (sorted[0] as number)
    const high = ends(0.05) < ends(0.95) ? ends(0.95) : (sorted[sorted.length - 1] as number)
    const [from, to] = typeof own === 'number' && range === 'full' ? [Math.min(low, own), Math.max(high, own)] : [low, high]
    const spaced = Array.from({ length: points }, (_, i) => from + ((to - from) * i) / (points - 1))
    const cells = [...new Set(spaced.map((value) => (whole ? Math.round(value) : value)))]
    return { cells, labels: cells }
  }
  if (column.kind === 'text' || column.kind === 'id' || column.kind === 'image') return { cells: [], labels: [] }
  const counts = new Map<string, { cell: Cell; count: number }>()
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    const text = cellText(column, row)
    if (text === null) continue
    const known = counts.get(text)
    if (known) known.count++
    else counts.set(text, { cell: cellAt(column, row), count: 1 })
  }
  const frequent = [...counts].sort(([, a], [, b]) => b.count - a.count).slice(0, points)
  const entries = frequent.map(([text, { cell }]) => ({ text, cell }))
  if (own !== null && !entries.some((entry) => entry.cell === own)) entries.push({ text: column.kind === 'boolean' ? (column.labels[own === true ? 1 : 0] as string) : String(own), cell: own })
  return { cells: entries.map((entry) => entry.cell), labels: entries.map((entry) => entry.text) }
}

const fineSteps = 160

/**
 * About 160 short decimals (whole numbers where the column's are) from the first to the last value of a
 * rising grid, its own values and `own` included, rising.
 */
export function fineGrid(grid: readonly number[], whole: boolean, own: Cell): number[] {
  const low = grid[0] as number
  const high = grid.at(-1) as number
  const decimals = Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(high - low || 1))))
  const steps = whole ? Math.min(fineSteps, high - low) : fineSteps
  const values = new Set(grid)
  if (typeof own === 'number' && own >= low && own <= high) values.add(own)
  for (let i = 0; i <= steps; i++) {
    const value = low + ((high - low) * i) / Math.max(1, steps)
    const tidy = whole ? Math.round(value) : Number(value.toFixed(decimals))
    if (tidy >= low && tidy <= high) values.add(tidy)
  }
  return [...values].sort((a, b) => a - b)
}
