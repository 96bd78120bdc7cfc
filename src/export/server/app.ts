/**
 * The routes: a fixed table, nothing is served from the file system. Health and metadata answer at once;
 * inference routes read, check, queue and answer. Every refusal is `{"error": sentence}`.
 */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { inferResponse, modelMetadata, plainResponse, rowsResponse } from '../../core/bundle/responses.ts'
import { readInferRequest, readPlainRequest } from '../../core/bundle/requests.ts'
import type { ModelRequest } from '../../core/bundle/requests.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import { parseStrictJson } from '../../core/bundle/strict-json.ts'
import type { StrictJson } from '../../core/bundle/strict-json.ts'
import { readCsvRequest, readMlflowRequest, readV1Request } from '../../core/bundle/table-requests.ts'
import { StudioError } from '../../core/errors.ts'
import { hasBody, HttpError, readBody } from './body.ts'
import type { Models, ServedModel } from './models.ts'
import { openApi } from './openapi.ts'
import { docsPage } from './docs-page.ts'
import { Overloaded } from './pool.ts'
import type { ServerMetrics } from './server-metrics.ts'
import type { Answered, Protocol, Service } from './service.ts'

export interface AppState {
  /** False while starting and while draining. */
  ready: boolean
  inFlight: number
}
export interface AppOptions {
  readonly models: Models
  readonly service: Service
  readonly metrics: ServerMetrics
  readonly bodyLimit: number
}

/** Brackets inside the outermost object: inputs, tensor, data, and one nested row. */
const maxDepth = 4

export function createApp(options: AppOptions, state: AppState): Server {
  const server = createServer({ maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 5000, connectionsCheckingInterval: 1000 }, (request, response) => {
    const started = performance.now()
    state.inFlight++
    response.once('close', () => state.inFlight--)
    const path = (request.url ?? '/').split('?', 1)[0] as string
    const protocol = protocolOf(path)
    const done = ({ status, body, headers }: Reply): void => {
      send(response, status, body, headers)
      options.metrics.requests.add([protocol, String(status)])
      options.metrics.latency.observe([protocol], (performance.now() - started) / 1000)
    }
    handle(request, path, options, state).then(done, (error: unknown) => done(refusal(error)))
  })
  server.maxConnections = 512
  server.maxRequestsPerSocket = 1000
  return server
}

interface Reply {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}
const reply = (status: number, body: string, headers?: Readonly<Record<string, string>>): Reply => ({ status, body, ...(headers ? { headers } : {}) })

function protocolOf(path: string): Protocol | 'other' {
  if (path.startsWith('/v2')) return 'v2'
  if (path.startsWith('/v1')) return 'v1'
  if (path === '/invocations' || path === '/ping' || path === '/version') return 'mlflow'
  return path.startsWith('/predict') ? 'plain' : 'other'
}

const v2Route = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?$/
const v1Route = /^\/v1\/models\/([^/:]+)(?:\/versions\/([^/:]+))?(:predict)?$/
const plainRoute = /^\/predict(?:\/([^/]+)(?:\/([^/]+))?)?$/

async function handle(request: IncomingMessage, path: string, options: AppOptions, state: AppState): Promise<Reply> {
  const { models } = options
  const get = (body: () => string | Reply): Reply => {
    if (request.method !== 'GET') throw new HttpError(405, `unsupported method; GET only: ${request.method}`, { Allow: 'GET' })
    if (hasBody(request)) throw new HttpError(400, 'invalid request; a GET has no body', { Connection: 'close' })
    const made = body()
    return typeof made === 'string' ? reply(200, made) : made
  }
  switch (path) {
    case '/':
    case '/docs':
      return get(() => reply(200, docsPage(models), { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'" }))
    case '/openapi.json':
      return get(() => openApi(models))
    case '/v2':
      return get(() => JSON.stringify({ name: 'glasshouse', version: '1', extensions: [] }))
    case '/v2/health/live':
      return get(() => '{"live":true}')
    case '/v2/health/ready':
    case '/ping':
    case '/health':
      return get(() => readiness(state))
    case '/version':
      return get(() => '"glasshouse 1"')
    case '/v1/models':
      return get(() => JSON.stringify({ models: [...models.models.keys()] }))
    case '/invocations':
      return infer(request, options, { protocol: 'mlflow', model: () => models.first, asked: undefined })
  }
  const v2 = v2Route.exec(path)
  if (v2) {
    const [, name, asked, verb] = v2 as unknown as [string, string, string | undefined, string | undefined]
    const model = models.model(name)
    const version = model.version(asked)
    if (verb === 'infer') return infer(request, options, { protocol: 'v2', model: () => models.model(name), asked })
    return get(() => (verb === 'ready' ? readiness(state, { name }) : modelMetadata(version.signature, name, asked === undefined ? [...model.versions.keys()] : [version.version])))
  }
  const v1 = v1Route.exec(path)
  if (v1) {
    const [, name, asked, verb] = v1 as unknown as [string, string, string | undefined, string | undefined]
    models.model(name).version(asked)
    if (verb !== undefined) return infer(request, options, { protocol: 'v1', model: () => models.model(name), asked })
    return get(() => JSON.stringify({ name, ready: state.ready }))
  }
  const plain = plainRoute.exec(path)
  if (plain) {
    const [, name, asked] = plain as unknown as [string, string | undefined, string | undefined]
    if (name !== undefined) models.model(name).version(asked)
    return infer(request, options, { protocol: 'plain', model: () => (name === undefined ? models.first : models.model(name)), asked })
  }
  throw new HttpError(404, 'unknown address; the routes are listed at /openapi.json')
}

const readiness = (state: AppState, more: Readonly<Record<string, string>> = {}): Reply => reply(state.ready ? 200 : 503, JSON.stringify({ ...more, ready: state.ready }))

interface Target {
  readonly protocol: Protocol
  /** Asked after the body was read: a reload may have come between. */
  readonly model: () => ServedModel
  readonly asked: string | undefined
}

const readers: Readonly<Record<Protocol, (signature: Signature, body: StrictJson) => ModelRequest>> = { v2: readInferRequest, v1: readV1Request, mlflow: readMlflowRequest, plain: readPlainRequest }

async function infer(request: IncomingMessage, options: AppOptions, { protocol, model, asked }: Target): Promise<Reply> {
  if (request.method !== 'POST') throw new HttpError(405, `unsupported method; POST only: ${request.method}`, { Allow: 'POST' })
  const { text, kind } = await readBody(request, options.bodyLimit, protocol === 'mlflow' ? ['json', 'csv'] : ['json'])
  const body = kind === 'csv' ? undefined : parseStrictJson(text, maxDepth)
  const id = idOf(request, body)
  const answered = await options.service.answer(model(), asked, id, protocol, ({ signature }) => (body === undefined ? readCsvRequest(signature, text) : readers[protocol](signature, body)))
  return reply(200, written(protocol, answered), { 'X-Model-Version': answered.version.version, 'X-Request-Id': id })
}

/** The caller's own id where it can stand in a header, else a fresh one. */
function idOf(request: IncomingMessage, body: StrictJson | undefined): string {
  const given = request.headers['x-request-id'] ?? (body instanceof Map ? body.get('id') : undefined)
  return typeof given === 'string' && /^[\x21-\x7e]{1,200}$/.test(given) ? given : randomUUID()
}

function written(protocol: Protocol, { version, answer, notices, request }: Answered & { readonly request: ModelRequest }): string {
  const { signature } = version
  if (protocol === 'v2') return inferResponse(signature, version.model, version.version, request, answer, notices)
  if (protocol === 'plain') return plainResponse(signature, request.rows, answer, notices)
  return rowsResponse(signature, request.rows, answer, notices)
}

function send(response: ServerResponse, status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
  if (response.destroyed) return
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store', ...headers })
  response.end(body)
}

/** What a client may know of a failure; the rest goes to the log, without data values. */
function refusal(error: unknown): Reply {
  const say = (status: number, text: string, headers?: Readonly<Record<string, string>>): Reply => reply(status, JSON.stringify({ error: text }), headers)
  if (error instanceof HttpError) return say(error.status, error.message, error.headers)
  if (error instanceof Overloaded) return say(503, 'missing capacity; too many requests are waiting', { 'Retry-After': '1' })
  if (error instanceof StudioError && error.code === 'bad-data') return say(400, error.message)
  if (error instanceof StudioError && error.code === 'diverged') return say(500, error.message)
  process.stderr.write(`${JSON.stringify({ level: 'error', event: 'inference failed', kind: error instanceof Error ? error.name : typeof error })}\n`)
  return say(500, 'inference failed; the model could not answer this request')
}
