/**
 * Columns whose values the request log does not tell: names by commas, a JSON list where a name has a comma, or * for
 * all of them. Answers are always told: a log without them has nothing to watch; who wants neither keeps no log.
 */
import type { Signature } from '../../core/bundle/signature.ts'
import { BundleError } from './bundle.ts'

/** Whoever hides `SSN` also means `ssn`, in this model and in the next version. */
const key = (name: string): string => name.trim().toLowerCase()

export class Redaction {
  readonly #names: ReadonlyMap<string, string>

  /** @throws BundleError for what begins as a JSON list and is none */
  constructor(setting: string) {
    this.#names = new Map(namesIn(setting).map((name) => [key(name), name]))
  }

  hides(column: string): boolean {
    return this.#names.has('*') || this.#names.has(key(column))
  }

  /** A name that no model has is a slip, and would let a column through. @throws BundleError naming the columns there are */
  check(signatures: readonly Signature[]): void {
    const columns = signatures.flatMap(({ inputs }) => inputs.map(({ name }) => name))
    const known = new Set(columns.map(key))
    for (const [asked, name] of this.#names) {
      if (asked === '*' || known.has(asked)) continue
      const shown = [...new Set(columns)].slice(0, 50).map((column) => JSON.stringify(column.slice(0, 60))).join(', ')
      throw new BundleError(`invalid REQUEST_LOG_REDACT; no model has the column ${JSON.stringify(name.slice(0, 60))}, there are ${shown}`)
    }
  }
}

function namesIn(setting: string): string[] {
  if (!setting.trimStart().startsWith('[')) return setting.split(',').map((name) => name.trim()).filter((name) => name !== '')
  let list: unknown
  try {
    list = JSON.parse(setting)
  } catch {
    list = undefined
  }
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string')) throw new BundleError(`invalid REQUEST_LOG_REDACT; what begins with [ must be a JSON list of names: ${setting.slice(0, 60)}`)
  return list
}
