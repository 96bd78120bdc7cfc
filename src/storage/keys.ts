/** Keys and their order, as IndexedDB defines them for what we use: numbers before strings before arrays. */
import { StudioError } from '../core/errors.ts'
import type { Key, KeyRange } from './port.ts'
import { keyPaths, type StoreName } from './records.ts'

const rank = (key: Key): number => (typeof key === 'number' ? 0 : typeof key === 'string' ? 1 : 2)

/** Negative, zero or positive; strings by UTF-16 code units, arrays element by element and then by length. */
export function compareKeys(a: Key, b: Key): number {
  const byRank = rank(a) - rank(b)
  if (byRank !== 0) return byRank
  if (typeof a === 'object' && typeof b === 'object') {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const byElement = compareKeys(a[i] as Key, b[i] as Key)
      if (byElement !== 0) return byElement
    }
    return a.length - b.length
  }
  return a < b ? -1 : a > b ? 1 : 0
}

export function inRange(key: Key, range: KeyRange | undefined): boolean {
  if (range?.from !== undefined && compareKeys(key, range.from) < 0) return false
  return range?.to === undefined || compareKeys(key, range.to) <= 0
}

export const isRange = (key: Key | KeyRange): key is KeyRange => typeof key === 'object' && !Array.isArray(key)

const isKeyPart = (value: unknown): value is string | number => typeof value === 'string' || (typeof value === 'number' && !Number.isNaN(value))

/** The key of a record by the store's key path. @throws StudioError bug where the record has none */
export function keyOf(store: StoreName, record: object): Key {
  const path = keyPaths[store]
  const part = (name: string): string | number => {
    const value: unknown = (record as Record<string, unknown>)[name]
    if (!isKeyPart(value)) throw new StudioError({ code: 'bug', message: `invalid record; ${store} needs a text or number as ${name}: ${String(value)}` })
    return value
  }
  return typeof path === 'string' ? part(path) : path.map(part)
}

/** Everything below one first key part, such as all chunks of a dataset. */
export const chunksOf = (datasetId: string): KeyRange => ({ from: [datasetId, 0], to: [datasetId, Infinity] })
export const checkpointPartsOf = chunksOf
/** The same for stores whose second key part is text: predictions and explanations of a run, files of pictures of a project. */
export const recordsOf = (first: string): KeyRange => ({ from: [first, ''], to: [first, '\uffff'] })
export const recordsOfRun = recordsOf
