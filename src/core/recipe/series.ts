/** From dataset columns to the series that steps work on, at chosen rows. */
import { isValid, type Column } from '../data/column.ts'
import type { Series } from './step.ts'

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
    case 'text':
    case 'id':
    case 'image':
      return { ...base, kind: column.kind, length }
  }
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
      return series.values.length
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
