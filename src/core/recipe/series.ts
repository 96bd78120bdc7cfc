/** From dataset columns to the series that steps work on, at chosen rows. */
import { isValid, type Column } from '../data/column.ts'
import { featureWidth } from '../data/matrix.ts'
import { StudioError } from '../errors.ts'
import type { NumericSeries, Series } from './step.ts'

/** Whole rows of a tensor that has one a row of the column. */
function rowsOf(tensor: Float32Array | undefined, length: number, rows: ArrayLike<number> | undefined): Float32Array | undefined {
  if (!tensor || !rows) return tensor
  const size = length > 0 ? tensor.length / length : 0
  const out = new Float32Array(rows.length * size)
  for (let i = 0; i < rows.length; i++) out.set(tensor.subarray((rows[i] as number) * size, ((rows[i] as number) + 1) * size), i * size)
  return out
}

/** @param rows row numbers into the column; default all */
export function seriesOf(column: Column, rows?: ArrayLike<number>): Series {
  const length = rows?.length ?? column.length
  const rowAt = (i: number): number => (rows ? (rows[i] as number) : i)
  const base = { name: column.name, source: column.name }
  switch (column.kind) {
    case 'numeric':
    case 'boolean': {
      const values = new Float32Array(length)
      for (let i = 0; i < length; i++) values[i] = isValid(column, rowAt(i)) ? (column.values[rowAt(i)] as number) : Number.NaN
      return { ...base, kind: column.kind, values }
    }
    case 'categorical': {
      const codes = new Int32Array(length)
      for (let i = 0; i < length; i++) codes[i] = isValid(column, rowAt(i)) ? (column.codes[rowAt(i)] as number) : -1
      return { ...base, kind: 'categorical', codes, dictionary: column.dictionary }
    }
    case 'datetime': {
      const seconds = new Float64Array(length)
      for (let i = 0; i < length; i++) seconds[i] = isValid(column, rowAt(i)) ? (column.seconds[rowAt(i)] as number) : Number.NaN
      return { ...base, kind: 'datetime', seconds }
    }
    case 'image':
      return { ...base, kind: 'image', length, tensor: (representation) => rowsOf(column.tensors?.get(representation), column.length, rows) }
    case 'text':
    case 'id':
      return { ...base, kind: column.kind, length }
  }
}

/**
 * A column of numbers, yes or no, or moments (UTC seconds) as three series whose sum is each of its doubles, exactly for all between about
 * 1e-30 and 3.4e38: float32 alone loses every whole number from 16,777,217 on. Missing is NaN in all three.
 * @param rows row numbers into the column; default all
 */
export function exactPartsOf(column: Column, rows?: ArrayLike<number>): readonly NumericSeries[] {
  if (column.kind !== 'numeric' && column.kind !== 'boolean' && column.kind !== 'datetime') throw new StudioError({ code: 'bug', message: `unsupported column; only numbers have parts, and this is ${column.kind}` })
  const length = rows?.length ?? column.length
  const from = column.kind === 'datetime' ? column.seconds : column.values
  const parts = Array.from({ length: 3 }, () => new Float32Array(length))
  for (let i = 0; i < length; i++) {
    const row = rows ? (rows[i] as number) : i
    let rest = isValid(column, row) ? (from[row] as number) : Number.NaN
    for (const part of parts) {
      part[i] = rest
      // What is too large for float32 has no rest.
      rest = Math.abs(part[i] as number) === Number.POSITIVE_INFINITY ? 0 : rest - (part[i] as number)
    }
  }
  return parts.map((values) => ({ kind: 'numeric', name: column.name, source: column.name, values }))
}

/** How many values of a series are missing; opaque series count none. */
export function missingIn(series: Series): number {
  let missing = 0
  if (series.kind === 'categorical') for (const code of series.codes) missing += code < 0 ? 1 : 0
  else if (series.kind === 'datetime') for (const value of series.seconds) missing += Number.isNaN(value) ? 1 : 0
  else if (series.kind === 'numeric' || series.kind === 'boolean') for (const value of series.values) missing += Number.isNaN(value) ? 1 : 0
  return missing
}

export function seriesLength(series: Series): number {
  switch (series.kind) {
    case 'numeric':
    case 'boolean':
      return series.shape ? series.values.length / featureWidth(series) : series.values.length
    case 'categorical':
      return series.codes.length
    case 'datetime':
      return series.seconds.length
    case 'text':
    case 'id':
    case 'image':
      return series.length
  }
}
