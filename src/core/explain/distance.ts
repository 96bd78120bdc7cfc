/**
 * How far two rows are apart, column by column, as the What-If Tool measures it: numbers by
 * |a - b| / sd over the loaded rows (0 where sd is 0); names 0 where equal, else the chance that two
 * random rows share a value; 1 where either side is missing.
 */
import { cellAt, isValid } from '../data/column.ts'
import type { Cell, Column } from '../data/column.ts'

export interface ColumnDistance {
  readonly column: Column
  /** Part of the distance between a dataset row and a cell of the chosen row; not negative. */
  part(row: number, cell: Cell): number
}

/** undefined for text and id columns whose every cell is another: they would only say that rows differ. */
export function distanceOf(column: Column, rows: ArrayLike<number>): ColumnDistance | undefined {
  if (column.kind === 'numeric' || column.kind === 'datetime') {
    const values = column.kind === 'numeric' ? column.values : column.seconds
    const sd = standardDeviation(column, values, rows)
    return {
      column,
      part: (row, cell) => (cell === null || !isValid(column, row) ? 1 : sd === 0 ? 0 : Math.abs((values[row] as number) - Number(cell)) / sd),
    }
  }
  const counts = new Map<Cell, number>()
  let present = 0
  for (let i = 0; i < rows.length; i++) {
    const cell = cellAt(column, rows[i] as number)
    if (cell === null) continue
    counts.set(cell, (counts.get(cell) ?? 0) + 1)
    present++
  }
  if ((column.kind === 'text' || column.kind === 'id' || column.kind === 'image') && counts.size === present) return undefined
  let same = 0
  for (const count of counts.values()) same += (count / present) ** 2
  return {
    column,
    part(row, cell) {
      const other = cellAt(column, row)
      return cell === null || other === null ? 1 : cell === other ? 0 : same
    },
  }
}

/** Population standard deviation of the cells that are there; two passes, so that an offset costs no digits. */
function standardDeviation(column: Column, values: Float64Array, rows: ArrayLike<number>): number {
  let n = 0
  let sum = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    if (!isValid(column, row)) continue
    n++
    sum += values[row] as number
  }
  if (n === 0) return 0
  const mean = sum / n
  let squares = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    if (isValid(column, row)) squares += ((values[row] as number) - mean) ** 2
  }
  return Math.sqrt(squares / n)
}
