import fc from 'fast-check'
import Papa from 'papaparse'
import { describe, expect, it } from 'vitest'
import { numberClass, notNumber, parseNumber } from '../../src/core/ingest/csv/number.ts'
import { csvCell, protectText, unprotectText, writeCsv } from '../../src/core/ingest/csv-write.ts'
import { datetimeLayouts, formatDatetime, parseDatetime } from '../../src/core/ingest/datetime.ts'
import { bomLength, createTranscoder, guessEncoding, invalidUtf8At, utf8Start } from '../../src/core/ingest/decode.ts'
import { createSha256 } from '../../src/core/ingest/sha256.ts'
import { sha256 } from '../../src/core/ids.ts'
import { scanAll } from '../support/scan.ts'

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
/** Cells that go wrong: quotes, line ends, delimiters, blanks, formulas, signs, prototype names. */
const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.array(fc.constantFrom('"', ',', ';', '\n', '\r', ' ', '\t', "'", '=', '-', '+', '@', 'a', '1', 'é', '\0'), { maxLength: 6 }).map((parts) => parts.join('')),
  fc.constantFrom('__proto__', '=1+1', '-5', '-5.00', "'=x", "''@", '+1', '-x', '"', '""'),
)

describe('CSV', () => {
  it('what is written is read, whatever the size of pieces', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }).chain((columns) => fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 6 })), fc.integer({ min: 1, max: 64 }), (table, piece) => {
        const [header, ...rows] = table as [string[], ...string[][]]
        const bytes = writeCsv(header, rows)
        const read = scanAll(bytes, { columns: header.length }, piece).rows.map((row) => row.map(unprotectText))
        expect(read).toEqual(table)
      }),
      { numRuns: 400 },
    )
  })
  it('any text gives the same rows, lines and bytes for any size of pieces', () => {
    const text = fc.array(fc.constantFrom('"', '"', ',', '\n', '\r', '\r\n', 'a', 'é', ' '), { maxLength: 40 }).map((parts) => parts.join(''))
    const attempt = (source: string, piece: number): unknown => {
      try {
        return scanAll(source, {}, piece)
      } catch (error) {
        return String(error)
      }
    }
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (source, piece) => {
        expect(attempt(source, piece)).toEqual(attempt(source, 1000))
      }),
      { numRuns: 1000 },
    )
  })
  it('agrees with papaparse on well-formed tables', () => {
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 }), (rows) => {
        const text = Papa.unparse(rows, { newline: '\n', quotes: true })
        expect(scanAll(text).rows).toEqual(Papa.parse<string[]>(text, { delimiter: ',', newline: '\n' }).data)
      }),
      { numRuns: 300 },
    )
  })
  it('no text leaves as a formula, numbers keep their sign, and the mark can be taken off again', () => {
    fc.assert(
      fc.property(cell, (text) => {
        const safe = protectText(text)
        expect(unprotectText(safe)).toBe(text)
        if (/^[=+\-@\t\r]/.test(safe)) expect(Number.isFinite(Number(safe))).toBe(true)
      }),
      { numRuns: 2000 },
    )
    expect([csvCell('-5.00'), csvCell(-5), csvCell('=1+1'), csvCell("'=x"), csvCell('-x'), csvCell(null), csvCell('')]).toEqual(['-5.00', '-5', "'=1+1", "''=x", "'-x", '', '""'])
  })
})

describe('numbers', () => {
  const parsed = (text: string, decimal = '.'): number => {
    const bytes = bytesOf(text)
    return parseNumber(bytes, 0, bytes.length, decimal.charCodeAt(0))
  }
  const agrees = (text: string): void => {
    const wanted = Number(text)
    expect({ text, value: parsed(text) }).toEqual({ text, value: Number.isFinite(wanted) ? wanted : Number.NaN })
    const bytes = bytesOf(text)
    expect(numberClass(bytes, 0, bytes.length, 46) !== notNumber).toBe(!Number.isNaN(wanted))
  }
  it('equal Number(text) for every finite number as JavaScript writes it', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => agrees(String(value))),
      { numRuns: 5000 },
    )
  })
  it('equal Number(text) for any digits, marks and exponents', () => {
    const digits = fc.stringMatching(/^\d{0,21}$/)
    const number = fc.tuple(fc.constantFrom('', '-', '+'), digits, fc.constantFrom('', '.'), digits, fc.constantFrom('', 'e', 'E-', 'e+'), fc.integer({ min: 0, max: 40 })).map(([sign, a, mark, b, e, power]) => {
      const text = `${sign}${a}${mark}${mark === '' ? '' : b}${e === '' ? '' : `${e}${power}`}`
      return /\d/.test(a + (mark === '' ? '' : b)) ? text : `${text.replace(/e.*$/i, '')}1`
    })
    fc.assert(
      fc.property(number, (text) => {
        if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return
        agrees(text)
      }),
      { numRuns: 20_000 },
    )
  })
  it('equal Number(text) halfway between two doubles', () => {
    for (const text of ['9007199254740993', '9007199254740992.5', '9007199254740993.0001', '0.1000000000000000055', '1.0000000000000002220', '123456789012345678', '5e-324', '2.2250738585072011e-308', '1.7976931348623157e308', '8.5', '0.30000000000000004', '-0', '0e5', '00.5', '1e22', '1e23']) agrees(text)
  })
  it('are not everything that Number takes', () => {
    for (const text of ['', ' ', '.', '-', '+', 'e5', '1e', '1e+', '0x10', 'Infinity', 'inf', 'NaN', '1,5', '1 2', '1_000', '--1', '1.2.3', '1e999']) expect({ text, value: parsed(text) }).toEqual({ text, value: Number.NaN })
    expect([parsed('1,5', ','), parsed(' -2,25 ', ','), parsed('1.5', ',')]).toEqual([1.5, -2.25, Number.NaN])
  })
})

describe('datetimes', () => {
  it.each(datetimeLayouts)('%s reads what it wrote', (layout) => {
    // The years that the layout can write: 1 to 9999, or 1969 to 2068, or one day.
    const [min, max] = layout.startsWith('HH') ? [0, 86_399] : layout.includes('yyyy') ? ([-62_135_596_800, 253_402_300_799] as const) : ([-31_536_000, 3_124_223_999] as const)
    fc.assert(
      fc.property(fc.integer({ min, max }), (seconds) => {
        const text = formatDatetime(layout, seconds)
        const read = parseDatetime(layout, text)
        expect(formatDatetime(layout, read)).toBe(text)
        if (layout.includes('ss')) expect(read).toBe(seconds)
      }),
      { numRuns: 100 },
    )
  })
  it('agree with Date', () => {
    fc.assert(
      fc.property(fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }), (seconds) => {
        const iso = `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
        expect(formatDatetime('yyyy-MM-ddTHH:mm:ssZ', seconds)).toBe(iso)
        expect(parseDatetime('yyyy-MM-ddTHH:mm:ssZ', iso)).toBe(seconds)
      }),
      { numRuns: 500 },
    )
    expect(parseDatetime('yyyy-MM-ddTHH:mm:ssZ', '2020-03-01T00:30:00+01:00')).toBe(Date.UTC(2020, 1, 29, 23, 30) / 1000)
    expect(parseDatetime('MMM dd, yyyy', 'March 3, 2021')).toBe(Date.UTC(2021, 2, 3) / 1000)
    expect(parseDatetime('MMM dd yyyy', 'Jun 12 1998')).toBe(Date.UTC(1998, 5, 12) / 1000)
    expect(parseDatetime('MMM dd yyyy', 'Jan 1 2000')).toBe(Date.UTC(2000, 0, 1) / 1000)
    for (const text of ['2021-02-29', '2020-13-01', '2020-00-10', '2020-1-1', '2020-01-01 ', ' 2020-01-01x']) expect(Number.isNaN(parseDatetime('yyyy-MM-dd', text))).toBe(text !== '2020-01-01 ')
  })
})

describe('encodings', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 }).map((value) => `a,b\n${value}`)
  const utf16 = (value: string, bigEndian: boolean): Uint8Array => {
    const bytes = new Uint8Array(value.length * 2)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < value.length; i++) view.setUint16(i * 2, value.charCodeAt(i), !bigEndian)
    return bytes
  }
  it.each([['utf-16le', false], ['utf-16be', true]] as const)('%s becomes UTF-8 in pieces of any size, and is measured', (encoding, bigEndian) => {
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 9 }), (value, size) => {
        const transcoder = createTranscoder(encoding)
        const source = utf16(value, bigEndian)
        const parts: number[] = []
        for (let at = 0; at < source.length; at += size) parts.push(...(transcoder?.transcode(source.subarray(at, at + size), at + size >= source.length) ?? []))
        expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(parts))).toBe(value)
        expect(transcoder?.measure(Uint8Array.from(parts), 0, parts.length)).toBe(source.length)
      }),
    )
  })
  it('windows-1252 by its table at unicode.org (Node 20 itself reads 0x80 to 0x9f as Latin-1)', () => {
    const source = Uint8Array.from({ length: 256 }, (_, i) => i)
    const transcoder = createTranscoder('windows-1252')
    const utf8 = transcoder?.transcode(source, true) as Uint8Array
    expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(utf8)).toBe(
      Array.from({ length: 256 }, (_, i) => (i >= 0x80 && i < 0xa0 ? [...'€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'][i - 0x80] : String.fromCharCode(i))).join(''),
    )
    expect(transcoder?.measure(utf8, 0, utf8.length)).toBe(256)
  })
  it('tells valid UTF-8 as the platform does, in pieces', () => {
    const bytes = fc.oneof(fc.uint8Array({ maxLength: 12 }), text.map(bytesOf), fc.array(fc.constantFrom(0xe0, 0xed, 0xf0, 0xf4, 0xc0, 0xc2, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0x41), { maxLength: 8 }).map((list) => Uint8Array.from(list)))
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 5 }), (source, size) => {
        const state = utf8Start()
        let failed = false
        for (let at = 0; at < source.length && !failed; at += size) failed = invalidUtf8At(source.subarray(at, at + size), state) !== undefined
        let wanted = false
        try {
          new TextDecoder('utf-8', { fatal: true }).decode(source)
        } catch {
          wanted = true
        }
        expect(failed || state.need > 0).toBe(wanted)
      }),
      { numRuns: 2000 },
    )
  })
  it('is guessed with its reason', () => {
    const guess = (bytes: ArrayLike<number>) => guessEncoding(Uint8Array.from(bytes), true)
    expect(guess([0xef, 0xbb, 0xbf, 97])).toMatchObject({ value: 'utf-8', bom: 3, confidence: 1 })
    expect(guess([0xff, 0xfe, 97, 0])).toMatchObject({ value: 'utf-16le', bom: 2 })
    expect(guess([0xfe, 0xff, 0, 97])).toMatchObject({ value: 'utf-16be', bom: 2 })
    expect(guess(utf16('a,b\n1,2', false))).toMatchObject({ value: 'utf-16le', bom: 0 })
    expect(guess(utf16('a,b\n1,2', true))).toMatchObject({ value: 'utf-16be', bom: 0 })
    expect(guess(bytesOf('café,1'))).toMatchObject({ value: 'utf-8', confidence: 1 })
    expect(guess([99, 97, 102, 0xe9, 44, 49])).toMatchObject({ value: 'windows-1252', reason: 'Byte 3 (0xe9) is not valid UTF-8, so the file is read as Windows-1252.' })
    expect(guess([99, 0xe9]).value).toBe('windows-1252')
    expect(bomLength(Uint8Array.of(0xef, 0xbb, 0xbf), 'utf-16le')).toBe(0)
  })
})

describe('SHA-256 in pieces', () => {
  it('equals the platform', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 130 }), async (bytes, size) => {
        const hash = createSha256()
        for (let at = 0; at < bytes.length; at += size) hash.update(bytes.subarray(at, at + size))
        expect(hash.digest()).toBe(await sha256(Uint8Array.from(bytes)))
      }),
      { numRuns: 200 },
    )
  })
})
