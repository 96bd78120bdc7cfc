/** How an error crosses between threads: structured clone would keep its text alone, so all its parts go as data. */
import { asStudioError, type ErrorCode, errorCodes, type ErrorDetails, StudioError } from './errors.ts'

export interface PlainError {
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
  readonly hint?: string
  /** The text of what caused it. */
  readonly cause?: string
}

const causeText = (cause: unknown): string => (cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)).slice(0, 2000)

export function toPlain(thrown: unknown): PlainError {
  const error = asStudioError(thrown)
  return {
    code: error.code,
    message: error.message,
    details: { ...error.details },
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.cause === undefined ? {} : { cause: causeText(error.cause) }),
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isDetail = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value)

export function isPlain(value: unknown): value is PlainError {
  if (!isObject(value)) return false
  const { code, message, details, hint, cause, ...unknown } = value
  return (
    Object.keys(unknown).length === 0 &&
    (errorCodes as readonly unknown[]).includes(code) &&
    typeof message === 'string' &&
    isObject(details) &&
    Object.values(details).every(isDetail) &&
    (hint === undefined || typeof hint === 'string') &&
    (cause === undefined || typeof cause === 'string')
  )
}

/** The error again; anything that `toPlain` does not make becomes a `bug`. */
export function fromPlain(value: unknown): StudioError {
  if (!isPlain(value)) return new StudioError({ code: 'bug', message: `unknown error; another thread sent something that is not one: ${typeof value}` })
  return new StudioError({
    code: value.code,
    message: value.message,
    details: value.details,
    ...(value.hint === undefined ? {} : { hint: value.hint }),
    ...(value.cause === undefined ? {} : { cause: value.cause }),
  })
}
