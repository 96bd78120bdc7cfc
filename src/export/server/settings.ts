/** Settings come from the environment; a value that makes no sense stops the start, by name. */
import { BundleError } from './bundle.ts'

export function wholeSetting(name: string, fallback: number, min: number, max: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) throw new BundleError(`invalid ${name}; not a whole number in [${min}, ${max}]: ${text.slice(0, 40)}`)
  return value
}
export const textSetting = (name: string): string | undefined => process.env[name] || undefined
