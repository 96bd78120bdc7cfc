/**
 * Numbers as people write them: digits in groups of three, a currency or per cent sign beside them. A layout
 * is an example: '1,234.5', '$1.234,5', "1'234.5 CHF", '1234.5%'. The sign is dropped, so 74.5% is 74.5.
 * Ingest, Predict, the terminal and the served model read a column by the layout that its signature keeps.
 */
import { contentFrom, contentTo } from './blanks.ts'
import { parseNumber } from './number.ts'

/** Digits of a layout, without its sign; of two that read a column alike the first is taken. */
export const numberBodies = ['1234.5', '1234,5', '1,234.5', '1.234,5', '1 234.5', '1 234,5', "1'234.5"] as const

/** Longest first, so that "US$" is not taken for "$". All before "%" stand on either side of the digits. */
const signs = ['US$', 'R$', '$', '€', '£', '¥', '₹', '₩', 'USD', 'EUR', 'GBP', 'CHF', 'JPY', 'INR', 'kr', 'zł', '%']
const encoder = new TextEncoder()
const signBytes = signs.map((sign) => encoder.encode(sign))
/** First bytes of a cell that may be a number with a sign: digits, + - . , and those of the signs. */
const mayStart = new Uint8Array(256)
for (const bytes of [encoder.encode('0123456789+-.,'), ...signBytes.slice(0, -1).map((sign) => sign.subarray(0, 1))]) for (const byte of bytes) mayStart[byte] = 1

/** Longer cells are no numbers that anyone writes. */
const longest = 64
const scratch = new Uint8Array(longest)

const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57
/** Bytes of a no-break blank at `at` (U+00A0, U+202F, U+2009), else 0. */
function wideBlank(bytes: Uint8Array, at: number): number {
  if (bytes[at] === 0xc2 && bytes[at + 1] === 0xa0) return 2
  return bytes[at] === 0xe2 && bytes[at + 1] === 0x80 && (bytes[at + 2] === 0xaf || bytes[at + 2] === 0x89) ? 3 : 0
}

function startsWith(bytes: Uint8Array, at: number, to: number, wanted: Uint8Array): boolean {
  if (at + wanted.length > to) return false
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false
  return true
}

/** A cell without its sign: digits, marks and groups in `scratch`, blanks between as one 32. */
interface Bare {
  /** Index into the signs; -1 for none. */
  sign: number
  /** The sign stands before the digits. */
  front: boolean
  length: number
}
const bare: Bare = { sign: -1, front: true, length: 0 }

/** Fills `scratch`; false where the bytes write no number with at most one sign. */
function strip(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from > longest || to === from || mayStart[bytes[from] as number] === 0) return false
  bare.sign = -1
  bare.length = 0
  let i = from
  while (i < to) {
    const byte = bytes[i] as number
    const wide = wideBlank(bytes, i)
    if (isDigit(byte) || byte === 43 || byte === 45 || byte === 46 || byte === 44 || byte === 39) {
      scratch[bare.length++] = byte
      i++
    } else if (isBlank(byte) || wide > 0) {
      // A blank counts between digits alone; beside a sign it is room.
      if (bare.length > 0 && isDigit(scratch[bare.length - 1]) && isDigit(bytes[i + (wide || 1)])) scratch[bare.length++] = 32
      i += wide || 1
    } else {
      const found = signBytes.findIndex((sign) => startsWith(bytes, i, to, sign))
      // One sign, before all digits or behind them.
      if (found < 0 || bare.sign >= 0) return false
      const end = i + (signBytes[found] as Uint8Array).length
      const before = bare.length === 0 || (bare.length === 1 && !isDigit(scratch[0]))
      if (!before && end !== to) return false
      if (before && found === signs.length - 1) return false
      bare.sign = found
      bare.front = before
      i = end
    }
  }
  return bare.length > 0
}

/** The value of `scratch` read by one body; NaN where its groups are not of three digits. */
function read(body: string): number {
  const decimal = body.charCodeAt(body.length - 2)
  const group = body.length === 7 ? body.charCodeAt(1) : -1
  let at = 0
  let grouped = 0
  let run = 0
  let zero = false
  let fraction = false
  for (let i = 0; i < bare.length; i++) {
    const byte = scratch[i] as number
    if (byte === group) {
      // 1 to 3 digits without a leading zero, then three each.
      if (fraction || (grouped === 0 ? run < 1 || run > 3 || zero : run !== 3)) return Number.NaN
      grouped++
      run = 0
      continue
    }
    if (byte === decimal && !fraction) {
      if (grouped > 0 && run !== 3) return Number.NaN
      fraction = true
    } else if (isDigit(byte)) {
      if (run === 0 && grouped === 0) zero = byte === 48
      run++
    } else if (byte === 32 || byte === 39) return Number.NaN
    scratch2[at++] = byte
  }
  if (!fraction && grouped > 0 && run !== 3) return Number.NaN
  return parseNumber(scratch2, 0, at, decimal)
}
const scratch2 = new Uint8Array(longest)

const bodies = new Map<string, string>()
/** The digits of a layout: what is left without its sign. */
function bodyOf(layout: string): string {
  let body = bodies.get(layout)
  if (body === undefined) bodies.set(layout, (body = numberBodies.find((each) => layout.includes(each) && (each.length === 7 || !numberBodies.some((longer) => longer.length === 7 && layout.includes(longer)))) ?? '1234.5'))
  return body
}

/** The decimal mark of a layout. */
export const decimalOf = (layout: string): '.' | ',' => bodyOf(layout).at(-2) as '.' | ','

/** The finite number that bytes [from, to) write in a layout, groups and sign there or not; NaN for none. */
export function parseWrittenBytes(layout: string, bytes: Uint8Array, from: number, to: number): number {
  from = contentFrom(bytes, from, to)
  to = contentTo(bytes, from, to)
  if (!strip(bytes, from, to)) return parseNumber(bytes, from, to, decimalOf(layout).charCodeAt(0))
  if (bare.sign >= 0 && !layout.includes(signs[bare.sign] as string)) return Number.NaN
  return read(bodyOf(layout))
}
export function parseWritten(layout: string, text: string): number {
  const bytes = encoder.encode(text)
  return parseWrittenBytes(layout, bytes, 0, bytes.length)
}

/** What the survey keeps of the cells that are no plain numbers. */
export interface WrittenSurvey {
  /** Cells looked at, and by body those it reads. */
  tried: number
  readonly hits: Int32Array
  /** Of those with blanks between digits, how many also show a decimal mark or a sign: phone numbers do not. */
  telling: number
  sign: number
  /** Cells with that sign; another sign among them ends it. */
  signed: number
  front: boolean
  alive: boolean
  first: { readonly text: string; readonly line: number } | null
}
export const newWrittenSurvey = (): WrittenSurvey => ({ tried: 0, hits: new Int32Array(numberBodies.length), telling: 0, sign: -1, signed: 0, front: true, alive: true, first: null })

const patience = 50

/** One more cell that is no plain number. @returns true where some body reads it */
export function tryWritten(survey: WrittenSurvey, bytes: Uint8Array, from: number, to: number): boolean {
  survey.tried++
  let any = false
  if (strip(bytes, from, to)) {
    numberBodies.forEach((body, i) => {
      if (Number.isNaN(read(body))) return
      survey.hits[i] = (survey.hits[i] as number) + 1
      any = true
    })
    if (any && bare.sign >= 0) {
      if (survey.sign < 0) {
        survey.sign = bare.sign
        survey.front = bare.front
      }
      if (survey.sign === bare.sign) survey.signed++
      else survey.alive = false
    }
    if (any && (bare.sign >= 0 || scratch.subarray(0, bare.length).some((byte) => byte === 44 || byte === 46))) survey.telling++
  }
  if (survey.tried >= patience && Math.max(...survey.hits) < survey.tried * 0.9) survey.alive = false
  return any
}

export interface WrittenVerdict {
  readonly layout: string
  /** Cells that are numbers so, the plain ones among them. */
  readonly hits: number
}

/**
 * The layout that reads most of a column.
 * @param whole plain whole numbers of the column @param decimals plain decimal numbers
 * @param grouped of those decimals, the ones that a group of three digits could be ("1.234")
 * @param decimal the file's decimal mark: decides where "1,234" could be either
 */
export function bestWritten(survey: WrittenSurvey, whole: number, decimals: number, grouped: number, decimal: string): WrittenVerdict | undefined {
  if (!survey.alive || survey.tried === 0) return undefined
  let best = -1
  let most = 0
  const order = numberBodies.map((_, i) => i).sort((a, b) => Number(numberBodies[b]?.at(-2) === decimal) - Number(numberBodies[a]?.at(-2) === decimal) || a - b)
  for (const i of order) {
    const body = numberBodies[i] as string
    if (survey.hits[i] === 0 || (body[1] === ' ' && survey.telling === 0)) continue
    const plain = whole + (body.at(-2) === decimal ? decimals : body[1] === decimal ? grouped : 0)
    const hits = (survey.hits[i] as number) + plain
    if (hits > most) [best, most] = [i, hits]
  }
  if (best < 0) return undefined
  // Half the cells with a per cent sign and half without are not of one unit.
  if (survey.sign >= 0 && survey.signed < 0.99 * most) return undefined
  const sign = survey.sign < 0 ? '' : (signs[survey.sign] as string)
  const room = sign.length > 2 ? ' ' : ''
  const body = numberBodies[best] as string
  return { layout: sign === '' ? body : survey.front ? `${sign}${room}${body}` : `${body}${room || (sign === '%' ? '' : ' ')}${sign}`, hits: most }
}
