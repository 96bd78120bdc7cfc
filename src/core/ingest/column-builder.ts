/** The second pass, one column: cells of accepted rows into typed arrays, handed out in row groups. */
import type { Kind } from '../data/kinds.ts'
import { StudioError } from '../errors.ts'
import { createByteDictionary } from './cell-set.ts'
import { booleanPairs, type ColumnPlan } from './decide-kinds.ts'
import { parseDatetimeBytes } from './datetime.ts'
import { limits } from './limits.ts'
import type { MissingTexts } from './csv/cells.ts'
import { contentFrom, contentTo } from './csv/blanks.ts'
import { parseNumber } from './csv/number.ts'
import { parseWrittenBytes } from './csv/written-number.ts'
import { escaped, unescapeCell, type RowBatch } from './csv/scanner.ts'

/** As ChunkColumn of the storage: the values of one column in one row group. */
export interface ColumnChunk {
  readonly kind: Kind
  readonly validity: Uint8Array
  readonly values: Float64Array | Int32Array | Uint8Array
  readonly offsets?: Uint32Array
  readonly newCategories?: readonly string[]
}

export interface ColumnBuilder {
  /** Reads cells of the given rows behind those already held. @param bad gets 1 at k where rows[k] cannot be read */
  append(batch: RowBatch, rows: Uint32Array, bad: Uint8Array): void
  /** True where `append` may find a cell unreadable. */
  readonly mayRefuse: boolean
  /** Drops, of the last `from.length` appended rows, those flagged bad. */
  drop(bad: Uint8Array): void
  /** Bytes held by the rows so far. */
  bytes(): number
  /** The first rows, out of this builder; the rest stays. */
  take(rows: number): ColumnChunk
}

export interface BuilderOptions {
  readonly index: number
  readonly missing: MissingTexts
  readonly decimal: string
  readonly quote: string
  /** Categories that earlier chunks already hold, when an ingest is resumed. */
  readonly known?: readonly string[]
}

/** Why a cell does not fit its column, for the list of refused rows. */
export function misfitReason(plan: ColumnPlan, text: string): string {
  const value = text.length > 60 ? `${text.slice(0, 60)}…` : text
  if (plan.kind.value === 'datetime') return `Not a moment written as ${plan.layout}: "${value}".`
  if (plan.kind.value === 'boolean') return `Neither "${plan.labels?.[0]}" nor "${plan.labels?.[1]}": "${value}".`
  return plan.layout === undefined ? `Not a finite number: "${value}".` : `Not a number written as ${plan.layout}: "${value}".`
}

export function createBuilder(plan: ColumnPlan, options: BuilderOptions): ColumnBuilder {
  switch (plan.kind.value) {
    case 'numeric':
    case 'datetime':
      return numberBuilder(plan, options)
    case 'boolean':
      return booleanBuilder(plan, options)
    case 'categorical':
      return categoryBuilder(plan, options)
    case 'text':
    case 'id':
      return textBuilder(plan.kind.value, options)
    case 'image':
      throw new StudioError({ code: 'unsupported', message: `unsupported kind; the cells of a table are no pictures: ${plan.name.slice(0, 200)}` })
  }
}

/** Bits of bytes that are 0 or 1. */
function packed(valid: Uint8Array, rows: number): Uint8Array {
  const bits = new Uint8Array((rows + 7) >> 3)
  for (let row = 0; row < rows; row++) if (valid[row] === 1) bits[row >> 3] = (bits[row >> 3] as number) | (1 << (row & 7))
  return bits
}
function grown<T extends Float64Array | Int32Array | Uint8Array | Uint32Array>(array: T, needed: number, make: (length: number) => T): T {
  if (needed <= array.length) return array
  const larger = make(Math.max(needed, array.length * 2))
  larger.set(array)
  return larger
}

function fixedWidth<T extends Float64Array | Int32Array | Uint8Array>(
  kind: Kind,
  make: (length: number) => T,
  mayRefuse: boolean,
  read: (batch: RowBatch, cell: number, from: number, to: number) => number,
  missingValue: number,
  { index, missing }: BuilderOptions,
  newCategories?: () => readonly string[],
): ColumnBuilder {
  let values = make(1024)
  let valid = new Uint8Array(1024)
  let held = 0
  const { first, has } = missing
  return {
    mayRefuse,
    append(batch, rows, bad) {
      values = grown(values, held + rows.length, make)
      valid = grown(valid, held + rows.length, (length) => new Uint8Array(length))
      const { bytes, starts, ends, firstCell } = batch
      for (let k = 0; k < rows.length; k++) {
        const cell = (firstCell[rows[k] as number] as number) + index
        const from = contentFrom(bytes, starts[cell] as number, ends[cell] as number)
        const to = contentTo(bytes, from, ends[cell] as number)
        const at = held + k
        if (from === to || (first[bytes[from] as number] === 1 && has(bytes, from, to))) {
          values[at] = missingValue
          valid[at] = 0
          continue
        }
        const value = read(batch, cell, from, to)
        valid[at] = 1
        if (value === value) values[at] = value
        else bad[k] = 1
      }
      held += rows.length
    },
    drop(bad) {
      let at = held - bad.length
      for (let k = 0, from = at; k < bad.length; k++, from++) {
        if (bad[k] === 1) continue
        values[at] = values[from] as number
        valid[at++] = valid[from] as number
      }
      held = at
    },
    bytes: () => held * values.BYTES_PER_ELEMENT + (held >> 3),
    take(rows) {
      const chunk: ColumnChunk = { kind, validity: packed(valid, rows), values: values.slice(0, rows) as T, ...(newCategories ? { newCategories: newCategories() } : {}) }
      values.copyWithin(0, rows, held)
      valid.copyWithin(0, rows, held)
      held -= rows
      return chunk
    },
  }
}

function numberBuilder(plan: ColumnPlan, options: BuilderOptions): ColumnBuilder {
  const decimal = options.decimal.charCodeAt(0)
  const make = (length: number): Float64Array => new Float64Array(length)
  const { layout } = plan
  if (plan.kind.value === 'numeric' && layout !== undefined) {
    return fixedWidth('numeric', make, true, (batch, _cell, from, to) => parseWrittenBytes(layout, batch.bytes, from, to), 0, options)
  }
  return plan.kind.value === 'numeric'
    ? fixedWidth('numeric', make, true, (batch, _cell, from, to) => parseNumber(batch.bytes, from, to, decimal), 0, options)
    : fixedWidth('datetime', make, true, (batch, _cell, from, to) => parseDatetimeBytes(layout ?? 'yyyy-MM-dd', batch.bytes, from, to), 0, options)
}

function booleanBuilder(plan: ColumnPlan, options: BuilderOptions): ColumnBuilder {
  const labels = (plan.labels ?? ['false', 'true']).map((label) => label.toLowerCase())
  // "TRUE" and "true" may stand in one column; other pairs than the chosen one do not fit.
  const pair = booleanPairs.find((texts) => texts[0] === labels[0] && texts[1] === labels[1]) ?? labels
  const [no, yes] = pair as readonly [string, string]
  const read = (batch: RowBatch, _cell: number, from: number, to: number): number => {
    if (to - from > 40) return Number.NaN
    let text = ''
    for (let i = from; i < to; i++) text += String.fromCharCode(batch.bytes[i] as number)
    const lower = text.toLowerCase()
    return lower === no ? 0 : lower === yes ? 1 : decodedIs(batch, from, to, no) ? 0 : decodedIs(batch, from, to, yes) ? 1 : Number.NaN
  }
  return fixedWidth('boolean', (length) => new Uint8Array(length), true, read, 0, options)
}
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const decodedIs = (batch: RowBatch, from: number, to: number, wanted: string): boolean => decoder.decode(batch.bytes.subarray(from, to)).toLowerCase() === wanted

/** White space around a name is not part of it, inside quotes or not. */
function categoryBuilder(plan: ColumnPlan, options: BuilderOptions): ColumnBuilder {
  const dictionary = createByteDictionary(options.known)
  const quote = options.quote.charCodeAt(0)
  let told = dictionary.size
  const read = (batch: RowBatch, cell: number, from: number, to: number): number => {
    const code = batch.flags[cell] === escaped ? unescaped(batch, from, to) : dictionary.codeOf(batch.bytes, from, to)
    if (code >= limits.categories) {
      throw new StudioError({
        code: 'bad-data',
        message: `unsupported kind of column; a categorical column may have at most ${limits.categories} different values: ${plan.name.slice(0, 200)} has more`,
        details: { column: plan.name.slice(0, 200), limit: limits.categories },
        hint: 'Make it a text column.',
      })
    }
    return code
  }
  function unescaped(batch: RowBatch, from: number, to: number): number {
    const bytes = unescapeCell(batch.bytes, from, to, quote)
    return dictionary.codeOf(bytes, 0, bytes.length)
  }
  return fixedWidth('categorical', (length) => new Int32Array(length), false, read, -1, options, () => {
    const fresh = dictionary.texts(told)
    told = dictionary.size
    return fresh
  })
}

function textBuilder(kind: 'text' | 'id', { index, missing, quote }: BuilderOptions): ColumnBuilder {
  let bytes = new Uint8Array(4096)
  let offsets = new Uint32Array(1025)
  let valid = new Uint8Array(1024)
  let held = 0
  const { first, has } = missing
  const quoteByte = quote.charCodeAt(0)
  return {
    mayRefuse: false,
    append(batch, rows) {
      offsets = grown(offsets, held + rows.length + 1, (length) => new Uint32Array(length))
      valid = grown(valid, held + rows.length, (length) => new Uint8Array(length))
      for (let k = 0; k < rows.length; k++) {
        const cell = (batch.firstCell[rows[k] as number] as number) + index
        const start = batch.starts[cell] as number
        const end = batch.ends[cell] as number
        const from = contentFrom(batch.bytes, start, end)
        const to = contentTo(batch.bytes, from, end)
        const at = offsets[held] as number
        if (from === to || (first[batch.bytes[from] as number] === 1 && has(batch.bytes, from, to))) {
          valid[held++] = 0
          offsets[held] = at
          continue
        }
        const content = batch.flags[cell] === escaped ? unescapeCell(batch.bytes, start, end, quoteByte) : undefined
        const length = content ? content.length : end - start
        bytes = grown(bytes, at + length, (size) => new Uint8Array(size))
        if (content) bytes.set(content, at)
        else if (length < 64) for (let i = 0; i < length; i++) bytes[at + i] = batch.bytes[start + i] as number
        else bytes.set(batch.bytes.subarray(start, end), at)
        valid[held++] = 1
        offsets[held] = at + length
      }
    },
    drop() {},
    bytes: () => (offsets[held] as number) + held * 4,
    take(rows) {
      const cut = offsets[rows] as number
      const chunk: ColumnChunk = { kind, validity: packed(valid, rows), values: bytes.slice(0, cut), offsets: offsets.slice(0, rows + 1) }
      bytes.copyWithin(0, cut, offsets[held])
      valid.copyWithin(0, rows, held)
      for (let row = rows; row <= held; row++) offsets[row - rows] = (offsets[row] as number) - cut
      held -= rows
      return chunk
    },
  }
}
