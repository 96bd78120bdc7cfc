/** Puts chunks of one column end to end. Chunks start at multiples of 8 rows, so bitmaps join by whole bytes. */
import type { Column } from '../core/data/column.ts'
import type { ColumnInfo } from '../core/data/dataset.ts'
import { StudioError } from '../core/errors.ts'
import type { ChunkColumn } from './records.ts'

export interface ColumnBuilder {
  add(chunk: ChunkColumn, firstRow: number, rows: number): void
  end(): Column
}

function fixed<V extends Float64Array | Int32Array | Uint8Array>(values: V, name: string): (chunk: ChunkColumn, firstRow: number) => void {
  return (chunk, firstRow) => {
    if (chunk.values.constructor !== values.constructor) throw new StudioError({ code: 'bad-data', message: `invalid stored column; its values changed type: ${name.slice(0, 200)}` })
    values.set(chunk.values, firstRow)
  }
}

/** @param rows in all chunks together */
export function startColumn(info: ColumnInfo, rows: number): ColumnBuilder {
  const validity = new Uint8Array((rows + 7) >> 3)
  const base = { name: info.name, length: rows, validity }
  const withValidity = (add: (chunk: ChunkColumn, firstRow: number, rows: number) => void, end: () => Column): ColumnBuilder => ({
    add(chunk, firstRow, count) {
      validity.set(chunk.validity, firstRow >> 3)
      add(chunk, firstRow, count)
    },
    end,
  })
  switch (info.kind) {
    case 'numeric': {
      const values = new Float64Array(rows)
      return withValidity(fixed(values, info.name), () => ({ ...base, kind: 'numeric', values, integer: info.integer ?? values.every(Number.isInteger), ...(info.layout === undefined ? {} : { layout: info.layout }) }))
    }
    case 'datetime': {
      const seconds = new Float64Array(rows)
      return withValidity(fixed(seconds, info.name), () => ({ ...base, kind: 'datetime', seconds, layout: info.layout ?? 'epoch-seconds' }))
    }
    case 'boolean': {
      const values = new Uint8Array(rows)
      const labels: readonly [string, string] = [info.categories?.[0] ?? 'false', info.categories?.[1] ?? 'true']
      return withValidity(fixed(values, info.name), () => ({ ...base, kind: 'boolean', values, labels }))
    }
    case 'categorical': {
      const codes = new Int32Array(rows)
      const dictionary: string[] = []
      const join = fixed(codes, info.name)
      return withValidity(
        (chunk, firstRow, count) => {
          join(chunk, firstRow)
          for (const category of chunk.newCategories ?? []) dictionary.push(category)
          for (let row = firstRow; row < firstRow + count; row++) {
            const code = codes[row] as number
            if (code < -1 || code >= dictionary.length) {
              throw new StudioError({ code: 'bad-data', message: `invalid stored column; a code points outside its ${dictionary.length} categories: ${info.name.slice(0, 200)}` })
            }
          }
        },
        () => ({ ...base, kind: 'categorical', codes, dictionary }),
      )
    }
    case 'text':
    case 'id':
    case 'image': {
      const kind = info.kind
      const offsets = new Uint32Array(rows + 1)
      const parts: Uint8Array[] = []
      let used = 0
      return withValidity(
        (chunk, firstRow, count) => {
          const bytes = chunk.values as Uint8Array
          const local = chunk.offsets as Uint32Array
          if (used + bytes.length >= 2 ** 32) throw new StudioError({ code: 'out-of-memory', message: `unsupported column; more than 4 GB of text: ${info.name.slice(0, 200)}` })
          for (let row = 0; row < count; row++) offsets[firstRow + row + 1] = used + (local[row + 1] as number)
          parts.push(bytes)
          used += bytes.length
        },
        () => {
          const bytes = new Uint8Array(used)
          let at = 0
          for (const part of parts) {
            bytes.set(part, at)
            at += part.length
          }
          return { ...base, kind, bytes, offsets }
        },
      )
    }
  }
}
