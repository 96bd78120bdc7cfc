/**
 * From values as people and files write them to the tensors of the graph, by the signature: the one
 * policy of studio, terminal and server. Nothing is guessed: a number must be a finite number, a missing
 * value is taken only where the signature says so, a category that training never saw goes on as it is
 * (the recipe inside the graph answers it), a datetime is read by its layout.
 */
import { parseWritten } from '../ingest/csv/written-number.ts'
import { cellAt, isValid } from '../data/column.ts'
import type { Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import { StudioError } from '../errors.ts'
import { formatDatetime, parseDatetime } from '../ingest/datetime.ts'
import { pictureProblem } from './pictures.ts'
import type { Signature, SignatureInput } from './signature.ts'

/** Values of one graph input of shape [N, 1]; a picture is still its cell, opened where the graph runs (bundle/pictures). */
export type Feed = { readonly type: 'float'; readonly values: Float32Array } | { readonly type: 'int64'; readonly values: BigInt64Array } | { readonly type: 'string'; readonly values: string[] }

/** Missing datetimes are the smallest int64, missing numbers NaN, missing categories ''. */
export const missingTime = -(2n ** 63n)
export const maxTextLength = 65_536

/** A value as one cell of a tensor, or the rule that it breaks. */
export type EncodedCell = { readonly value: number | bigint | string } | { readonly problem: string }

const missingCells = { float: { value: Number.NaN }, int64: { value: missingTime }, string: { value: '' }, uint8: { value: '' } } as const

/** @param value what JSON can hold; undefined, and an empty category, count as missing */
export function encodeCell(input: SignatureInput, value: unknown): EncodedCell {
  if (value === null || value === undefined || (value === '' && input.kind === 'categorical')) {
    return input.nullable ? missingCells[input.tensor] : { problem: 'a value is needed; the model was not trained to answer without one' }
  }
  switch (input.kind) {
    case 'numeric':
      if (typeof value === 'string' && input.layout !== undefined) {
        const read = parseWritten(input.layout, value)
        return Number.isFinite(Math.fround(read)) ? { value: read } : { problem: `not a number, nor one written as ${input.layout}` }
      }
      if (typeof value !== 'number' || !Number.isFinite(value)) return { problem: 'not a finite number' }
      return Number.isFinite(Math.fround(value)) ? { value } : { problem: 'not within the range of 32-bit numbers' }
    case 'boolean':
      if (typeof value === 'boolean') return { value: value ? 1 : 0 }
      if (input.labels && value === input.labels[0]) return { value: 0 }
      if (input.labels && value === input.labels[1]) return { value: 1 }
      return { problem: `not true or false${input.labels ? `, nor ${JSON.stringify(input.labels[0])} or ${JSON.stringify(input.labels[1])}` : ''}` }
    case 'categorical':
      if (typeof value !== 'string') return { problem: 'not text' }
      return value.length <= maxTextLength ? { value } : { problem: `longer than ${maxTextLength} characters` }
    case 'image': {
      const problem = pictureProblem(value)
      return problem === undefined ? { value: value as string } : { problem }
    }
    case 'datetime': {
      if (typeof value !== 'string') return { problem: `not text in the layout ${input.layout ?? 'epoch-seconds'}` }
      const seconds = value.length > 64 ? Number.NaN : parseDatetime(input.layout ?? 'epoch-seconds', value)
      return Number.isNaN(seconds) ? { problem: `not a moment in the layout ${input.layout ?? 'epoch-seconds'}` } : { value: BigInt(seconds) }
    }
  }
}

/** A value in an error message: its JSON, cut. */
export function shownValue(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'an object') : (JSON.stringify(value) ?? String(value))
  return text.length > 80 ? `${text.slice(0, 80)}...` : text
}

export function emptyFeed(tensor: SignatureInput['tensor'], rows: number): Feed {
  if (tensor === 'float') return { type: 'float', values: new Float32Array(rows) }
  if (tensor === 'int64') return { type: 'int64', values: new BigInt64Array(rows) }
  return { type: 'string', values: new Array<string>(rows).fill('') }
}
export function setCell(feed: Feed, row: number, value: number | bigint | string): void {
  if (feed.type === 'float') feed.values[row] = value as number
  else if (feed.type === 'int64') feed.values[row] = value as bigint
  else feed.values[row] = value as string
}

export function cellError(input: SignatureInput, row: number, problem: string, value: unknown): StudioError {
  const column = input.name.slice(0, 200)
  return new StudioError({ code: 'bad-data', message: `invalid ${column}; ${problem}: ${shownValue(value)} in row ${row + 1}`, details: { column, row: row + 1 } })
}

/**
 * Tensors for some rows, one for each input in the signature's order.
 * @param value the cell of a row and input, as JSON has it
 * @throws StudioError bad-data naming column, rule, value and row
 */
export function encodeRows(signature: Signature, rows: number, value: (row: number, input: number) => unknown): Feed[] {
  return signature.inputs.map((input, index) => {
    const feed = emptyFeed(input.tensor, rows)
    for (let row = 0; row < rows; row++) {
      const given = value(row, index)
      const cell = encodeCell(input, given)
      if ('problem' in cell) throw cellError(input, row, cell.problem, given)
      setCell(feed, row, cell.value)
    }
    return feed
  })
}

/** Tensors straight from dataset columns, for many rows at once. @param rows row numbers into the columns */
export function encodeColumns(signature: Signature, columns: readonly Column[], rows: ArrayLike<number>): Feed[] {
  return signature.inputs.map((input): Feed => {
    const column = columnNamed({ columns }, input.name)
    if (column.kind !== input.kind) throw new StudioError({ code: 'bad-data', message: `invalid column ${input.name.slice(0, 100)}; the model asks for ${input.kind}: ${column.kind}` })
    const feed = emptyFeed(input.tensor, rows.length)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      if (!isValid(column, row)) setCell(feed, i, missingCells[input.tensor].value)
      else if (column.kind === 'image') setCell(feed, i, String(cellAt(column, row)))
      else if (column.kind === 'categorical') setCell(feed, i, column.dictionary[column.codes[row] as number] as string)
      else if (column.kind === 'datetime') setCell(feed, i, BigInt(column.seconds[row] as number))
      else if (column.kind === 'numeric' || column.kind === 'boolean') setCell(feed, i, column.values[row] as number)
    }
    return feed
  })
}

/** A dataset cell as the JSON that `encodeCell` reads back; undefined where its layout cannot write it. */
export function jsonCell(input: SignatureInput, column: Column, row: number): number | string | boolean | null | undefined {
  if (!isValid(column, row)) return null
  switch (column.kind) {
    case 'numeric':
      return column.values[row] as number
    case 'boolean':
      return column.values[row] === 1
    case 'categorical':
      return column.dictionary[column.codes[row] as number] as string
    case 'datetime': {
      const seconds = column.seconds[row] as number
      const text = formatDatetime(input.layout ?? 'epoch-seconds', seconds)
      return parseDatetime(input.layout ?? 'epoch-seconds', text) === seconds ? text : undefined
    }
    default:
      return undefined
  }
}
