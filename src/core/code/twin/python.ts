/** Values as Python writes them. */
import type { Json } from '../../recipe/step.ts'

export function py(value: Json): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  // JSON's escapes are Python's; the two line separators are spelled out for whoever reads line by line.
  if (typeof value === 'string') return JSON.stringify(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : `float("${Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'}")`
  if (Array.isArray(value)) return `[${value.map(py).join(', ')}]`
  return `{${Object.entries(value as { readonly [key: string]: Json }).map(([key, item]) => `${py(key)}: ${py(item)}`).join(', ')}}`
}

/** Arguments by name, those that are undefined left out. */
export const call = (name: string, given: Readonly<Record<string, Json | undefined>>): string =>
  `${name}(${Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${py(value)}`])).join(', ')})`
