/** A row in the middle of the training data, cell by cell: where the sliders of a model card begin. It is nobody's row. */
import { isValid } from '../data/column.ts'
import type { Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import type { GoldenCell } from './golden.ts'
import type { Signature } from './signature.ts'

/** Enough for a median that is only shown. */
const mostRows = 20_000

/** @returns one cell an input: median of numbers and moments (UTC seconds), the most frequent category or truth; null where no row has a value */
export function typicalCells(signature: Signature, columns: readonly Column[], rows: ArrayLike<number>): GoldenCell[] {
  return signature.inputs.map((input) => {
    const column = columnNamed({ columns }, input.name)
    const stride = Math.max(1, Math.ceil(rows.length / mostRows))
    const found: number[] = []
    for (let i = 0; i < rows.length; i += stride) {
      const row = rows[i] as number
      if (!isValid(column, row)) continue
      if (column.kind === 'numeric' || column.kind === 'boolean') found.push(column.values[row] as number)
      else if (column.kind === 'datetime') found.push(column.seconds[row] as number)
      else if (column.kind === 'categorical') found.push(column.codes[row] as number)
    }
    if (found.length === 0) return null
    if (column.kind === 'numeric' || column.kind === 'datetime') return Float64Array.from(found).sort()[found.length >> 1] as number
    const counts = new Map<number, number>()
    for (const value of found) counts.set(value, (counts.get(value) ?? 0) + 1)
    const [mode] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))
    return column.kind === 'boolean' ? mode === 1 : column.kind === 'categorical' ? (column.dictionary[mode] as string) : null
  })
}
