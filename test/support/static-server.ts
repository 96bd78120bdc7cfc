/**
 * Serves a built app for end-to-end tests: with the site's headers or, like a plain file host, without
 * any; logs every request; can be stopped and started again on the same port.
 */
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
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

export async function serveFolder(folder: string, options: { readonly headers?: boolean } = {}): Promise<StaticServer> {
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
        if (!file.startsWith(folder) || !existsSync(file) || !statSync(file).isFile()) {
          response.writeHead(404).end('not found')
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
