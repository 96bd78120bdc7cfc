/**
 * Numbers, sizes, durations and dates as people read them. One place, so that the same number looks
 * the same on every screen.
 */
import { percentOf } from '../core/percent.ts'
import { needsPower, powerOfTen, trueMinus } from '../core/powers.ts'

const formatters = new Map<string, { format: (value: number) => string }>()
function formatter(options: Intl.NumberFormatOptions): { format: (value: number) => string } {
  const key = JSON.stringify(options)
  let known = formatters.get(key)
  if (!known) {
    const numbers = new Intl.NumberFormat(undefined, options)
    known = { format: (value) => trueMinus(numbers.format(value)) }
    formatters.set(key, known)
  }
  return known
}

export const missingMark = '–'

/** Whole numbers with grouping: 53,940. */
export const formatCount = (value: number): string => formatter({ maximumFractionDigits: 0 }).format(value)

/**
 * A number with about `digits` significant digits, never fewer than its whole part shows:
 * 12,345.68 -> 12,346; 0.12345 -> 0.1235; 1.2e-9 -> 1.2×10⁻⁹. Whole numbers stay whole.
 */
export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return missingMark
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const size = Math.abs(value)
  if (needsPower(value)) return powerOfTen(value, Math.min(digits, 4), null)
  if (Number.isInteger(value)) return formatter({ maximumFractionDigits: 0 }).format(value)
  const whole = size < 1 ? 0 : Math.floor(Math.log10(size)) + 1
  if (whole >= digits) return formatter({ maximumFractionDigits: 0 }).format(value)
  return formatter({ maximumSignificantDigits: digits }).format(value)
}

/** With exactly `digits` significant digits, so that figures of one size line up: 11.8 -> 11.80. */
export function formatSignificant(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || !Number.isFinite(value) || needsPower(value) || Math.abs(value) >= 10 ** digits) return formatNumber(value, digits)
  return formatter({ minimumSignificantDigits: digits, maximumSignificantDigits: digits }).format(value)
}

/** A number with exactly this many decimals, so that columns of scores line up: 0.870. */
export function formatFixed(value: number | null | undefined, decimals = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return missingMark
  return formatter({ minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(value)
}

/** A difference, written by `write`: +0.030, −1.2, ±0. */
export const formatSigned = (value: number, write: (size: number) => string): string => `${value > 0 ? '+' : value < 0 ? '−' : '±'}${write(Math.abs(value))}`

/** A number for an axis, at most about six characters: 609,452 -> 609K. */
export const formatAxis = (value: number): string => (Math.abs(value) >= 10_000 && Math.abs(value) < 1e15 ? formatter({ notation: 'compact', maximumSignificantDigits: 3 }).format(value) : formatNumber(value, 3))

/** A share in [0, 1] as per cent: 0.034 -> 3.4%; something that is neither none nor all never reads so. */
export const formatPercent = (share: number | null | undefined): string => (share === null || share === undefined || !Number.isFinite(share) ? missingMark : percentOf(share, null))

const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
/** Decimal units, as file managers show: 4.7 MB. */
export function formatBytes(bytes: number): string {
  if (bytes < 999.5) return `${formatCount(bytes)} ${Math.round(bytes) === 1 ? 'byte' : 'bytes'}`
  let unit = 0
  let value = Math.max(0, bytes)
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000
    unit++
  }
  return formatter({ style: 'unit', unit: byteUnits[unit] as string, unitDisplay: 'short', maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 }).format(value)
}

/** Milliseconds that are still to come: whole seconds, for a guess has no more. */
export const formatTimeLeft = (milliseconds: number): string => formatDuration(Math.max(1000, Math.round(milliseconds / 1000) * 1000))

/** Milliseconds as < 1 ms, 430 ms, 4.2 s, 1 min 20 s, 2 h 5 min. */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds) || milliseconds < 0) return missingMark
  if (milliseconds < 0.5) return '< 1 ms'
  if (milliseconds < 999.5) return `${formatNumber(Math.round(milliseconds))} ms`
  const seconds = milliseconds / 1000
  if (seconds < 9.95) return `${formatFixed(seconds, 1)} s`
  if (seconds < 59.5) return `${formatCount(seconds)} s`
  const minutes = Math.floor(Math.round(seconds) / 60)
  if (minutes < 60) {
    const rest = Math.round(seconds) % 60
    return rest === 0 || minutes >= 10 ? `${minutes} min` : `${minutes} min ${rest} s`
  }
  const rest = minutes % 60
  return rest === 0 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 60)} h ${rest} min`
}

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
/** Milliseconds since the epoch, in the reader's zone. */
export const formatDate = (epoch: number): string => dates.format(epoch)

/** Whether a column's layout writes times of a day, which are kept as moments of 1970-01-01. */
export const isTimeOfDay = (layout: string | undefined): boolean => layout?.startsWith('HH') === true

/** UTC seconds of data: the day, and the time where it is not midnight; of a time of day the time alone. */
export function formatUtc(seconds: number, layout?: string): string {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return missingMark
  const text = new Date(seconds * 1000).toISOString()
  if (isTimeOfDay(layout)) return text.slice(11, layout?.includes('ss') ? 19 : 16)
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 19)}`
}

/** "1 row", "2,000 rows". */
export const plural = (count: number, one: string, many = `${one}s`): string => `${formatCount(count)} ${count === 1 ? one : many}`

export { lowerFirst } from '../core/words.ts'

/** "prices.csv" -> "prices". */
export const withoutEnding = (fileName: string): string => fileName.replace(/\.[a-z0-9]{1,8}$/i, '')

/** At most `limit` characters, for sentences that name something from data. */
export const shorten = (text: string, limit = 60): string => (text.length > limit ? `${text.slice(0, limit - 1)}…` : text)
