/**
 * The routes, on Fastify: nothing is served from the file system. Health and metadata answer at once;
 * inference routes read, check, queue and answer. Every refusal is `{"error": sentence}`.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type HTTPMethods } from 'fastify'
import { inferResponse, modelMetadata, plainResponse, rowsResponse } from '../../core/bundle/responses.ts'
import { checkPictures, formLimits, readFormRequest, takesForms } from '../../core/bundle/form-request.ts'
import { readInferRequest, readPlainRequest } from '../../core/bundle/requests.ts'
import type { ModelRequest } from '../../core/bundle/requests.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import { parseStrictJson } from '../../core/bundle/strict-json.ts'
import type { StrictJson } from '../../core/bundle/strict-json.ts'
import { readCsvRequest, readMlflowRequest, readV1Request } from '../../core/bundle/table-requests.ts'
import { StudioError } from '../../core/errors.ts'
import { type Body, checkHead, formParts, hasBody, HttpError, noRoom, readBody, textOf } from './body.ts'
import { BodyRoom, type BodyShare } from './body-room.ts'
import { Connections } from './connections.ts'
import type { Models, ServedModel } from './models.ts'
import { openApi } from './openapi.ts'
import { docsPage } from './docs-page.ts'
import { Overloaded, TooSlow } from './pool.ts'
import { checkFraming, faultOf, lastWord } from './refusal.ts'
import type { ServerMetrics } from './server-metrics.ts'
import type { Answered, Protocol, Service } from './service.ts'
import type { ServedVersion } from './served-version.ts'
import { Turns } from './turns.ts'

export interface AppState {
  /** False while starting and while draining. */
  ready: boolean
  connections?: Connections
  bodies?: BodyRoom
}
export interface AppOptions {
  readonly models: Models
  readonly service: Service
  readonly metrics: ServerMetrics
  /** Bytes of a body, and of all that are under way; a reload may change them. */
  readonly bodyLimit: () => number
  readonly bodiesLimit: () => number
}

/** When its body was whole; 0 where it has none. And what the body holds. */
type WithBody = FastifyRequest & { wholeAt: number; share: BodyShare | undefined }

/** Brackets inside the outermost object: inputs, tensor, data, and one nested row. */
const maxDepth = 4
const allMethods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** The server, ready to listen. */
export async function createApp(options: AppOptions, state: AppState): Promise<Server> {
  /** Refuses what is no request for Node, behind the answers to those before it. */
  const lastly = (socket: Socket, status: number, text: string, headers?: readonly string[]): void =>
    state.connections?.leave(socket, () => {
      if (lastWord(socket, status, text, headers)) options.metrics.requests.inc({ protocol: 'other', status })
    })
  const app = fastify({
    serverFactory(handle) {
      const connections = (state.connections = new Connections(handle))
      const server = createServer({ requireHostHeader: false, maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 5000, connectionsCheckingInterval: 1000 }, connections.take)
      server.maxRequestsPerSocket = 1000
      // Who has sent a whole request and nothing after it is answered.
      Object.assign(server, { httpAllowHalfOpen: true })
      // What they expect is said where their head has been looked at.
      server.on('checkContinue', connections.take)
      server.on('checkExpectation', connections.take)
      server.on('connect', (_request, socket: Socket) => {
        // Node keeps none of its own listeners on it.
        socket.on('error', () => {})
        lastly(socket, 405, 'unsupported method; GET and POST only: CONNECT', ['Allow: GET, POST'])
      })
      connections.watch(server)
      return server
    },
    clientErrorHandler(error, socket) {
      const fault = faultOf(error)
      if (fault) lastly(socket, ...fault)
      else state.connections?.leave(socket, () => socket.destroySoon())
    },
    exposeHeadRoutes: false,
    // The protocol's own OpenAPI file has its first route as /v2/.
    routerOptions: { maxParamLength: 1000, ignoreTrailingSlash: true },
    frameworkErrors: (error, _request, reply) => void refuse(reply, error),
  })
  const turns = new Turns(() => state.connections?.came ?? 0)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' })
    if (state.connections?.tooFar.has(request.raw)) throw new HttpError(503, 'missing capacity; too many requests were sent ahead on this connection', { Connection: 'close', 'Retry-After': '1' })
    checkFraming(request.raw)
    if (request.is404) throw new HttpError(404, 'unknown address; the routes are listed at /openapi.json', hasBody(request.headers) ? { Connection: 'close' } : {})
  })
  const bodies = (state.bodies = new BodyRoom(options.bodiesLimit))
  app.addHook('preParsing', async (request, reply) => {
    if (hasBody(request.headers)) {
      const share = bodies.enter(Number(request.headers['content-length'] ?? 0))
      if (!share) throw noRoom()
      ;(request as WithBody).share = share
      reply.raw.once('close', share.leave)
    }
    if (request.headers.expect !== undefined && request.raw.httpVersion === '1.1') reply.raw.writeContinue()
  })
  // While the server drains, nobody's next request may wait in a connection that is about to end: also where the request came before.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (!state.ready) reply.header('Connection', 'close')
    // How slowly a caller sends or reads is none of the server's slowness.
    const { wholeAt, share } = request as WithBody
    share?.leave()
    options.metrics.latency.observe({ protocol: protocolOf(request.url) }, (wholeAt > 0 ? performance.now() - wholeAt : reply.elapsedTime) / 1000)
    done(null, payload)
  })
  app.addHook('onResponse', async (request, reply) => {
    options.metrics.requests.inc({ protocol: protocolOf(request.url), status: reply.statusCode })
  })
  app.removeAllContentTypeParsers()
  app.decorateRequest('wholeAt', 0)
  app.decorateRequest('share', undefined)
  app.addContentTypeParser('*', async (request: FastifyRequest, payload: IncomingMessage) => {
    const body = await readBody(request.headers, payload, options.bodyLimit(), turns.next, (request as WithBody).share)
    ;(request as WithBody).wholeAt = performance.now()
    return body
  })
  app.setErrorHandler((error, _request, reply) => refuse(reply, error))
  addRoutes(app, options, state, turns)
  await app.ready()
  return app.server
}

function protocolOf(path: string): Protocol | 'other' {
  if (path.startsWith('/v2')) return 'v2'
  if (path.startsWith('/v1')) return 'v1'
  if (/^\/(?:invocations|ping|version)(?:\?|$)/.test(path)) return 'mlflow'
  return path.startsWith('/predict') ? 'plain' : 'other'
}

interface Place {
  readonly Params: { readonly name?: string; readonly version?: string }
}
const paramsOf = (request: FastifyRequest): Place['Params'] => request.params as Place['Params']

function addRoutes(app: FastifyInstance, options: AppOptions, state: AppState, turns: Turns): void {
  const { models } = options
  /** One method of an address; every other one is answered 405 with the one that is. */
  const only = (method: 'GET' | 'POST', urls: readonly string[], check: (request: FastifyRequest) => void, handler: (request: FastifyRequest, reply: FastifyReply) => unknown): void => {
    for (const url of urls) {
      app.route({ method, url, onRequest: async (request) => check(request), handler: async (request, reply) => handler(request, reply) })
      app.route({
        method: allMethods.filter((other) => other !== method),
        url,
        onRequest: async (request) => {
          throw new HttpError(405, `unsupported method; ${method} only: ${request.method}`, { Allow: method })
        },
        handler: () => {},
      })
    }
  }
  const known = (request: FastifyRequest): ServedModel => {
    const { name, version } = paramsOf(request)
    const model = name === undefined ? models.first : models.model(name)
    model.version(version)
    return model
  }
  const get = (urls: readonly string[], answer: (request: FastifyRequest, reply: FastifyReply) => string, type = 'application/json'): void =>
    only(
      'GET',
      urls,
      (request) => {
        if (hasBody(request.headers)) throw new HttpError(400, 'invalid request; a GET has no body', { Connection: 'close' })
        known(request)
      },
      (request, reply) => reply.type(type).send(answer(request, reply)),
    )
  const infer = (urls: readonly string[], protocol: Protocol): void =>
    only(
      'POST',
      urls,
      (request) => {
        const { fallback } = known(request)
        for (const { name } of fallback.signature.params ?? []) {
          if (name in (request.query as object)) throw new HttpError(400, `unsupported ${name} in the address; it is set in the body, where the protocol has a place for it`)
        }
        checkHead(request.headers, options.bodyLimit(), protocol === 'mlflow' ? ['json', 'csv'] : protocol === 'plain' && takesForms(fallback.signature) ? ['json', 'form'] : ['json'])
      },
      (request, reply) => turns.with((request.body as Body | undefined)?.size ?? 0, async (turn) => {
        const sent = (request.body ?? { kind: 'json', type: '', parts: [], size: 0 }) as Body
        const form = sent.kind === 'form' ? await formParts(sent, formLimits.pictures + 1) : undefined
        const text = form ? '' : textOf(sent)
        if (turn) await turn()
        const body = sent.kind === 'json' ? parseStrictJson(text, maxDepth) : undefined
        if (turn) await turn()
        const read = ({ signature }: { readonly signature: Signature }): ModelRequest => {
          if (form) return readFormRequest(signature, form)
          return checkPictures(signature, sent.kind === 'csv' ? readCsvRequest(signature, text) : readers[protocol](signature, body as StrictJson))
        }
        const id = idOf(request, body)
        // The model is asked for now: a reload may have come since the head was read.
        const answered = await options.service.answer(known(request), paramsOf(request).version, id, protocol, read, turn)
        if (turn) await turn()
        return reply.headers({ 'X-Model-Version': answered.version.version, 'X-Request-Id': id }).type('application/json').send(written(protocol, answered))
      }),
    )
  /** A version whose threads are all lost cannot answer until one has started again. */
  const readyNow = (versions: readonly ServedVersion[]): boolean => state.ready && versions.every(({ ready }) => ready)
  const readiness = (reply: FastifyReply, versions: readonly ServedVersion[], more: Readonly<Record<string, string | boolean>> = {}): string => {
    const ready = readyNow(versions)
    reply.code(ready ? 200 : 503)
    return JSON.stringify({ ...more, ready })
  }
  const asked = (request: FastifyRequest): ServedVersion => known(request).version(paramsOf(request).version)

  get(
    ['/', '/docs'],
    (_request, reply) => {
      reply.header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
      return docsPage(models)
    },
    'text/html; charset=utf-8',
  )
  get(['/openapi.json'], () => openApi(models))
  get(['/v2'], () => JSON.stringify({ name: 'glasshouse', version: '1', extensions: [] }))
  get(['/v2/health/live'], () => '{"live":true}')
  // The protocol's text says "live" of readiness as well; KServe's own server says "ready".
  get(['/v2/health/ready'], (_request, reply) => readiness(reply, models.all(), { live: true }))
  get(['/ping', '/health'], (_request, reply) => readiness(reply, models.all()))
  get(['/version'], () => '"glasshouse 1"')
  get(['/v1/models'], () => JSON.stringify({ models: [...models.models.keys()] }))

  const versioned = (base: string, end = ''): string[] => [`${base}${end}`, `${base}/versions/:version${end}`]
  get(versioned('/v2/models/:name'), (request) => {
    const { name = '', version } = paramsOf(request)
    const model = models.model(name)
    const found = model.version(version)
    return modelMetadata(found.signature, name, version === undefined ? [...model.versions.keys()] : [found.version])
  })
  get(versioned('/v2/models/:name', '/ready'), (request, reply) => readiness(reply, [asked(request)], { name: paramsOf(request).name ?? '' }))
  infer(versioned('/v2/models/:name', '/infer'), 'v2')
  // A name without the verb's colon; two colons are one.
  get(['/v1/models/:name(^[^:]+$)', '/v1/models/:name/versions/:version(^[^:]+$)'], (request) => JSON.stringify({ name: paramsOf(request).name, ready: readyNow([asked(request)]) }))
  infer(['/v1/models/:name(^[^:]+)::predict', '/v1/models/:name/versions/:version(^[^:]+)::predict'], 'v1')
  infer(['/invocations'], 'mlflow')
  infer(['/predict', '/predict/:name', '/predict/:name/:version'], 'plain')
}

const readers: Readonly<Record<Protocol, (signature: Signature, body: StrictJson) => ModelRequest>> = { v2: readInferRequest, v1: readV1Request, mlflow: readMlflowRequest, plain: readPlainRequest }

/** The caller's own id where it can stand in a header, else a fresh one. */
function idOf(request: FastifyRequest, body: StrictJson | undefined): string {
  const given = request.headers['x-request-id'] ?? (body instanceof Map ? body.get('id') : undefined)
  return typeof given === 'string' && /^[\x21-\x7e]{1,200}$/.test(given) ? given : randomUUID()
}

function written(protocol: Protocol, { version, answer, notices, request }: Answered & { readonly request: ModelRequest }): string {
  const { signature } = version
  if (protocol === 'v2') return inferResponse(signature, version.model, version.version, request, answer, notices)
  if (protocol === 'plain') return plainResponse(signature, request.rows, answer, notices)
  return rowsResponse(signature, request.rows, answer, notices)
}

/** What a client may know of a failure; the rest goes to the log, without data values. */
function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  const say = (status: number, text: string, headers: Readonly<Record<string, string>> = {}): FastifyReply => reply.code(status).headers(headers).type('application/json').send(JSON.stringify({ error: text }))
  if (error instanceof HttpError) return say(error.status, error.message, error.headers)
  if (error instanceof TooSlow) return say(503, 'missing answer; the model took too long for this request, its thread was replaced', { 'Retry-After': '1' })
  if (error instanceof Overloaded) return say(503, 'missing capacity; too many requests are waiting', { 'Retry-After': '1' })
  if (error instanceof StudioError && error.code === 'bad-data') return say(400, error.message)
  if (error instanceof StudioError && error.code === 'diverged') return say(500, error.message)
  // Fastify's own refusals, such as an address that cannot be decoded, have a status of 4xx.
  const status = (error as { statusCode?: number }).statusCode
  if (status !== undefined && status >= 400 && status < 500) return say(status, `invalid request; ${(error as Error).message}`, { Connection: 'close' })
  process.stderr.write(`${JSON.stringify({ level: 'error', event: 'inference failed', kind: error instanceof Error ? error.name : typeof error })}\n`)
  return say(500, 'inference failed; the model could not answer this request')
}
