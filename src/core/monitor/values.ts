/** The values of a column at some rows as tests read them: numbers in order, or names with their counts. */
import { isValid, type Column } from '../data/column.ts'

interface Shared {
  /** Values that are there. */
  readonly count: number
  readonly missing: number
  readonly distinct: number
  /** By their text, most frequent first, equal ones by name. */
  counts(): ReadonlyMap<string, number>
}
export interface Numbers extends Shared {
  readonly kind: 'numbers'
  /** Rising. */
  readonly sorted: Float64Array
}
export interface Names extends Shared {
  readonly kind: 'names'
}
export type Values = Numbers | Names

/** @param values NaN where missing */
export function numbersOf(values: ArrayLike<number>): Numbers {
  let count = 0
  for (let i = 0; i < values.length; i++) if (values[i] === values[i]) count++
  const present = new Float64Array(count)
  for (let i = 0, at = 0; i < values.length; i++) if (values[i] === values[i]) present[at++] = values[i] as number
  present.sort()
  let distinct = present.length > 0 ? 1 : 0
  for (let i = 1; i < present.length; i++) if (present[i] !== present[i - 1]) distinct++
  return {
    kind: 'numbers',
    sorted: present,
    count: present.length,
    missing: values.length - present.length,
    distinct,
    counts() {
      const counts = new Map<string, number>()
      for (const value of present) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
      return counts
    },
  }
}

/** @param texts undefined where missing */
export function namesOf(texts: Iterable<string | undefined>): Names {
  const counts = new Map<string, number>()
  let [count, missing] = [0, 0]
  for (const text of texts) {
    if (text === undefined) missing++
    else {
      count++
      counts.set(text, (counts.get(text) ?? 0) + 1)
    }
  }
  const ordered = new Map([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)))
  return { kind: 'names', count, missing, distinct: ordered.size, counts: () => ordered }
}

/** Numbers are rounded as they enter the graph: a server's log has them so. Undefined for kinds without values to compare. */
export function valuesOf(column: Column, rows: ArrayLike<number>): Values | undefined {
  const at = (read: (row: number) => number): Float64Array => Float64Array.from(rows, (row) => (isValid(column, row) ? read(row) : Number.NaN))
  switch (column.kind) {
    case 'numeric':
      return numbersOf(at((row) => Math.fround(column.values[row] as number)))
    case 'datetime':
      return numbersOf(at((row) => column.seconds[row] as number))
    case 'boolean':
      return namesOf(Array.from(rows, (row) => (isValid(column, row) ? (column.labels[column.values[row] as 0 | 1] as string) : undefined)))
    case 'categorical':
      return namesOf(Array.from(rows, (row) => (isValid(column, row) ? column.dictionary[column.codes[row] as number] : undefined)))
    default:
      return undefined
  }
}
