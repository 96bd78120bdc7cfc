/** Identity of data: SHA-256 over names, kinds, values and validity, whatever chunks they came in. */
import { canonicalJson, sha256 } from '../ids.ts'
import type { Column } from './column.ts'

const bytesOf = (array: ArrayBufferView): Uint8Array<ArrayBuffer> => new Uint8Array(array.buffer as ArrayBuffer, array.byteOffset, array.byteLength)

/** Of a column's kind, values and validity without its name: equal for duplicate columns. */
export async function valuesDigest(column: Column): Promise<string> {
  const parts: ArrayBufferView[] = [column.validity]
  let words: readonly string[] = []
  switch (column.kind) {
    case 'numeric':
      parts.push(column.values)
      break
    case 'datetime':
      parts.push(column.seconds)
      break
    case 'boolean':
      parts.push(column.values)
      words = column.labels
      break
    case 'categorical':
      parts.push(column.codes)
      words = column.dictionary
      break
    case 'text':
    case 'id':
    case 'image':
      parts.push(column.bytes, column.offsets)
  }
  const digests = await Promise.all(parts.map((part) => sha256(bytesOf(part))))
  return sha256(canonicalJson({ kind: column.kind, digests, words }))
}

/** @param columns names and value digests in the data's order */
export const datasetHash = (rows: number, columns: readonly { readonly name: string; readonly digest: string }[]): Promise<string> => sha256(canonicalJson({ rows, columns }))
