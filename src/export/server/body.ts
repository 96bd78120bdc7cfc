/** Reads a request body within its limits, before anything is parsed. */
import type { IncomingMessage } from 'node:http'

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

/** @throws HttpError 400, 413 or 415; with 413 nothing more is read */
export async function readBody(request: IncomingMessage, limit: number, accepted: readonly BodyKind[]): Promise<{ readonly text: string; readonly kind: BodyKind }> {
  if (request.headers['content-encoding'] !== undefined) throw new HttpError(415, `unsupported Content-Encoding; send it plain: ${request.headers['content-encoding'].slice(0, 40)}`, closing)
  const kind = kindOf(request.headers['content-type'], accepted)
  if (Number(request.headers['content-length'] ?? 0) > limit) throw new HttpError(413, `invalid body; more than ${limit} bytes: ${request.headers['content-length']}`, closing)
  const text = await new Promise<string>((resolve, reject) => {
    const parts: Buffer[] = []
    let bytes = 0
    request.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > limit) {
        request.removeAllListeners('data')
        request.pause()
        reject(new HttpError(413, `invalid body; more than ${limit} bytes`, closing))
      } else parts.push(part)
    })
    request.on('end', () => {
      try {
        resolve(decoder.decode(Buffer.concat(parts)))
      } catch {
        reject(new HttpError(400, 'invalid body; not UTF-8'))
      }
    })
    request.on('error', reject)
    request.on('close', () => reject(new HttpError(400, 'invalid body; it ended too early', closing)))
  })
  return { text, kind }
}

/** A GET must not bring a body: it would be read as the next request by somebody in between. */
export const hasBody = (request: IncomingMessage): boolean => Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined
