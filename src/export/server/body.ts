/** What a request's body may be, before anything of it is parsed. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { FormPart } from '../../core/bundle/form-request.ts'
import { hasPictures } from '../../core/bundle/pictures.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import type { BodyShare } from './body-room.ts'
import { largeBody, type Turn } from './turns.ts'

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
/** Where the bodies of others leave no room. */
export const noRoom = (): HttpError => new HttpError(503, 'missing capacity; the bodies of other requests leave no room for this one', { ...closing, 'Retry-After': '1' })

export type BodyKind = 'json' | 'csv' | 'form'
const kinds: readonly (readonly [BodyKind, RegExp, string])[] = [
  ['json', /^application\/(?:[\w.-]+\+)?json$/i, 'application/json'],
  ['csv', /^text\/csv$/i, 'text/csv'],
  ['form', /^multipart\/form-data$/i, 'multipart/form-data'],
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

/** As it came: to put it together and to decode it takes a turn, and can be done once. */
export interface Body {
  readonly kind: BodyKind
  /** Names the boundary of a form. */
  readonly type: string
  readonly parts: Buffer[]
  /** Bytes. */
  readonly size: number
}

/** Bytes of a body where nobody says otherwise. A photograph in base64 is larger than a table of rows, and a row of thousands of columns than many rows of ten. */
export function bodyLimitOf(signature: Signature): number {
  if (hasPictures(signature)) return 20_000_000
  const wordiestRow = signature.inputs.reduce((sum, { name }) => sum + Buffer.byteLength(JSON.stringify(name)) + 100, 0)
  return Math.max(1_000_000, 4 * wordiestRow)
}

/** Before the body is read. @throws HttpError 413 or 415; nothing more is read then */
export function checkHead(headers: IncomingHttpHeaders, limit: number, accepted: readonly BodyKind[]): void {
  if (headers['inference-header-content-length'] !== undefined) throw new HttpError(415, 'unsupported binary tensors; this server has no binary extension, send data as JSON', closing)
  if (!/^identity$/i.test(headers['content-encoding'] ?? 'identity')) throw new HttpError(415, `unsupported Content-Encoding; send it plain: ${headers['content-encoding']?.slice(0, 40)}`, closing)
  kindOf(headers['content-type'], accepted)
  if (Number(headers['content-length'] ?? 0) > limit) throw new HttpError(413, `invalid body; more than ${limit} bytes: ${headers['content-length']}`, closing)
}

/**
 * A large body waits for its turn to be read on: until then the kernel holds what its caller sends, and who comes is let in.
 * @param limit bytes; one that does not tell its length may turn out longer
 * @throws HttpError 413, 415, 503 or 400
 */
export function readBody(headers: IncomingHttpHeaders, payload: Readable, limit: number, turn: Turn, share?: BodyShare): Promise<Body> {
  return new Promise((resolve, reject) => {
    const type = headers['content-type']
    const kind = kindOf(type, ['json', 'csv', 'form'])
    const parts: Buffer[] = []
    let size = 0
    const take = (part: Buffer): void => {
      const before = size
      size += part.length
      const long = size > limit
      if (long || share?.take(part.length) === false) {
        payload.off('data', take).pause()
        return reject(long ? new HttpError(413, `invalid body; more than ${limit} bytes`, closing) : noRoom())
      }
      parts.push(part)
      if (before >= largeBody || size < largeBody) return
      payload.pause()
      void turn().then(() => payload.resume())
    }
    payload.on('data', take)
    payload.once('end', () => resolve({ kind, type: type ?? '', parts, size }))
    payload.once('error', () => reject(new HttpError(400, 'invalid body; it ended too early', closing)))
  })
}

/** @throws HttpError 400 for what is not UTF-8 */
export function textOf({ parts, size }: Body): string {
  try {
    return decoder.decode(Buffer.concat(parts.splice(0), size))
  } catch {
    throw new HttpError(400, 'invalid body; not UTF-8')
  }
}

/**
 * The fields of a form, by Node's own reader. How many there are is counted first: a body of boundaries alone is cheap
 * to send and dear to read.
 * @throws HttpError 400
 */
export async function formParts({ parts, size, type }: Body, most: number): Promise<FormPart[]> {
  const [, quoted, bare] = /boundary=(?:"([^"]{1,70})"|([^;\s]{1,70}))/i.exec(type) ?? []
  const boundary = quoted ?? bare
  if (boundary === undefined) throw new HttpError(400, 'invalid form; its Content-Type names no boundary')
  const body = Buffer.concat(parts.splice(0), size)
  // One before each field and one at the end.
  let found = 0
  for (let at = body.indexOf(`--${boundary}`); at >= 0; at = body.indexOf(`--${boundary}`, at + boundary.length + 2)) {
    if (++found > most + 1) throw new HttpError(400, `invalid form; more than ${most} fields`)
  }
  let form: FormData
  try {
    form = await new Response(body, { headers: { 'content-type': type } }).formData()
  } catch {
    throw new HttpError(400, 'invalid form; it ends too early or its fields cannot be told apart')
  }
  return Promise.all([...form].map(async ([name, value]) => ({ name, value: typeof value === 'string' ? value : new Uint8Array(await value.arrayBuffer()) })))
}

/** A GET must not bring a body: it would be read as the next request by somebody in between. */
export const hasBody = (headers: IncomingHttpHeaders): boolean => Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined
