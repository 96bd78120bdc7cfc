/** Rows put together over time: by a calendar unit in UTC, or so many at a time in the order they came. */
import type { ChunkChoice, ChunkUnit } from './report.ts'

export interface RowChunk {
  readonly label: string
  readonly from?: number
  readonly to?: number
  readonly rows: Uint32Array
}
export interface Chunked {
  readonly chunks: readonly RowChunk[]
  /** In words. */
  readonly how: string
}
/** More would be a carpet that nobody reads. */
const mostChunks = 60
const units: readonly ChunkUnit[] = ['hour', 'day', 'week', 'month', 'quarter', 'year']
const day = 86_400

/** The beginning of the unit that a moment lies in, UTC seconds; weeks begin on Monday. */
export function startOf(seconds: number, unit: ChunkUnit): number {
  if (unit === 'hour') return Math.floor(seconds / 3600) * 3600
  const midnight = Math.floor(seconds / day) * day
  if (unit === 'day') return midnight
  // 1970-01-01 was a Thursday.
  if (unit === 'week') return midnight - ((((midnight / day + 3) % 7) + 7) % 7) * day
  const date = new Date(midnight * 1000)
  const month = unit === 'month' ? date.getUTCMonth() : unit === 'quarter' ? date.getUTCMonth() - (date.getUTCMonth() % 3) : 0
  return Date.UTC(date.getUTCFullYear(), month, 1) / 1000
}

function label(seconds: number, unit: ChunkUnit): string {
  const iso = new Date(seconds * 1000).toISOString()
  if (unit === 'hour') return `${iso.slice(0, 10)} ${iso.slice(11, 16)}`
  if (unit === 'year') return iso.slice(0, 4)
  if (unit === 'quarter') return `${iso.slice(0, 4)} Q${Math.ceil(Number(iso.slice(5, 7)) / 3)}`
  return unit === 'month' ? iso.slice(0, 7) : iso.slice(0, 10)
}

/** @param times UTC seconds of each row, NaN where missing; absent = there are none */
export function chunksOf(rows: number, times: Float64Array | undefined, choice: ChunkChoice = { by: 'auto' }): Chunked {
  if (choice.by === 'none' || rows === 0) return { chunks: [], how: 'All rows together.' }
  if (choice.by === 'rows') {
    const size = Math.max(1, choice.rows, Math.ceil(rows / mostChunks))
    const chunks = Array.from({ length: Math.ceil(rows / size) }, (_, i) => {
      const [from, to] = [i * size, Math.min(rows, (i + 1) * size)]
      return { label: `rows ${from + 1} to ${to}`, rows: Uint32Array.from({ length: to - from }, (_row, k) => from + k) }
    })
    return { chunks, how: `${size.toLocaleString('en')} rows at a time, in the order they came.` }
  }
  const present = times?.filter((time) => time === time)
  if (!times || !present || present.length === 0) return { chunks: [], how: choice.by === 'time' ? 'No row has a moment, so all are looked at together.' : 'All rows together.' }
  const distinct = (unit: ChunkUnit): Set<number> => {
    const starts = new Set<number>()
    for (const time of present) if (starts.size <= mostChunks) starts.add(startOf(time, unit))
    return starts
  }
  // The finest unit that leaves few enough chunks with enough rows each.
  const fits = (unit: ChunkUnit): boolean => {
    const { size } = distinct(unit)
    return size <= mostChunks && present.length / size >= 50
  }
  const wanted = choice.by === 'time' ? units.indexOf(choice.unit) : units.findIndex(fits)
  let at = wanted < 0 ? units.length - 1 : wanted
  while (at < units.length - 1 && distinct(units[at] as ChunkUnit).size > mostChunks) at++
  const unit = units[at] as ChunkUnit
  const places = new Map<number, number[]>()
  for (let row = 0; row < rows; row++) {
    const time = times[row] as number
    if (time !== time) continue
    const start = startOf(time, unit)
    const list = places.get(start)
    if (list) list.push(row)
    else places.set(start, [row])
  }
  const chunks = [...places].sort(([a], [b]) => a - b).map(([start, list]) => ({ label: label(start, unit), from: start, to: nextStart(start, unit), rows: Uint32Array.from(list) }))
  const undated = rows - present.length
  return { chunks, how: `By ${unit}, UTC${undated > 0 ? `; ${undated.toLocaleString('en')} rows without a moment are in none` : ''}.` }
}

function nextStart(start: number, unit: ChunkUnit): number {
  const step = { hour: 3600, day, week: 7 * day, month: 32 * day, quarter: 100 * day, year: 370 * day }[unit]
  return startOf(start + step, unit)
}
