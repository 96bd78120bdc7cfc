/**
 * The door to valibot: every boundary (a stored record, a project file, a message) has one schema, and
 * what does not fit is refused with the place where it does not.
 */
import * as v from 'valibot'
import { StudioError } from './errors.ts'

export { v }

const shown = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60))
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return String(value)
}

/** Where and why a value does not fit, as a phrase, or undefined where it does. */
export function misfit(schema: v.GenericSchema, value: unknown): string | undefined {
  const result = v.safeParse(schema, value, { abortEarly: true, abortPipeEarly: true })
  if (result.success) return undefined
  const issue = result.issues[0]
  const path = (v.getDotPath(issue) ?? '').slice(0, 120)
  return `${path ? `${path}: ` : ''}expected ${(issue.expected ?? issue.requirement ?? issue.type) as string}, received ${shown(issue.input)}`
}

/** @throws StudioError bad-data: `invalid <what>; <where>: expected <rule>, received <value>` */
export function check<T>(schema: v.GenericSchema<unknown, T>, value: unknown, what: string): T {
  const reason = misfit(schema, value)
  if (reason !== undefined) throw new StudioError({ code: 'bad-data', message: `invalid ${what}; ${reason}`, details: { what } })
  return value as T
}

export interface JsonLimits {
  /** Characters of text. */
  readonly length: number
  /** Brackets inside brackets. */
  readonly depth: number
}
const defaultLimits: JsonLimits = { length: 256 * 1024 * 1024, depth: 64 }

/**
 * JSON of a stranger: bounded before it is parsed, because a parser survives depths that later copies do
 * not. Numbers too large for a double are refused; a key named __proto__ is refused, since it has no
 * honest use in our files.
 * @throws StudioError bad-data
 */
export function parseJson(text: string, what: string, limits: JsonLimits = defaultLimits): unknown {
  const refuse = (reason: string, cause?: unknown): StudioError => new StudioError({ code: 'bad-data', message: `invalid ${what}; ${reason}`, details: { what }, cause })
  if (text.length > limits.length) throw refuse(`longer than ${limits.length} characters: ${text.length}`)
  let depth = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (inString) {
      if (code === 92) i++
      else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 91 || code === 123) {
      if (++depth > limits.depth) throw refuse(`nested deeper than ${limits.depth} levels`)
    } else if (code === 93 || code === 125) depth--
  }
  let problem: string | undefined
  let value: unknown
  try {
    value = JSON.parse(text, (key: string, item: unknown) => {
      if (key === '__proto__') problem ??= 'a key named __proto__ is not allowed'
      if (typeof item === 'number' && !Number.isFinite(item)) problem ??= 'a number is too large'
      return item
    })
  } catch (cause) {
    throw refuse('not JSON', cause)
  }
  if (problem) throw refuse(problem)
  return value
}
