/** A figure in a sentence: four significant digits at most. */
export function say(value: number | null): string {
  if (value === null) return 'undefined'
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en')
  return size < 1e-4 ? (size === 0 ? '0' : value.toExponential(1)) : String(Number(value.toPrecision(size < 1 ? 3 : 4)))
}
