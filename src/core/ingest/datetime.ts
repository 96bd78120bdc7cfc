/**
 * Fixed datetime layouts, to read and to write. A moment is whole UTC seconds; a time without a zone is
 * taken as UTC, a fraction of a second is dropped. The same code reads the same text when serving.
 */

/** Tokens: yyyy yy MM dd HH mm ss, MMM (English month), hh with a (12 hours with AM or PM), Z (Z or an offset); all else stands for itself. */
export const datetimeLayouts = [
  'yyyy-MM-dd',
  'yyyy-MM-dd HH:mm',
  'yyyy-MM-dd HH:mm:ss',
  'yyyy-MM-ddTHH:mm',
  'yyyy-MM-ddTHH:mm:ss',
  'yyyy-MM-ddTHH:mm:ssZ',
  'yyyy-MM-dd HH:mm:ssZ',
  'yyyy/MM/dd',
  'yyyy/MM/dd HH:mm',
  'yyyy/MM/dd HH:mm:ss',
  'MM/dd/yyyy',
  'MM/dd/yyyy HH:mm',
  'MM/dd/yyyy HH:mm:ss',
  'dd/MM/yyyy',
  'dd/MM/yyyy HH:mm',
  'dd/MM/yyyy HH:mm:ss',
  'dd.MM.yyyy',
  'dd.MM.yyyy HH:mm',
  'dd.MM.yyyy HH:mm:ss',
  'dd-MM-yyyy',
  'MM-dd-yyyy',
  'MM/dd/yy',
  'dd/MM/yy',
  'dd MMM yyyy',
  'MMM dd, yyyy',
  'MMM dd yyyy',
  'yyyy-MM',
  'yyyyMMdd',
  'MM/dd/yyyy hh:mm a',
  'MM/dd/yyyy hh:mm:ss a',
  'dd/MM/yyyy hh:mm a',
  'dd/MM/yyyy hh:mm:ss a',
  'yyyy-MM-dd hh:mm a',
  'dd-MMM-yyyy',
  'dd-MMM-yy',
  'dd MMM yyyy HH:mm',
  'HH:mm',
  'HH:mm:ss',
] as const

/** Layouts that read the same text differently: [month first, day first]. */
export const rivals: readonly (readonly [string, string])[] = [
  ['MM/dd/yyyy', 'dd/MM/yyyy'],
  ['MM/dd/yyyy HH:mm', 'dd/MM/yyyy HH:mm'],
  ['MM/dd/yyyy HH:mm:ss', 'dd/MM/yyyy HH:mm:ss'],
  ['MM/dd/yyyy hh:mm a', 'dd/MM/yyyy hh:mm a'],
  ['MM/dd/yyyy hh:mm:ss a', 'dd/MM/yyyy hh:mm:ss a'],
  ['MM-dd-yyyy', 'dd-MM-yyyy'],
  ['MM/dd/yy', 'dd/MM/yy'],
]

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const monthNames = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']

type Token = 'yyyy' | 'yy' | 'MM' | 'MMM' | 'dd' | 'HH' | 'hh' | 'mm' | 'ss' | 'a' | 'Z'
type Part = { readonly token: Token } | { readonly byte: number }

const compiled = new Map<string, readonly Part[]>()
function partsOf(layout: string): readonly Part[] {
  const known = compiled.get(layout)
  if (known) return known
  const parts: Part[] = [...layout.matchAll(/yyyy|yy|MMM|MM|dd|HH|hh|mm|ss|a|Z|[^]/g)].map(([text]) =>
    text.length > 1 || text === 'Z' || text === 'a' ? { token: text as Token } : { byte: text.charCodeAt(0) },
  )
  compiled.set(layout, parts)
  return parts
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar (Hinnant's days_from_civil). */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const ofEra = y - era * 400
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719468
}
function civilOf(days: number): readonly [number, number, number] {
  const z = days + 719468
  const era = Math.floor(z / 146097)
  const ofEra = z - era * 146097
  const y = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36524) - Math.floor(ofEra / 146096)) / 365)
  const ofYear = ofEra - (365 * y + Math.floor(y / 4) - Math.floor(y / 100))
  const m = Math.floor((5 * ofYear + 2) / 153)
  const day = ofYear - Math.floor((153 * m + 2) / 5) + 1
  const month = m < 10 ? m + 3 : m - 9
  return [y + era * 400 + (month <= 2 ? 1 : 0), month, day]
}
const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const daysIn = (year: number, month: number): number =>
  month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : (lengths[month - 1] as number)

/**
 * UTC seconds of the text in bytes [from, to), or NaN where it does not follow the layout or names no
 * real moment. Days and months may have one digit where the layout is not ISO or compact.
 */
export function parseDatetimeBytes(layout: string, bytes: Uint8Array, from: number, to: number): number {
  while (from < to && bytes[from] === 32) from++
  while (to > from && bytes[to - 1] === 32) to--
  if (layout === 'epoch-seconds') return parseEpoch(bytes, from, to)
  const parts = partsOf(layout)
  const strict = layout.startsWith('yyyy')
  let at = from
  let year = 1970
  let month = 1
  let day = 1
  let seconds = 0
  for (const part of parts) {
    if (!('token' in part)) {
      if (at >= to || bytes[at] !== part.byte) return Number.NaN
      at++
      continue
    }
    if (part.token === 'MMM') {
      let name = ''
      while (at < to && name.length < 10 && isLetter(bytes[at] as number)) name += String.fromCharCode(bytes[at++] as number)
      const lower = name.toLowerCase()
      month = months.indexOf(lower.slice(0, 3)) + 1
      if (month === 0 || (lower.length !== 3 && lower !== (monthNames[month - 1] as string).toLowerCase())) return Number.NaN
      continue
    }
    if (part.token === 'a') {
      const letter = at + 1 < to && ((bytes[at + 1] as number) | 32) === 109 ? (bytes[at] as number) | 32 : 0
      if (letter !== 97 && letter !== 112) return Number.NaN
      if (letter === 112) seconds += 43200
      at += 2
      continue
    }
    if (part.token === 'Z') {
      if (at < to && (bytes[at] === 90 || bytes[at] === 122)) {
        at++
        continue
      }
      const sign = bytes[at] === 45 ? -1 : bytes[at] === 43 ? 1 : 0
      if (at >= to || sign === 0) return Number.NaN
      const hours = digits(bytes, at + 1, to, 2)
      at += 3
      if (at < to && bytes[at] === 58) at++
      const minutes = digits(bytes, at, to, 2)
      at += 2
      if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return Number.NaN
      seconds -= sign * (hours * 3600 + minutes * 60)
      continue
    }
    const wide = part.token === 'yyyy' ? 4 : 2
    let count = wide
    let value = digits(bytes, at, to, wide)
    if (value < 0 && !strict && wide === 2 && (part.token === 'dd' || part.token === 'MM' || part.token === 'HH' || part.token === 'hh')) {
      count = 1
      value = digits(bytes, at, to, 1)
    }
    if (value < 0) return Number.NaN
    at += count
    if (part.token === 'yyyy') year = value
    else if (part.token === 'yy') year = value < 69 ? 2000 + value : 1900 + value
    else if (part.token === 'MM') month = value
    else if (part.token === 'dd') day = value
    else if (part.token === 'HH') {
      if (value > 23) return Number.NaN
      seconds += value * 3600
    } else if (part.token === 'hh') {
      if (value < 1 || value > 12) return Number.NaN
      seconds += (value % 12) * 3600
    } else {
      if (value > 59) return Number.NaN
      seconds += part.token === 'mm' ? value * 60 : value
      if (part.token === 'ss' && at < to && (bytes[at] === 46 || bytes[at] === 44) && digits(bytes, at + 1, to, 1) >= 0) {
        at++
        while (digits(bytes, at, to, 1) >= 0) at++
      }
    }
  }
  if (at !== to || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN
  return daysOf(year, month, day) * 86400 + seconds
}

const isLetter = (byte: number): boolean => (byte | 32) >= 97 && (byte | 32) <= 122

function digits(bytes: Uint8Array, at: number, to: number, count: number): number {
  if (at + count > to) return -1
  let value = 0
  for (let i = 0; i < count; i++) {
    const digit = (bytes[at + i] as number) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
function parseEpoch(bytes: Uint8Array, from: number, to: number): number {
  const negative = bytes[from] === 45
  const start = negative ? from + 1 : from
  const value = to - start > 15 || to === start ? -1 : digits(bytes, start, to, to - start)
  return value < 0 ? Number.NaN : negative ? -value : value
}

const encoder = new TextEncoder()
/** UTC seconds, or NaN where the text does not follow the layout. */
export function parseDatetime(layout: string, text: string): number {
  const bytes = encoder.encode(text)
  return parseDatetimeBytes(layout, bytes, 0, bytes.length)
}

/** The text of a moment in a layout; the inverse of parseDatetime for the years the layout can write. */
export function formatDatetime(layout: string, seconds: number): string {
  if (layout === 'epoch-seconds') return String(seconds)
  const days = Math.floor(seconds / 86400)
  const ofDay = seconds - days * 86400
  const [year, month, day] = civilOf(days)
  const pad = (value: number, width: number): string => String(value).padStart(width, '0')
  return partsOf(layout)
    .map((part) => {
      if (!('token' in part)) return String.fromCharCode(part.byte)
      switch (part.token) {
        case 'yyyy':
          return pad(year, 4)
        case 'yy':
          return pad(((year % 100) + 100) % 100, 2)
        case 'MM':
          return pad(month, 2)
        case 'MMM':
          return (monthNames[month - 1] as string).slice(0, 3)
        case 'dd':
          return pad(day, 2)
        case 'HH':
          return pad(Math.floor(ofDay / 3600), 2)
        case 'hh':
          return pad((Math.floor(ofDay / 3600) + 11) % 12 + 1, 2)
        case 'a':
          return ofDay < 43200 ? 'AM' : 'PM'
        case 'mm':
          return pad(Math.floor(ofDay / 60) % 60, 2)
        case 'ss':
          return pad(Math.floor(ofDay % 60), 2)
        case 'Z':
          return 'Z'
      }
    })
    .join('')
}
