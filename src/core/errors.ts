/**
 * The one error class of Glasshouse and its closed set of codes.
 *
 * A message starts with "invalid", "unknown", "missing" or "unsupported", names the thing, gives the
 * rule and the value received: `invalid alpha; not in [0, 1e6]: -3`. The interface turns a code into
 * what happened, what is safe and what can be done.
 */
export const errorCodes = [
  'bad-param',
  'bad-data',
  'unsupported',
  'not-fitted',
  'diverged',
  'out-of-memory',
  'storage-full',
  'storage-lost',
  'worker-lost',
  'device-lost',
  'read-only',
  'cancelled',
  'bundle-mismatch',
  'bug',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** JSON facts for the person and for tests: line, column, byte offset, limit, value received. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>

export interface StudioErrorInit {
  readonly code: ErrorCode
  readonly message: string
  readonly details?: ErrorDetails
  /** One sentence: what the person can do now. */
  readonly hint?: string
  readonly cause?: unknown
}

export class StudioError extends Error {
  override readonly name = 'StudioError'
  readonly code: ErrorCode
  readonly details: ErrorDetails
  readonly hint: string | undefined

  constructor(init: StudioErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.code = init.code
    this.details = init.details ?? {}
    this.hint = init.hint
  }
}

/** Whatever was thrown, as a StudioError; an unknown error becomes a `bug` that keeps its cause. */
export function asStudioError(thrown: unknown): StudioError {
  if (thrown instanceof StudioError) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  if (error.name === 'AbortError') return cancelled(error)
  if (error.name === 'QuotaExceededError') {
    return new StudioError({
      code: 'storage-full',
      message: 'missing storage; the browser refused to keep more data for this site',
      hint: 'Delete a project you no longer need, or keep fewer rows.',
      cause: error,
    })
  }
  if (error instanceof RangeError && /array buffer|allocation|array length/i.test(error.message)) {
    return new StudioError({
      code: 'out-of-memory',
      message: `missing memory; the browser could not allocate it: ${error.message}`,
      hint: 'Use fewer rows or columns, or close other tabs.',
      cause: error,
    })
  }
  return new StudioError({ code: 'bug', message: error.message || 'unknown failure', cause: error })
}

export function cancelled(cause?: unknown): StudioError {
  return new StudioError({ code: 'cancelled', message: 'cancelled at your request', cause })
}
