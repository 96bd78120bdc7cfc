/** What the model answers without having learnt it: categories that training never saw, values beyond its range. Not errors; told beside the answer. */
import { formatDatetime } from '../ingest/datetime.ts'
import { missingTime } from './encode.ts'
import type { Feed } from './encode.ts'
import type { Signature, SignatureInput } from './signature.ts'

export interface Notice {
  readonly level: 'warning'
  readonly kind: 'unseen' | 'out-of-range' | 'not-whole' | 'in-part' | 'missing-column' | 'extra-column' | 'unknown-param'
  /** Or the parameter. */
  readonly column: string
  /** From 1; absent for a whole column and for what is only counted. */
  readonly row?: number
  readonly count: number
  readonly text: string
}

/** Cells told one by one for each kind and column; the rest is counted. */
const told = 20

const sets = new WeakMap<SignatureInput, ReadonlySet<string>>()
/** Categories seen in training, as a set made once. */
export function seenCategories(input: SignatureInput): ReadonlySet<string> {
  const known = sets.get(input) ?? new Set(input.categories ?? [])
  sets.set(input, known)
  return known
}

export const unseenText = (value: string): string => `Training never saw "${value.slice(0, 60)}".`
/** @param value number, or seconds for a datetime */
export function rangeText(input: SignatureInput, value: number): string {
  const write = (number: number): string => (input.kind === 'datetime' ? formatDatetime(input.layout ?? 'epoch-seconds', number) : String(number))
  return `${write(value)} is outside ${write(input.min ?? Number.NaN)} to ${write(input.max ?? Number.NaN)}, which training saw.`
}

/** Problem of one cell as a sentence, or undefined. Numbers are compared in float32, as they enter the graph. */
function noticeAt(input: SignatureInput, feed: Feed, row: number): { readonly kind: 'unseen' | 'out-of-range' | 'not-whole'; readonly text: string } | undefined {
  if (feed.type === 'string') {
    const value = feed.values[row] as string
    return value === '' || !input.categories || seenCategories(input).has(value) ? undefined : { kind: 'unseen', text: unseenText(value) }
  }
  if (input.kind === 'boolean') return undefined
  if (input.integer && feed.type === 'float' && Number.isFinite(feed.values[row]) && !Number.isInteger(feed.values[row])) {
    return { kind: 'not-whole', text: `${Number((feed.values[row] as number).toPrecision(7))} is not a whole number; training saw whole numbers alone.` }
  }
  if (input.min === undefined || input.max === undefined) return undefined
  if (feed.type === 'int64') {
    const value = feed.values[row] as bigint
    if (value === missingTime || (value >= input.min && value <= input.max)) return undefined
    return { kind: 'out-of-range', text: rangeText(input, Number(value)) }
  }
  const value = feed.values[row] as number
  if (!(value < Math.fround(input.min) || value > Math.fround(input.max))) return undefined
  return { kind: 'out-of-range', text: rangeText(input, Number(value.toPrecision(7))) }
}

/** In the order of columns, then rows. @param feeds one for each input, in the signature's order */
export function noticesOf(signature: Signature, feeds: readonly Feed[], rows: number): Notice[] {
  const notices: Notice[] = []
  signature.inputs.forEach((input, i) => {
    const counts = new Map<Notice['kind'], number>()
    for (let row = 0; row < rows; row++) {
      const found = noticeAt(input, feeds[i] as Feed, row)
      if (!found) continue
      const count = (counts.get(found.kind) ?? 0) + 1
      counts.set(found.kind, count)
      if (count <= told) notices.push({ level: 'warning', kind: found.kind, column: input.name, row: row + 1, count: 1, text: found.text })
    }
    for (const [kind, count] of counts) {
      if (count > told) notices.push({ level: 'warning', kind, column: input.name, count: count - told, text: `${(count - told).toLocaleString('en')} more such cells in this column.` })
    }
  })
  return notices
}
