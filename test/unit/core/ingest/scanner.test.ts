import { readFileSync, readdirSync } from 'node:fs'
import Papa from 'papaparse'
import { describe, expect, it } from 'vitest'
import { StudioError } from '../../../../src/core/errors.ts'
import { limits } from '../../../../src/core/ingest/limits.ts'
import { scanAll } from '../../../support/scan.ts'

/** name, text, rows; what Go's encoding/csv and Python's csv agree on unless the name says otherwise. */
const cases: readonly (readonly [string, string, string[][]])[] = [
  ['simple', 'a,b,c\n', [['a', 'b', 'c']]],
  ['CRLF', 'a,b\r\nc,d\r\n', [['a', 'b'], ['c', 'd']]],
  ['lone CR', 'a,b\rc,d\r', [['a', 'b'], ['c', 'd']]],
  ['all three line ends', 'a\nb\r\nc\rd', [['a'], ['b'], ['c'], ['d']]],
  ['no end of line at the end', 'a,b', [['a', 'b']]],
  ['quoted', '"a","b"\n', [['a', 'b']]],
  ['doubled quotes', '"a ""word""","1""2",a\n', [['a "word"', '1"2', 'a']]],
  ['only doubled quotes', '""""""\n', [['""']]],
  ['one doubled quote at the end', '""""', [['"']]],
  ['empty quoted', '"",a,""', [['', 'a', '']]],
  ['line ends inside quotes stay', '"two\nlines","cr\r\nlf","c\rr"\nx,y,z', [['two\nlines', 'cr\r\nlf', 'c\rr'], ['x', 'y', 'z']]],
  ['delimiter inside quotes', '"a,b",c', [['a,b', 'c']]],
  ['quote in the middle is a character', 'a"b,c"\n', [['a"b', 'c"']]],
  ['blank before a quote makes it a character', ' "a", b', [[' "a"', ' b']]],
  ['blanks after a closing quote are ignored', '"a" ,"b"\t\n', [['a', 'b']]],
  ['blank lines are skipped', 'a,b\n\n\r\nc,d\n\n', [['a', 'b'], ['c', 'd']]],
  ['a line of blanks is a cell', 'a\n  \nb', [['a'], ['  '], ['b']]],
  ['a quoted empty cell is a row', 'a\n""\nb', [['a'], [''], ['b']]],
  ['empty cells', ',,\n,,', [['', '', ''], ['', '', '']]],
  ['trailing delimiter', 'a,b,\n', [['a', 'b', '']]],
  ['ragged rows are kept for the caller to refuse', 'a,b,c\nd,e\nf', [['a', 'b', 'c'], ['d', 'e'], ['f']]],
  ['NUL is a character', 'a\0b,c', [['a\0b', 'c']]],
  ['multi-byte characters', 'é,日本,🎈\n"ü",ß,x', [['é', '日本', '🎈'], ['ü', 'ß', 'x']]],
  ['a mark in the middle is a character', 'a,\ufeffb', [['a', '\ufeffb']]],
  ['quote at the very end of an unquoted cell', 'a",b', [['a"', 'b']]],
  ['empty text', '', []],
  ['only line ends', '\n\r\n\r', []],
  ['quoted cell before the end', 'a,"b"', [['a', 'b']]],
  ['prototype names', '__proto__,constructor\ntoString,x', [['__proto__', 'constructor'], ['toString', 'x']]],
  ['CR at the end inside quotes', '"a\r",b', [['a\r', 'b']]],
]

describe('scanner', () => {
  it.each(cases)('%s', (_, text, rows) => {
    expect(scanAll(text).rows).toEqual(rows)
  })
  it.each(cases)('%s, in pieces of 1 to 64 bytes', (_, text) => {
    const whole = scanAll(text)
    for (let size = 1; size <= 64; size++) expect(scanAll(text, {}, size)).toEqual(whole)
  })
  it('marks rows with text after a closing quote', () => {
    const { rows, spoiled } = scanAll('a,b\n"x"y,1\nc,d\n"e""f" g,2')
    expect(rows.length).toBe(4)
    expect(spoiled).toEqual([1, 3])
  })
  it('counts lines and bytes of the file', () => {
    const { lines, bytes } = scanAll('h\r\n"a\nb\r\nc"\r\n\rx\né\nz')
    // Lines: h | "a, b, c" on 2 to 4 | blank 5 | x 6 | é 7 | z 8. Bytes: h CR LF = 3, then 10 + CR LF, CR, x LF, é LF.
    expect(lines).toEqual([1, 2, 6, 7, 8])
    expect(bytes).toEqual([0, 3, 14, 16, 19])
  })
  it('takes other delimiters and quotes, or none', () => {
    expect(scanAll("a;'b;c'", { delimiter: ';', quote: "'" }).rows).toEqual([['a', 'b;c']])
    expect(scanAll('"a\t5" pipe', { delimiter: '\t', quote: '' }).rows).toEqual([['"a', '5" pipe']])
    expect(() => scanAll('a', { delimiter: '::' })).toThrow(/^invalid delimiter/)
  })
  it('reads an empty line of a one-column table as a missing cell', () => {
    expect(scanAll('a\n\nb\n', { columns: 1 }).rows).toEqual([['a'], [''], ['b']])
  })
  it('names an unclosed quote by line and byte', () => {
    const thrown = (text: string, columns: number | null, piece?: number): StudioError => {
      try {
        scanAll(text, { columns }, piece)
      } catch (error) {
        return error as StudioError
      }
      throw new Error('nothing thrown')
    }
    expect(thrown('a,b\n1,"x\n2,y\n', 2).details).toEqual({ line: 2, byte: 6 })
    // Found within a megabyte of ten, and the same for any size of pieces.
    const long = `a,b\n1,"x\n${'2,y\n'.repeat(2_500_000)}"`
    for (const piece of [4096, 1 << 22]) expect(thrown(long, 2, piece).details).toEqual({ line: 2, byte: 6 })
  })
  it('keeps a long quoted cell that does not look like rows', () => {
    const cell = 'word, word\n'.repeat(200_000)
    expect(scanAll(`a,b,c\n1,2,"${cell}"\n4,5,6`, { columns: 3 }, 65_536).rows[1]?.[2]).toBe(cell)
  })
  it('refuses a cell over the limit by line and byte', () => {
    const text = new Uint8Array(limits.cellBytes + 20).fill(120)
    text.set([97, 44, 98, 10, 49, 44], 0)
    expect(() => scanAll(text)).toThrow(new RegExp(`^invalid cell; a cell may be at most ${limits.cellBytes} bytes long: the one at byte 6, in the row of line 2`))
  })
})

describe('corpora', () => {
  const folder = 'node_modules/csv-spectrum'
  it.each(readdirSync(`${folder}/csvs`))('csv-spectrum %s', (file) => {
    const [header, ...rows] = scanAll(readFileSync(`${folder}/csvs/${file}`, 'utf8')).rows
    const answer = JSON.parse(readFileSync(`${folder}/json/${file.replace('.csv', '.json')}`, 'utf8')) as Record<string, string> | Record<string, string>[]
    const wanted = Array.isArray(answer) ? answer : [answer]
    // The corpus anonymised this number in its table and its answer differently.
    for (const row of wanted) if (row['Contact Phone Number'] === '1234567890') row['Contact Phone Number'] = '2095257564'
    expect(rows.map((row) => Object.fromEntries(row.map((cell, i) => [header?.[i] as string, cell])))).toEqual(wanted)
  })

  /** Texts of papaparse's own test cases, read out of its test file without running it. */
  const papaTexts = [...readFileSync('node_modules/papaparse/tests/test-cases.js', 'utf8').matchAll(/input: ('(?:[^'\\\n]|\\.)*'),\s*\n/g)].flatMap(([, literal]) => {
    const text = (literal as string).slice(1, -1).replace(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[^])/g, (_, code: string) =>
      code.length > 1 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : ({ n: '\n', r: '\r', t: '\t', b: '\b', v: '\v', f: '\f', 0: '\0' }[code] ?? code),
    )
    return [text]
  })
  /** Where the two part, and why. */
  const differs = (text: string): boolean =>
    // Papa fixes one line end for the whole file; a file may mix them.
    new Set(text.match(/\r\n|\r|\n/g)).size > 1 ||
    // Papa goes on looking for the end of a spoiled quoted cell; we end the cell and mark the row.
    scanOrNull(text) === null ||
    (scanOrNull(text)?.spoiled.length ?? 0) > 0 ||
    // Papa strips a byte order mark itself; ours goes before the scanner.
    text.startsWith('\ufeff')
  function scanOrNull(text: string): ReturnType<typeof scanAll> | null {
    try {
      return scanAll(text)
    } catch {
      return null
    }
  }
  it('papaparse agrees cell by cell on its own cases', () => {
    expect(papaTexts.length).toBeGreaterThan(100)
    const compared = papaTexts.filter((text) => !differs(text))
    expect(compared.length).toBeGreaterThan(0.7 * papaTexts.length)
    for (const text of compared) {
      // Papa guesses the line end inside quotes too; here it is told.
      const newline = (text.match(/\r\n|\r|\n/)?.[0] ?? '\n') as '\n' | '\r' | '\r\n'
      const papa = Papa.parse<string[]>(text, { delimiter: ',', quoteChar: '"', newline, skipEmptyLines: true }).data
      expect({ text, rows: scanAll(text).rows }).toEqual({ text, rows: papa })
    }
  })
})
