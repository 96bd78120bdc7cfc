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

/** @throws HttpError 400, 413 or 415; with 413 nothing more is read */
export function readBody(request: IncomingMessage, limit: number): Promise<string> {
  if (request.headers['content-encoding'] !== undefined) throw new HttpError(415, `unsupported Content-Encoding; send plain JSON: ${request.headers['content-encoding'].slice(0, 40)}`, closing)
  const type = request.headers['content-type']
  if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json\s*(?:;.*)?$/i.test(type)) throw new HttpError(415, `unsupported Content-Type; send application/json: ${type.slice(0, 80)}`, closing)
  if (Number(request.headers['content-length'] ?? 0) > limit) throw new HttpError(413, `invalid body; more than ${limit} bytes: ${request.headers['content-length']}`, closing)
  return new Promise((resolve, reject) => {
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
}

/** A GET must not bring a body: it would be read as the next request by somebody in between. */
export const hasBody = (request: IncomingMessage): boolean => Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined
