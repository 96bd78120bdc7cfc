/** Delimiter, quote, decimal mark and header of a table, from its beginning, each with a reason. */
import Papa from 'papaparse'
import { numberBodies, parseWritten } from './written-number.ts'
import { parseDatetime, datetimeLayouts } from '../datetime.ts'
import type { Guess, OptionGuesses, ParseOptions } from '../options.ts'
import { StudioError } from '../../errors.ts'
import { withoutBlanks } from './blanks.ts'
import { notNumber, numberClass } from './number.ts'
import { defaultMissing } from './cells.ts'
import { cellText, createScanner, type RowBatch } from './scanner.ts'
import { percentOf } from '../../percent.ts'

const candidates = [',', ';', '\t', '|'] as const
const nameOf = (delimiter: string): string => ({ ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'vertical bar' })[delimiter] ?? `"${delimiter}"`
/** Lines that decide: enough to be sure, few enough to be instant. */
const sampleRows = 500

/** Rows of cell text from the beginning of UTF-8 bytes; an unfinished last row is left out unless `whole`. */
export function headRows(head: Uint8Array, delimiter: string, quote: string, whole: boolean, most = sampleRows): string[][] {
  const scanner = createScanner({ delimiter, quote, columns: null })
  const rows: string[][] = []
  const take = (batch: RowBatch): void => {
    for (let row = 0; row < batch.rows && rows.length < most; row++) {
      const cells: string[] = []
      for (let cell = batch.firstCell[row] as number; cell < (batch.firstCell[row + 1] as number); cell++) cells.push(cellText(batch, cell, quote))
      rows.push(cells)
    }
  }
  try {
    for (let at = 0; at < head.length && rows.length < most; at += 65_536) take(scanner.push(head.subarray(at, at + 65_536)))
    if (rows.length < most && (whole || rows.length === 0)) take(scanner.end())
  } catch (thrown) {
    // A quote that this dialect leaves open: the rows before it are what there is to judge by.
    if (!(thrown instanceof StudioError)) throw thrown
  }
  return rows
}

interface Fit {
  readonly delimiter: string
  readonly columns: number
  /** Share of rows with that many cells. */
  readonly share: number
  /** The first line has that many cells too: decimal commas cut every line alike but for the header. */
  readonly firstFits: boolean
}
function fitOf(rows: readonly (readonly string[])[], delimiter: string): Fit {
  const counts = new Map<number, number>()
  for (const row of rows) counts.set(row.length, (counts.get(row.length) ?? 0) + 1)
  let columns = 1
  let most = 0
  for (const [length, count] of counts) {
    if (count > most || (count === most && length > columns)) {
      columns = length
      most = count
    }
  }
  return { delimiter, columns, share: rows.length === 0 ? 0 : most / rows.length, firstFits: rows[0]?.length === columns }
}

function guessDelimiter(head: Uint8Array, quote: string, whole: boolean): Guess<string> {
  const fits = candidates.map((delimiter) => fitOf(headRows(head, delimiter, quote, whole), delimiter)).filter((fit) => fit.columns > 1)
  // A delimiter that cuts most rows alike, the first included, beats one that cuts many ways; then the one that cuts more.
  const worth = (fit: Fit): number => (fit.firstFits ? 1 : 0.25) * fit.share * fit.share * Math.log2(fit.columns + 1)
  fits.sort((a, b) => worth(b) - worth(a))
  const best = fits[0]
  if (!best) return { value: ',', confidence: 0.6, reason: 'No comma, semicolon, tab or vertical bar cuts the lines: one column.' }
  const reason = `${percentOf(best.share)} of the first lines have ${best.columns} cells when cut at the ${nameOf(best.delimiter)}.`
  const second = secondOpinion(head, quote)
  const doubt = second !== best.delimiter && fits.some((fit) => fit.delimiter === second)
  return {
    value: best.delimiter,
    confidence: Math.round((doubt ? best.share / 2 : best.share) * 100) / 100,
    reason: doubt ? `${reason} The ${nameOf(second)} would fit too: look at the preview.` : reason,
  }
}

/** What an independent parser takes the delimiter for: where it differs, the person is asked to look. */
function secondOpinion(head: Uint8Array, quote: string): string {
  const text = new TextDecoder().decode(head.subarray(0, 65_536))
  return Papa.parse(text, { preview: 50, delimitersToGuess: [...candidates], quoteChar: quote || '"' }).meta.delimiter
}

function guessQuote(head: Uint8Array): Guess<'"' | "'" | ''> {
  let double = 0
  let single = 0
  const edge = (byte: number | undefined): boolean => byte === undefined || byte === 10 || byte === 13 || byte === 44 || byte === 59 || byte === 9 || byte === 124
  for (let i = 0; i < head.length; i++) {
    if (head[i] === 34 && (edge(head[i - 1]) || edge(head[i + 1]))) double++
    else if (head[i] === 39 && edge(head[i - 1])) single++
  }
  if (double === 0 && single > 3) {
    // Apostrophes also begin words; as quotes they come in pairs around cells.
    let closing = 0
    for (let i = 1; i < head.length; i++) if (head[i] === 39 && edge(head[i + 1])) closing++
    if (closing >= single * 0.9) return { value: "'", confidence: 0.8, reason: `${single} cells begin with a single quote, none with a double one.` }
  }
  return { value: '"', confidence: double > 0 ? 1 : 0.9, reason: double > 0 ? 'Cells begin or end with double quotes.' : 'No quoted cell so far; double quotes are the rule.' }
}

function guessDecimal(rows: readonly (readonly string[])[], delimiter: string): Guess<'.' | ','> {
  if (delimiter === ',') return { value: '.', confidence: 0.95, reason: 'The comma cuts the cells, so the point marks decimals.' }
  let commas = 0
  let points = 0
  for (const row of rows.slice(1)) {
    for (const cell of row) {
      if (/^\s*[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+\s*$/.test(cell)) commas++
      else if (/^\s*[+-]?\d*\.\d+\s*$/.test(cell)) points++
    }
  }
  if (commas > points) return { value: ',', confidence: commas > 10 * points ? 0.98 : 0.7, reason: `${commas} cells look like 1,5 and ${points} like 1.5.` }
  return { value: '.', confidence: points > 0 ? 0.98 : 0.8, reason: points > 0 ? `${points} cells look like 1.5 and ${commas} like 1,5.` : 'No decimal number so far; the point is the rule.' }
}

type Rough = 'missing' | 'number' | 'date' | 'text'
function roughKind(text: string, decimal: string): Rough {
  const trimmed = withoutBlanks(text)
  if (trimmed === '' || defaultMissing.includes(trimmed)) return 'missing'
  const bytes = new TextEncoder().encode(trimmed)
  if (numberClass(bytes, 0, bytes.length, decimal.charCodeAt(0)) !== notNumber) return 'number'
  if (numberBodies.some((body) => !Number.isNaN(parseWritten(`$${body}`, trimmed)) || !Number.isNaN(parseWritten(`${body}%`, trimmed)))) return 'number'
  return datetimeLayouts.some((layout) => !Number.isNaN(parseDatetime(layout, trimmed))) ? 'date' : 'text'
}

function guessHeader(rows: readonly (readonly string[])[], decimal: string): Guess<boolean> {
  const first = rows[0] ?? []
  const rest = rows.slice(1, 101)
  const kinds = first.map((cell) => roughKind(cell, decimal))
  const number = kinds.findIndex((kind) => kind === 'number' || kind === 'date')
  if (rest.length === 0) {
    return kinds.every((kind) => kind === 'text') ? { value: true, confidence: 0.6, reason: 'One line of words.' } : { value: false, confidence: 0.6, reason: 'One line with numbers in it.' }
  }
  let typed = 0
  let typedUnderText = 0
  let example = ''
  for (let c = 0; c < Math.min(first.length, 200); c++) {
    const below = rest.map((row) => roughKind(row[c] ?? '', decimal)).filter((kind) => kind !== 'missing')
    const values = below.filter((kind) => kind !== 'text').length
    if (below.length === 0 || values < 0.8 * below.length) continue
    typed++
    if (kinds[c] === 'text') {
      typedUnderText++
      example ||= first[c] as string
    }
  }
  if (typedUnderText > 0 && typedUnderText >= typed / 2) {
    return { value: true, confidence: 0.98, reason: `"${example.slice(0, 60)}" stands above numbers or dates, so the first line holds names.` }
  }
  if (number >= 0 && typed > 0) return { value: false, confidence: 0.9, reason: `The first line already holds values, such as "${(first[number] as string).slice(0, 60)}".` }
  if (new Set(first).size < first.length && first.some((cell) => cell !== '')) {
    const repeated = first.some((cell, c) => cell !== '' && rest.some((row) => row[c] === cell))
    if (repeated) return { value: false, confidence: 0.7, reason: 'The first line repeats itself and comes again below.' }
  }
  const again = first.filter((cell, c) => cell !== '' && rest.some((row) => row[c] === cell)).length
  if (first.length > 0 && again > first.length / 2) return { value: false, confidence: 0.7, reason: 'Most of the first line comes again further down.' }
  return { value: true, confidence: 0.7, reason: 'The first line does not come again below.' }
}

/**
 * @param head UTF-8 bytes from the beginning, without a byte order mark
 * @param whole true where these are all the bytes
 * @param chosen what a person settled; guesses build on it
 */
export function guessDialect(head: Uint8Array, whole: boolean, chosen: Partial<ParseOptions>): Omit<OptionGuesses, 'encoding'> {
  const given = <T>(value: T): Guess<T> => ({ value, confidence: 1, reason: 'Your choice.' })
  const quote = chosen.quote === undefined ? guessQuote(head) : given(chosen.quote)
  const delimiter = chosen.delimiter === undefined ? guessDelimiter(head, quote.value, whole) : given(chosen.delimiter)
  const rows = headRows(head, delimiter.value, quote.value, whole)
  const decimal = chosen.decimal === undefined ? guessDecimal(rows, delimiter.value) : given(chosen.decimal)
  const header = chosen.header === undefined ? guessHeader(rows, decimal.value) : given(chosen.header)
  return { delimiter, quote, decimal, header }
}

export interface HeaderNames {
  readonly names: readonly string[]
  /** What was changed, as sentences. */
  readonly notes: readonly string[]
}
/** Names of columns: trimmed; an empty one becomes column_3, a repeated one name_2. */
export function headerNames(cells: readonly string[]): HeaderNames {
  const taken = new Set<string>()
  const original = new Set(cells.map((cell) => cell.trim()))
  const notes: string[] = []
  const names = cells.map((cell, i) => {
    const trimmed = cell.trim()
    let name = trimmed === '' ? `column_${i + 1}` : trimmed
    if (taken.has(name)) {
      let n = 2
      while (taken.has(`${name}_${n}`) || original.has(`${name}_${n}`)) n++
      name = `${name}_${n}`
    }
    taken.add(name)
    if (trimmed === '') notes.push(`Column ${i + 1} has no name and is called ${name}.`)
    else if (name !== trimmed) notes.push(`The name "${trimmed.slice(0, 60)}" comes again; column ${i + 1} is called "${name.slice(0, 60)}".`)
    return name
  })
  return { names, notes }
}
