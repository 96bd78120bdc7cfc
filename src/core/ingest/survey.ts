/**
 * The first pass: looks at every cell of every column and counts what it could be, so that a column's
 * kind is decided from all rows, never from the first hundred.
 */
import { contentFrom, contentTo, withoutBlanks } from './csv/blanks.ts'
import { decimalNumber, leadingZero, notNumber, numberClass } from './csv/number.ts'
import type { MissingTexts } from './csv/cells.ts'
import { bestWritten, newWrittenSurvey, tryWritten, type WrittenSurvey, type WrittenVerdict } from './csv/written-number.ts'
import { cellText, type RowBatch } from './csv/scanner.ts'
import { hashBytes } from './cell-set.ts'
import { datetimeLayouts, parseDatetimeBytes, rivals } from './datetime.ts'

/** Distinct values are counted exactly up to here. */
export const surveyDistinctLimit = 20_000
/** A column with so many decimal numbers is a quantity; how many more values it has is not worth counting. */
const enoughMeasures = 2_000
/** After this many cells, layouts that fit too few are no longer tried. */
const datePatience = 200
/** Of digits alone: no other layout reads what is a number, and 10,000 columns of numbers would be tried 38 times a cell. */
const plainLayouts: readonly number[] = datetimeLayouts.flatMap((layout, i) => (/^[a-z]+$/i.test(layout) ? [i] : []))
/** For each layout the one that reads the same texts with day and month swapped, or -1. */
const rivalOf: readonly number[] = datetimeLayouts.map((layout) => {
  const other = rivals.find((pair) => pair.includes(layout))?.find((name) => name !== layout)
  return datetimeLayouts.findIndex((name) => name === other)
})

export interface Misfit {
  readonly line: number
  readonly text: string
}
export interface ColumnSurvey {
  cells: number
  missing: number
  numbers: number
  decimals: number
  leadingZeros: number
  firstLeadingZero: Misfit | null
  firstNotNumber: Misfit | null
  /** The first that is no number in any layout either. */
  firstNotWritten: Misfit | null
  /** Distinct texts; `distinctCapped` once there were more than the limit. */
  distinct: number
  distinctCapped: boolean
  /** Non-missing cells seen when the limit was reached: equal to the limit + 1 where no value came twice. */
  cellsAtCap: number
  /** Whole numbers that each are one more than the one before. */
  consecutive: boolean
  last: number
  characters: number
  spaces: number
  /** Values with a no-break or other wide blank next to their content. */
  wideBlanks: number
  longest: number
  /** The first distinct texts, at most 4: enough to tell booleans. */
  readonly samples: string[]
  dates: DateSurvey
  /** Cells that are no plain numbers, tried with groups of digits and signs. */
  written: WrittenSurvey
  /** Decimal numbers whose mark could as well set off a group of three digits: "1.234". */
  groups: number
}
interface DateSurvey {
  /** Indices into datetimeLayouts still tried. */
  alive: number[]
  tried: number
  hits: Int32Array
  /** Pairs of moments out of order, by layout: tells rival layouts apart. */
  disorder: Int32Array
  lastMoment: Float64Array
  /** First text that a layout could not read and its rival could. */
  firstMiss: (Misfit | null)[]
}

export interface Survey {
  rows: number
  readonly columns: readonly ColumnSurvey[]
  add(batch: RowBatch, rows: Uint32Array): void
}

export interface SurveyOptions {
  readonly columns: number
  readonly missing: MissingTexts
  readonly decimal: string
  readonly quote: string
}

/** Fingerprints of texts (64 bits in two halves), open addressing. */
class DistinctSet {
  size = 0
  private capacity = 64
  private low = new Uint32Array(64)
  private high = new Uint32Array(64)
  /** @returns true where the text is new */
  add(a: number, b: number): boolean {
    const key = b | 1
    const mask = this.capacity - 1
    let slot = a & mask
    while (this.high[slot] !== 0) {
      if (this.low[slot] === a && this.high[slot] === key >>> 0) return false
      slot = (slot + 1) & mask
    }
    this.low[slot] = a
    this.high[slot] = key
    this.size++
    if (this.size * 2 > this.capacity) this.grow()
    return true
  }
  private grow(): void {
    const { low, high } = this
    this.capacity *= 2
    this.low = new Uint32Array(this.capacity)
    this.high = new Uint32Array(this.capacity)
    this.size = 0
    for (let i = 0; i < low.length; i++) if (high[i] !== 0) this.add(low[i] as number, high[i] as number)
  }
}
/** A second, independent hash. */
function secondHash(bytes: Uint8Array, from: number, to: number): number {
  let hash = (to - from) ^ 0x9e3779b9
  for (let i = from; i < to; i++) hash = Math.imul(((hash << 5) | (hash >>> 27)) ^ (bytes[i] as number), 0x85ebca6b)
  return hash ^ (hash >>> 13)
}

export function createSurvey(options: SurveyOptions): Survey {
  const decimal = options.decimal.charCodeAt(0)
  const { first, has } = options.missing
  const sets: (DistinctSet | null)[] = []
  const columns: ColumnSurvey[] = Array.from({ length: options.columns }, () => {
    sets.push(new DistinctSet())
    return {
      cells: 0, missing: 0, numbers: 0, decimals: 0, leadingZeros: 0, firstLeadingZero: null, firstNotNumber: null, firstNotWritten: null,
      distinct: 0, distinctCapped: false, cellsAtCap: 0, consecutive: true, last: Number.NaN,
      characters: 0, spaces: 0, wideBlanks: 0, longest: 0, samples: [], dates: newDates(), written: newWrittenSurvey(), groups: 0,
    }
  })

  function look(survey: ColumnSurvey, index: number, batch: RowBatch, rows: Uint32Array): void {
    const { bytes, starts, ends, firstCell } = batch
    const misfit = (row: number, cell: number): Misfit => ({ line: batch.lines[row] as number, text: cellText(batch, cell, options.quote).slice(0, 60) })
    let set = sets[index] ?? null
    let { missing, numbers, decimals } = survey
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k] as number
      const cell = (firstCell[row] as number) + index
      const start = starts[cell] as number
      const end = ends[cell] as number
      const from = contentFrom(bytes, start, end)
      const to = contentTo(bytes, from, end)
      if (from === to || (first[bytes[from] as number] === 1 && has(bytes, from, to))) {
        missing++
        continue
      }
      if ((from > start && (bytes[from - 1] as number) >= 0x80) || (to < end && (bytes[to] as number) >= 0x80)) survey.wideBlanks++
      const kind = numberClass(bytes, from, to, decimal)
      if (kind !== notNumber) {
        numbers++
        if (kind === decimalNumber) {
          decimals++
          if (bytes[to - 4] === decimal && to - from > 4 && to - from < 9 && bytes[from] !== 48) survey.groups++
        } else if (kind === leadingZero) {
          survey.leadingZeros++
          survey.firstLeadingZero ??= misfit(row, cell)
        }
      } else {
        if (!survey.written.alive || !tryWritten(survey.written, bytes, from, to)) survey.firstNotWritten ??= misfit(row, cell)
        else survey.written.first ??= misfit(row, cell)
        survey.firstNotNumber ??= misfit(row, cell)
        survey.characters += to - from
        if (to - from > survey.longest) survey.longest = to - from
        for (let i = from; i < to && i < from + 200; i++) if (bytes[i] === 32) survey.spaces++
      }
      if (survey.consecutive) {
        const value = kind === notNumber || kind === decimalNumber || to - from > 15 ? Number.NaN : smallInteger(bytes, from, to)
        if (!(value === survey.last + 1 || Number.isNaN(survey.last)) || Number.isNaN(value)) survey.consecutive = false
        survey.last = value
      }
      if (set && set.add(hashBytes(bytes, from, to), secondHash(bytes, from, to))) {
        survey.distinct = set.size
        if (survey.samples.length < 4) survey.samples.push(withoutBlanks(cellText(batch, cell, options.quote)))
        if (set.size > surveyDistinctLimit || (set.size > enoughMeasures && decimals > enoughMeasures / 2)) {
          survey.distinctCapped = true
          survey.cellsAtCap = survey.cells + k + 1 - missing
          sets[index] = set = null
        }
      }
      if (survey.dates.alive.length > 0 && to - from >= 4 && to - from <= 40) tryDates(survey, bytes, from, to, kind !== notNumber, () => misfit(row, cell))
      else if (survey.dates.tried < datePatience) survey.dates.tried++
    }
    survey.cells += rows.length
    survey.missing = missing
    survey.numbers = numbers
    survey.decimals = decimals
    // Before a verdict is in, columns of plain numbers stop being tried as dates.
    if (survey.dates.alive.length > 0 && survey.dates.tried >= datePatience) prune(survey.dates)
  }

  return {
    rows: 0,
    columns,
    add(batch, rows) {
      for (let i = 0; i < columns.length; i++) look(columns[i] as ColumnSurvey, i, batch, rows)
      this.rows += rows.length
    },
  }
}

function smallInteger(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  const negative = bytes[from] === 45
  for (let i = negative || bytes[from] === 43 ? from + 1 : from; i < to; i++) value = value * 10 + (bytes[i] as number) - 48
  return negative ? -value : value
}

function newDates(): DateSurvey {
  const n = datetimeLayouts.length
  return { alive: datetimeLayouts.map((_, i) => i), tried: 0, hits: new Int32Array(n), disorder: new Int32Array(n), lastMoment: new Float64Array(n).fill(Number.NEGATIVE_INFINITY), firstMiss: Array.from({ length: n }, () => null) }
}
function tryDates(survey: ColumnSurvey, bytes: Uint8Array, from: number, to: number, isNumber: boolean, misfit: () => Misfit): void {
  const { dates } = survey
  dates.tried++
  const missed: number[] = []
  for (const index of isNumber ? plainLayouts : dates.alive) {
    const moment = parseDatetimeBytes(datetimeLayouts[index] as string, bytes, from, to)
    if (Number.isNaN(moment)) {
      if ((rivalOf[index] as number) >= 0) missed.push(index)
      continue
    }
    dates.hits[index] = (dates.hits[index] as number) + 1
    if (moment < (dates.lastMoment[index] as number)) dates.disorder[index] = (dates.disorder[index] as number) + 1
    dates.lastMoment[index] = moment
  }
  for (const index of missed) if (dates.alive.includes(rivalOf[index] as number) && !missed.includes(rivalOf[index] as number)) dates.firstMiss[index] ??= misfit()
}
function prune(dates: DateSurvey): void {
  dates.alive = dates.alive.filter((index) => (dates.hits[index] as number) >= 0.98 * dates.tried)
}

/** How a column that is not all plain numbers writes its numbers, if it does. */
export const writtenNumbers = (survey: ColumnSurvey, decimal: string): WrittenVerdict | undefined =>
  bestWritten(survey.written, survey.numbers - survey.decimals, survey.decimals, survey.groups, decimal)

export interface LayoutVerdict {
  readonly layout: string
  readonly hits: number
  readonly confidence: number
  readonly reason: string
}

/** The layout that reads most of the column, and what settled day against month. */
export function bestLayout(survey: ColumnSurvey): LayoutVerdict | undefined {
  const { dates } = survey
  let best = -1
  for (const index of dates.alive) if (best < 0 || (dates.hits[index] as number) > (dates.hits[best] as number)) best = index
  if (best < 0 || dates.hits[best] === 0) return undefined
  const hits = dates.hits[best] as number
  const layout = datetimeLayouts[best] as string
  const pair = rivals.find((candidates) => candidates.includes(layout))
  if (!pair) return { layout, hits, confidence: 0.98, reason: '' }
  const [monthFirst, dayFirst] = pair.map((name) => datetimeLayouts.indexOf(name as (typeof datetimeLayouts)[number])) as [number, number]
  if (dates.hits[monthFirst] !== dates.hits[dayFirst]) {
    const loser = best === monthFirst ? dayFirst : monthFirst
    const proof = dates.firstMiss[loser]
    const word = best === monthFirst ? 'month' : 'day'
    return { layout, hits, confidence: 0.98, reason: proof ? ` The ${word} comes first: "${proof.text}" on line ${proof.line} allows nothing else.` : '' }
  }
  const [a, b] = [dates.disorder[monthFirst] as number, dates.disorder[dayFirst] as number]
  if (a !== b && Math.min(a, b) === 0) {
    const sorted = a < b ? monthFirst : dayFirst
    return {
      layout: datetimeLayouts[sorted] as string,
      hits,
      confidence: 0.8,
      reason: ` Day and month could be swapped everywhere; read with the ${a < b ? 'month' : 'day'} first the rows are in order of time.`,
    }
  }
  const fallback = layout.includes('/') ? monthFirst : dayFirst
  return {
    layout: datetimeLayouts[fallback] as string,
    hits,
    confidence: 0.5,
    reason: ` Day and month could be swapped in every row; the ${fallback === monthFirst ? 'month' : 'day'} is taken to come first, please check.`,
  }
}
