/** Numbers in words: one way of writing signs and powers of ten, here and on the screen. */

/** With the sign that is as wide as a plus, as Plotly writes it too; Intl and String write a hyphen. */
export const trueMinus = (text: string): string => text.replace('-', '−')

const formatters = new Map<string, Intl.NumberFormat>()
function formatter(locale: string | null, digits: number): Intl.NumberFormat {
  const key = `${locale} ${digits}`
  let known = formatters.get(key)
  if (!known) formatters.set(key, (known = new Intl.NumberFormat(locale ?? undefined, { notation: 'scientific', maximumSignificantDigits: digits })))
  return known
}

const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹'
/** Size of the power of ten, in digits that every reader's numerals can be raised from. */
const exponentOf = (value: number, digits: number): number => Math.abs(Number(value.toExponential(digits - 1).split('e')[1]))

/**
 * 1.9×10⁻⁷: Intl writes 1.9E-7, which reads as a formula of a spreadsheet.
 * @param digits significant ones at most
 * @param locale null: the reader's
 */
export function powerOfTen(value: number, digits: number, locale: string | null = 'en'): string {
  const [mantissa, exponent] = formatter(locale, digits)
    .formatToParts(value)
    .reduce<[string, string]>(
      ([m, e], { type, value: text }) => {
        if (type === 'exponentSeparator') return [m, e]
        if (type === 'exponentMinusSign') return [m, `⁻${e}`]
        if (type === 'exponentInteger') return [m, e + [...String(exponentOf(value, digits))].map((digit) => raised[Number(digit)]).join('')]
        return [m + text, e]
      },
      ['', ''],
    )
  return `${trueMinus(mantissa)}×10${exponent}`
}

/** Sizes from which a number is written with a power of ten. */
export const needsPower = (value: number): boolean => value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e15)

/** A difference or tolerance with three digits: 0.00123, 1.2×10⁻⁷, 0. */
export const smallNumber = (value: number): string => (Number.isFinite(value) && needsPower(value) ? powerOfTen(value, 3) : trueMinus(String(Number(value.toPrecision(3)))))
