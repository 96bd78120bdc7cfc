/** A hash of a row's cells, by which the same row is known again elsewhere: in another file, or in a server's log. */
import { isValid, type Column } from './column.ts'

const mix = (hash: number, word: number, by: number): number => {
  const mixed = Math.imul(hash ^ word, by)
  return mixed ^ (mixed >>> 15)
}
const number = new Float64Array(1)
const words = new Int32Array(number.buffer)
/** Stands for a missing cell. */
const hole = 0x5bd1e995

/** Two hashes of 32 bits for each cell, put after those of the cells before. */
function addColumn(column: Column, rows: ArrayLike<number>, high: Int32Array, low: Int32Array): void {
  const add = (i: number, a: number, b: number): void => {
    high[i] = mix(mix(high[i] as number, a, 0x85ebca6b), b, 0xc2b2ae35)
    low[i] = mix(mix(low[i] as number, b, 0x27d4eb2d), a, 0x165667b1)
  }
  const text = (bytes: Uint8Array): [number, number] => bytes.reduce<[number, number]>(([a, b], byte) => [mix(a, byte, 0x01000193), mix(b, byte, 0x85ebca6b)], [bytes.length, 1])
  const names = column.kind === 'categorical' ? column.dictionary.map((name) => text(new TextEncoder().encode(name))) : []
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    if (!isValid(column, row)) add(i, hole, hole)
    else if (column.kind === 'categorical') {
      const [a, b] = names[column.codes[row] as number] as [number, number]
      add(i, a, b)
    } else if (column.kind === 'numeric' || column.kind === 'boolean' || column.kind === 'datetime') {
      // As it enters the graph, since a server's log has it so; -0 is 0.
      number[0] = (column.kind === 'datetime' ? (column.seconds[row] as number) : Math.fround(column.values[row] as number)) + 0
      add(i, words[0] as number, words[1] as number)
    } else add(i, ...text(column.bytes.subarray(column.offsets[row], column.offsets[row + 1])))
  }
}

/** A whole number of 52 bits for each row, shape (rows): equal rows have equal ones. The upper 32 bits are a hash by themselves. */
export function rowKeys(columns: readonly Column[], rows: ArrayLike<number>): Float64Array {
  const [high, low] = [new Int32Array(rows.length).fill(1), new Int32Array(rows.length).fill(2)]
  for (const column of columns) addColumn(column, rows, high, low)
  return Float64Array.from(high, (value, i) => (mix(value, 0, 0x9e3779b1) >>> 0) * 2 ** 20 + ((low[i] as number) >>> 12))
}
export const shortKey = (key: number): number => Math.floor(key / 2 ** 20)

/** Whether a rising list holds a number. */
export function holds(sorted: ArrayLike<number>, value: number): boolean {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return sorted[low] === value
}

/** Share of the rows that have an equal. @param sorted keys, rising */
export function repeatsOf(sorted: ArrayLike<number>): number {
  let count = 0
  for (let i = 0; i < sorted.length; i++) if (sorted[i] === sorted[i - 1] || sorted[i] === sorted[i + 1]) count++
  return sorted.length === 0 ? 0 : count / sorted.length
}
