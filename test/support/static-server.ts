/**
 * Serves a built app for end-to-end tests: with the site's headers or, like a plain file host, without
 * any; logs every request; can be stopped and started again on the same port.
 */
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { responseHeaders } from '../../src/core/headers.ts'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
  '.csv': 'text/csv; charset=utf-8',
}

export interface StaticServer {
  readonly url: string
  readonly log: string[]
  stop(): Promise<void>
  start(): Promise<void>
}

export interface ServeOptions {
  /** Default: true. */
  readonly headers?: boolean
  /** Script put before a file's own text; for faults inside workers. Reached by requests, so it may change over time. */
  readonly before?: (path: string) => string | undefined
  /** Answers some requests itself. @returns true where it did */
  readonly answer?: (path: string, response: ServerResponse) => boolean
}

export async function serveFolder(folder: string, options: ServeOptions = {}): Promise<StaticServer> {
  const log: string[] = []
  let port = 0
  let server: Server | undefined
  const start = () =>
    new Promise<void>((resolve, reject) => {
      server = createServer((request, response) => {
        log.push(`${request.method ?? ''} ${request.url ?? ''}`)
        const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname))
        const file = join(folder, path.endsWith('/') ? `${path}index.html` : path)
        if (options.headers !== false) for (const [name, value] of Object.entries(responseHeaders)) response.setHeader(name, value)
        if (options.answer?.(path, response)) return
        if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) {
          response.writeHead(404).end('not found')
          return
        }
        const before = options.before?.(path)
        if (before !== undefined) {
          response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Cache-Control': 'no-cache' }).end(`${before}\n${readFileSync(file, 'utf8')}`)
          return
        }
        response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Content-Length': statSync(file).size, 'Cache-Control': 'no-cache' })
        createReadStream(file).pipe(response)
      })
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => {
        const address = server?.address()
        if (address && typeof address === 'object') port = address.port
        resolve()
      })
    })
  await start()
  return {
    url: `http://127.0.0.1:${port}/`,
    log,
    start,
    stop: () =>
      new Promise((resolve) => {
        server?.close(() => resolve())
        server?.closeAllConnections()
      }),
  }
}
