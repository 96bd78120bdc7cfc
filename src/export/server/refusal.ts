/** Every refusal is `{"error": sentence}`, also where Node's own reader of HTTP finds the fault before there is a request. */
import { STATUS_CODES } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { HttpError } from './body.ts'

/** Code of Node's error -> status and sentence; everything else is 400. */
const faults: ReadonlyMap<string, readonly [number, string]> = new Map([
  ['HPE_HEADER_OVERFLOW', [431, 'invalid request; its head is longer than this server takes']],
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'invalid request; it took too long to arrive']],
])

/** What is wrong with bytes that are no request; undefined where nobody is there to be told, or where the request before them said that it is the last. */
export function faultOf({ code = '' }: { readonly code?: string }): readonly [status: number, text: string] | undefined {
  if (code === 'ECONNRESET' || code === 'HPE_CLOSED_CONNECTION') return undefined
  return faults.get(code) ?? [400, 'invalid request; it is not HTTP/1.1 as this server reads it']
}

/** Answers outside of Node's own answers, and ends the connection. @returns whether it could be said */
export function lastWord(socket: Socket, status: number, text: string, headers: readonly string[] = []): boolean {
  const body = JSON.stringify({ error: text })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    ...headers,
    'Connection: close',
  ]
  // In the middle of another answer it would be read as part of that one.
  const free = socket.writable && (socket as Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null })._httpMessage?.headersSent !== true
  if (free) socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
  return free
}

const closing = { Connection: 'close' }

/** What must not be guessed at, because somebody in between may read it otherwise. @throws HttpError 400, 417 or 501 */
export function checkFraming({ headers, rawHeaders, httpVersion }: IncomingMessage): void {
  if (headers.host === undefined && httpVersion === '1.1') throw new HttpError(400, 'invalid request; no Host header', closing)
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 4 && /^host$/i.test(name) && ++hosts > 1) throw new HttpError(400, 'invalid request; two Host headers', closing)
    // Node keeps the first of several.
    if (name.length === 12 && /^content-type$/i.test(name) && rawHeaders[i + 1] !== headers['content-type']) throw new HttpError(400, 'invalid request; two Content-Type headers that differ', closing)
  }
  const transfer = headers['transfer-encoding']
  if (transfer !== undefined && !/^chunked$/i.test(transfer)) throw new HttpError(501, `unsupported Transfer-Encoding; chunked alone: ${transfer.slice(0, 40)}`, closing)
  const { expect } = headers
  if (expect !== undefined && !/^100-continue$/i.test(expect)) throw new HttpError(417, `unsupported Expect; 100-continue alone: ${expect.slice(0, 40)}`, closing)
}
