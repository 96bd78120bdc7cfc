/** What a request's body may be, before anything of it is parsed. */
import type { IncomingHttpHeaders } from 'node:http'

export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true })
const closing = { Connection: 'close' }

export type BodyKind = 'json' | 'csv'
const kinds: readonly (readonly [BodyKind, RegExp, string])[] = [
  ['json', /^application\/(?:[\w.-]+\+)?json$/i, 'application/json'],
  ['csv', /^text\/csv$/i, 'text/csv'],
]

/** JSON where nothing is said. @throws HttpError 415 */
function kindOf(type: string | undefined, accepted: readonly BodyKind[]): BodyKind {
  if (type === undefined) return 'json'
  const [media = '', ...parameters] = type.split(';').map((part) => part.trim())
  const found = kinds.find(([kind, pattern]) => accepted.includes(kind) && pattern.test(media))
  const names = kinds.filter(([kind]) => accepted.includes(kind)).map(([, , name]) => name)
  if (!found) throw new HttpError(415, `unsupported Content-Type; send ${names.join(' or ')}: ${type.slice(0, 80)}`, closing)
  const charset = parameters.find((part) => /^charset=/i.test(part))
  if (charset !== undefined && !/^charset="?utf-?8"?$/i.test(charset)) throw new HttpError(415, `unsupported charset; send UTF-8: ${charset.slice(0, 40)}`, closing)
  return found[0]
}

export interface Body {
  readonly text: string
  readonly kind: BodyKind
}

/** Before the body is read. @throws HttpError 413 or 415; nothing more is read then */
export function checkHead(headers: IncomingHttpHeaders, limit: number, accepted: readonly BodyKind[]): void {
  if (headers['content-encoding'] !== undefined) throw new HttpError(415, `unsupported Content-Encoding; send it plain: ${headers['content-encoding'].slice(0, 40)}`, closing)
  kindOf(headers['content-type'], accepted)
  if (Number(headers['content-length'] ?? 0) > limit) throw new HttpError(413, `invalid body; more than ${limit} bytes: ${headers['content-length']}`, closing)
}

/** @throws HttpError 400 for what is not UTF-8 */
export function bodyOf(headers: IncomingHttpHeaders, bytes: Uint8Array): Body {
  const kind = kindOf(headers['content-type'], ['json', 'csv'])
  try {
    return { text: decoder.decode(bytes), kind }
  } catch {
    throw new HttpError(400, 'invalid body; not UTF-8')
  }
}

/** A GET must not bring a body: it would be read as the next request by somebody in between. */
export const hasBody = (headers: IncomingHttpHeaders): boolean => Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined
