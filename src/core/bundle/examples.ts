/** Request bodies made from rows: the bundle's examples, its self-test, and ours. */
import { encodeRows } from './encode.ts'
import type { GoldenCell } from './golden.ts'
import { datatypes } from './requests.ts'
import type { Signature } from './signature.ts'

/** JSON text of an object whose keys may be anything, from name and JSON text of each value. */
export const jsonObject = (entries: readonly (readonly [string, string])[]): string => `{${entries.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`

export function plainBody(signature: Signature, rows: readonly (readonly GoldenCell[])[]): string {
  return `{"rows":[${rows.map((row) => jsonObject(signature.inputs.map((input, i) => [input.name, JSON.stringify(row[i] ?? null)]))).join(',')}]}`
}

export interface V2Tensor {
  readonly name: string
  readonly shape: unknown
  readonly datatype: string
  readonly data: unknown
}
export function inferTensors(signature: Signature, rows: readonly (readonly GoldenCell[])[]): V2Tensor[] {
  const feeds = encodeRows(signature, rows.length, (row, input) => rows[row]?.[input])
  return signature.inputs.map((input, i) => {
    const values = Array.from((feeds[i] as (typeof feeds)[number]).values as ArrayLike<number | bigint | string>)
    const data = rows.map((row, r) => (row[i] === null ? null : typeof values[r] === 'bigint' ? Number(values[r]) : input.kind === 'numeric' || input.kind === 'image' ? row[i] : values[r]))
    return { name: input.name, shape: [rows.length, 1], datatype: datatypes[input.tensor], data }
  })
}
