/** Shares in words: one way of writing per cent, for reasons and messages (in English) and for the screen (in the reader's language). */

const formatters = new Map<string, Intl.NumberFormat>()
function formatter(locale: string | null, decimals: number): Intl.NumberFormat {
  const key = `${locale} ${decimals}`
  let known = formatters.get(key)
  if (!known) formatters.set(key, (known = new Intl.NumberFormat(locale ?? undefined, { style: 'percent', maximumFractionDigits: decimals })))
  return known
}

/**
 * 0.034 -> 3.4%, 0.7 -> 70%; what is neither none nor all never reads 0% or 100%.
 * @param share in [0, 1]
 * @param locale null: the reader's
 */
export function percentOf(share: number, locale: string | null = 'en'): string {
  if (share > 0 && share < 0.001) return `<${formatter(locale, 1).format(0.001)}`
  if (share < 1 && share > 0.999) return `>${formatter(locale, 1).format(0.999)}`
  return formatter(locale, share < 0.1 || share > 0.9 ? 1 : 0).format(share)
}

/** Share of resamples inside every interval that this studio gives (evaluate/bootstrap.ts), and its heading. */
export const intervalShare = 0.95
export const intervalWords = `${percentOf(intervalShare)} interval`
