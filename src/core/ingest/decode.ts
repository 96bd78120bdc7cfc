/**
 * From the bytes of a file to UTF-8 bytes. The scanner reads UTF-8, so that a plain file is never copied
 * into strings; the other encodings are transcoded piece by piece, and positions are given in bytes of
 * the file. Labels and tables follow the WHATWG Encoding Standard (https://encoding.spec.whatwg.org).
 */
import { StudioError } from '../errors.ts'
import { percentOf } from '../percent.ts'
import type { Encoding, Guess } from './options.ts'

export interface EncodingGuess extends Guess<Encoding> {
  /** Bytes of the byte order mark, 0 without. */
  readonly bom: number
}

/** Bytes of the mark that belongs to an encoding, 0 where it does not stand there. */
export function bomLength(head: Uint8Array, encoding: Encoding): number {
  if (encoding === 'utf-8') return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
  if (encoding === 'utf-16le') return head[0] === 0xff && head[1] === 0xfe ? 2 : 0
  if (encoding === 'utf-16be') return head[0] === 0xfe && head[1] === 0xff ? 2 : 0
  return 0
}

/** Steps through UTF-8 across pieces; `taken` bytes of a sequence seen, `need` more, the next one within [low, high]. */
export interface Utf8State {
  taken: number
  need: number
  low: number
  high: number
}
export const utf8Start = (): Utf8State => ({ taken: 0, need: 0, low: 0x80, high: 0xbf })

/**
 * Where the first sequence begins that is not UTF-8, or undefined. The state carries a sequence cut by
 * the end of a piece into the next, so the answer may be negative: in the piece before. Overlong forms,
 * surrogates and values above U+10FFFF are invalid.
 */
export function invalidUtf8At(bytes: Uint8Array, state: Utf8State): number | undefined {
  const end = bytes.length
  let { taken, need, low, high } = state
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] as number
    if (need === 0) {
      if (byte < 0x80) continue
      taken = 1
      if (byte >= 0xc2 && byte <= 0xdf) need = 1
      else if (byte >= 0xe0 && byte <= 0xef) {
        need = 2
        if (byte === 0xe0) low = 0xa0
        if (byte === 0xed) high = 0x9f
      } else if (byte >= 0xf0 && byte <= 0xf4) {
        need = 3
        if (byte === 0xf0) low = 0x90
        if (byte === 0xf4) high = 0x8f
      } else return i
    } else {
      if (byte < low || byte > high) return i - taken
      low = 0x80
      high = 0xbf
      taken++
      need--
    }
  }
  state.taken = taken
  state.need = need
  state.low = low
  state.high = high
  return undefined
}

/** True where every byte is ASCII: the common case, told at memory speed. */
export function isAscii(bytes: Uint8Array): boolean {
  const words = bytes.byteOffset % 4 === 0 ? new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) : undefined
  let seen = 0
  if (words) for (let i = 0; i < words.length; i++) seen |= words[i] as number
  for (let i = words ? words.length * 4 : 0; i < bytes.length; i++) seen |= (bytes[i] as number) << 0
  return (seen & 0x80808080) === 0
}

const signatures: readonly (readonly [readonly number[], string, string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], 'a ZIP archive or an Excel workbook', 'Open it in its own program and save the table as CSV.'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an old Excel workbook', 'Open it in a spreadsheet program and save the table as CSV.'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF document', 'Copy the table into a spreadsheet and save it as CSV.'],
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG image', 'Choose a file that holds a table as text.'],
  [[0xff, 0xd8, 0xff], 'a JPEG image', 'Choose a file that holds a table as text.'],
  [[0x1f, 0x8b], 'a gzip archive', 'Unpack it first and choose the file inside.'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file', 'Save the table as CSV first.'],
  [[0x53, 0x51, 0x4c, 0x69, 0x74, 0x65], 'an SQLite database', 'Save one table as CSV first.'],
]

function refuseBinary(what: string, hint: string, details: Record<string, number>): never {
  throw new StudioError({ code: 'bad-data', message: `invalid text; the file must hold a table as text, and this is ${what}`, details, hint })
}

/**
 * Which encoding the beginning of a file is in, and why.
 * @param head the first bytes of the file, at best a megabyte
 * @param whole true where these are all
 * @throws StudioError bad-data where the bytes are not text
 */
export function guessEncoding(head: Uint8Array, whole: boolean): EncodingGuess {
  for (const [magic, what, hint] of signatures) {
    if (magic.every((byte, i) => head[i] === byte)) refuseBinary(what, hint, { byte: 0 })
  }
  for (const value of ['utf-8', 'utf-16le', 'utf-16be'] as const) {
    const bom = bomLength(head, value)
    if (bom > 0) return { value, bom, confidence: 1, reason: `The file begins with the ${value.toUpperCase()} byte order mark.` }
  }
  const nulAt = [0, 0]
  let controls = 0
  let firstNul = -1
  for (let i = 0; i < head.length; i++) {
    const byte = head[i] as number
    if (byte === 0) {
      nulAt[i & 1] = (nulAt[i & 1] as number) + 1
      if (firstNul < 0) firstNul = i
    } else if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12 && byte !== 27) controls++
  }
  const [even, odd] = nulAt as [number, number]
  const half = head.length / 2
  if (head.length >= 4 && odd > 0.3 * half && even < 0.02 * half) {
    return { value: 'utf-16le', bom: 0, confidence: 0.9, reason: `${percentOf(odd / half)} of the second bytes of a pair are zero, as in UTF-16 text.` }
  }
  if (head.length >= 4 && even > 0.3 * half && odd < 0.02 * half) {
    return { value: 'utf-16be', bom: 0, confidence: 0.9, reason: `${percentOf(even / half)} of the first bytes of a pair are zero, as in UTF-16 text.` }
  }
  const nuls = even + odd
  if (nuls > 0.001 * head.length && nuls > 1) {
    refuseBinary(`binary data: ${nuls} of the first ${head.length} bytes are zero, the first at byte ${firstNul}`, 'Choose a file that holds a table as text.', { byte: firstNul, nuls })
  }
  if (controls > 0.02 * head.length && controls > 8) {
    refuseBinary(`binary data: ${controls} of the first ${head.length} bytes are control characters`, 'Choose a file that holds a table as text.', { controls })
  }
  const state = utf8Start()
  const failed = invalidUtf8At(head, state) ?? (whole && state.need > 0 ? head.length - state.taken : undefined)
  if (failed === undefined) {
    const ascii = isAscii(head)
    return { value: 'utf-8', bom: 0, confidence: 1, reason: ascii ? 'Only plain ASCII characters so far, which UTF-8 reads as they are.' : 'Every byte so far is valid UTF-8.' }
  }
  return {
    value: 'windows-1252',
    bom: 0,
    confidence: 0.7,
    reason: `Byte ${failed} (0x${(head[failed] as number).toString(16)}) is not valid UTF-8, so the file is read as Windows-1252.`,
  }
}

/** Code points of 0x80 .. 0x9f in Windows-1252; the five unused bytes stay control characters. */
const windows1252 = [
  0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d, 0x017d, 0x8f,
  0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178,
]

export interface Transcoder {
  /** UTF-8 of the next bytes of the file. @param last true for the last call; the bytes may then be empty */
  transcode(bytes: Uint8Array, last: boolean): Uint8Array
  /** How many bytes of the file the UTF-8 bytes [from, to) came from. */
  measure(bytes: Uint8Array, from: number, to: number): number
}

/** @returns undefined for UTF-8, which needs none */
export function createTranscoder(encoding: Encoding): Transcoder | undefined {
  if (encoding === 'utf-8') return undefined
  return encoding === 'windows-1252' ? singleByte() : utf16(encoding === 'utf-16be')
}

function put(out: Uint8Array, at: number, point: number): number {
  if (point < 0x80) out[at++] = point
  else if (point < 0x800) {
    out[at++] = 0xc0 | (point >> 6)
    out[at++] = 0x80 | (point & 63)
  } else if (point < 0x10000) {
    out[at++] = 0xe0 | (point >> 12)
    out[at++] = 0x80 | ((point >> 6) & 63)
    out[at++] = 0x80 | (point & 63)
  } else {
    out[at++] = 0xf0 | (point >> 18)
    out[at++] = 0x80 | ((point >> 12) & 63)
    out[at++] = 0x80 | ((point >> 6) & 63)
    out[at++] = 0x80 | (point & 63)
  }
  return at
}

function singleByte(): Transcoder {
  return {
    transcode(bytes) {
      const out = new Uint8Array(bytes.length * 3)
      let at = 0
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i] as number
        at = put(out, at, byte >= 0x80 && byte < 0xa0 ? (windows1252[byte - 0x80] as number) : byte)
      }
      return out.subarray(0, at)
    },
    measure(bytes, from, to) {
      let count = 0
      for (let i = from; i < to; i++) if (((bytes[i] as number) & 0xc0) !== 0x80) count++
      return count
    },
  }
}

function utf16(bigEndian: boolean): Transcoder {
  let half = -1
  let lead = 0
  return {
    transcode(bytes, last) {
      const out = new Uint8Array((bytes.length + 4) * 2 + 8)
      let at = 0
      for (let i = 0; i < bytes.length; i++) {
        const byte = bytes[i] as number
        if (half < 0) {
          half = byte
          continue
        }
        const unit = bigEndian ? (half << 8) | byte : (byte << 8) | half
        half = -1
        if (lead !== 0) {
          if (unit >= 0xdc00 && unit < 0xe000) {
            at = put(out, at, 0x10000 + ((lead - 0xd800) << 10) + (unit - 0xdc00))
            lead = 0
            continue
          }
          at = put(out, at, 0xfffd)
          lead = 0
        }
        if (unit >= 0xd800 && unit < 0xdc00) lead = unit
        else at = put(out, at, unit >= 0xdc00 && unit < 0xe000 ? 0xfffd : unit)
      }
      if (last && (lead !== 0 || half >= 0)) at = put(out, at, 0xfffd)
      return out.subarray(0, at)
    },
    measure(bytes, from, to) {
      let count = 0
      for (let i = from; i < to; i++) {
        const byte = bytes[i] as number
        if ((byte & 0xc0) !== 0x80) count += byte >= 0xf0 ? 4 : 2
      }
      return count
    },
  }
}
