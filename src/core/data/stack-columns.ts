/** Columns of one name and kind, one below the other, each with categories of its own. */
import { StudioError } from '../errors.ts'
import { setValid, isValid, type Column } from './column.ts'

/** @param parts at least one @throws StudioError bug where their kinds differ */
export function stackColumns(parts: readonly Column[]): Column {
  const first = parts[0] as Column
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const validity = new Uint8Array((length + 7) >> 3)
  let at = 0
  for (const part of parts) {
    if (part.kind !== first.kind) throw new StudioError({ code: 'bug', message: `invalid columns; one kind is needed to stack them: ${first.kind} and ${part.kind}` })
    for (let row = 0; row < part.length; row++) if (isValid(part, row)) setValid(validity, at + row)
    at += part.length
  }
  const base = { name: first.name, length, validity }
  const joined = <V extends Float64Array | Uint8Array>(values: V, of: (part: Column) => V): V => {
    let offset = 0
    for (const part of parts) {
      values.set(of(part), offset)
      offset += part.length
    }
    return values
  }
  switch (first.kind) {
    case 'numeric':
      return { ...first, ...base, values: joined(new Float64Array(length), (part) => (part as typeof first).values), integer: parts.every((part) => (part as typeof first).integer) }
    case 'datetime':
      return { ...first, ...base, seconds: joined(new Float64Array(length), (part) => (part as typeof first).seconds) }
    case 'boolean':
      return { ...first, ...base, values: joined(new Uint8Array(length), (part) => (part as typeof first).values) }
    case 'categorical': {
      const codes = new Int32Array(length)
      const places = new Map<string, number>()
      let offset = 0
      for (const part of parts as readonly (typeof first)[]) {
        const renamed = part.dictionary.map((name) => {
          const known = places.get(name) ?? places.size
          places.set(name, known)
          return known
        })
        for (let row = 0; row < part.length; row++) codes[offset + row] = isValid(part, row) ? (renamed[part.codes[row] as number] as number) : -1
        offset += part.length
      }
      return { ...base, kind: 'categorical', codes, dictionary: [...places.keys()] }
    }
    case 'text':
    case 'id':
    case 'image': {
      const texts = parts as readonly (typeof first)[]
      const offsets = new Uint32Array(length + 1)
      const bytes = new Uint8Array(texts.reduce((sum, part) => sum + part.bytes.length, 0))
      let [row, byte] = [0, 0]
      for (const part of texts) {
        for (let i = 0; i <= part.length; i++) offsets[row + i] = byte + (part.offsets[i] as number)
        bytes.set(part.bytes, byte)
        row += part.length
        byte += part.bytes.length
      }
      return { ...base, kind: first.kind, bytes, offsets }
    }
  }
}
