/** A named row filter, used alike by evaluation, what-if and the model card. All conditions must hold. */
import { cellAt, isValid } from '../data/column.ts'
import type { Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import { StudioError } from '../errors.ts'

/**
 * `is` compares the cell's text (`cellText`), null meaning missing. `between` holds numeric and datetime
 * columns (UTC seconds) to low <= value < high, null meaning no bound; a missing cell is in no range.
 */
export type Condition =
  | { readonly column: string; readonly op: 'is'; readonly value: string | null }
  | { readonly column: string; readonly op: 'between'; readonly low: number | null; readonly high: number | null }
export interface Slice {
  readonly id: string
  readonly name: string
  readonly conditions: readonly Condition[]
}

/** The cell as groups and slices write it: a boolean as in its file, null where missing. */
export function cellText(column: Column, row: number): string | null {
  if (column.kind === 'boolean') return isValid(column, row) ? (column.labels[column.values[row] === 1 ? 1 : 0] as string) : null
  const cell = cellAt(column, row)
  return cell === null ? null : String(cell)
}

/** Whether one row of a column meets a condition, prepared once for many rows. */
function testOf(column: Column, condition: Condition): (row: number) => boolean {
  if (condition.op === 'between') {
    if (column.kind !== 'numeric' && column.kind !== 'datetime') {
      throw new StudioError({ code: 'bad-data', message: `invalid range; column must be numeric or datetime: ${column.name} is ${column.kind}` })
    }
    const values = column.kind === 'numeric' ? column.values : column.seconds
    const low = condition.low ?? Number.NEGATIVE_INFINITY
    const high = condition.high ?? Number.POSITIVE_INFINITY
    return (row) => isValid(column, row) && (values[row] as number) >= low && (condition.high === null || (values[row] as number) < high)
  }
  const { value } = condition
  if (value === null) return (row) => !isValid(column, row)
  switch (column.kind) {
    case 'categorical': {
      const code = column.dictionary.indexOf(value)
      return (row) => code >= 0 && column.codes[row] === code && isValid(column, row)
    }
    case 'numeric': {
      const wanted = value.trim() === '' ? Number.NaN : Number(value)
      return (row) => isValid(column, row) && column.values[row] === wanted
    }
    default:
      return (row) => cellText(column, row) === value
  }
}

/**
 * The rows, of those given, for which all conditions hold, in the given order.
 * @param rows row numbers into the columns; default all
 * @throws StudioError bad-data where a column is missing or a range is asked of one without order
 */
export function rowsOfSlice(dataset: { readonly rows: number; readonly columns: readonly Column[] }, conditions: readonly Condition[], rows?: ArrayLike<number>): Uint32Array {
  const tests = conditions.map((condition) => testOf(columnNamed(dataset, condition.column), condition))
  const length = rows?.length ?? dataset.rows
  const kept = new Uint32Array(length)
  let count = 0
  for (let i = 0; i < length; i++) {
    const row = rows ? (rows[i] as number) : i
    if (tests.every((test) => test(row))) kept[count++] = row
  }
  return kept.slice(0, count)
}
