/**
 * The routes: a fixed table, nothing is served from the file system. Health and metadata answer at once;
 * the two inference routes read, check, queue and answer. Every refusal is `{"error": sentence}`.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { inferResponse, checkFiniteAnswer, modelMetadata, modelSlug, plainResponse } from '../../core/bundle/responses.ts'
import { readInferRequest, readPlainRequest } from '../../core/bundle/requests.ts'
import type { ModelRequest } from '../../core/bundle/requests.ts'
import type { Signature } from '../../core/bundle/signature.ts'
import { parseStrictJson } from '../../core/bundle/strict-json.ts'
import type { StrictJson } from '../../core/bundle/strict-json.ts'
import { StudioError } from '../../core/errors.ts'
import type { ServedAnswer } from '../../core/onnx/runner.ts'
import { hasBody, HttpError, readBody } from './body.ts'
import { Overloaded } from './pool.ts'
import type { WorkerRequest } from './pool.ts'

export interface AppState {
  /** False while starting and while draining. */
  ready: boolean
  inFlight: number
}
export interface AppOptions {
  readonly signature: Signature
  readonly bodyLimit: number
  readonly infer: (request: WorkerRequest) => Promise<ServedAnswer>
}

/** Brackets inside the outermost object: inputs, tensor, data, and one nested row. */
const maxDepth = 4

export function createApp(options: AppOptions, state: AppState): Server {
  const server = createServer({ maxHeaderSize: 8192, headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 5000, connectionsCheckingInterval: 1000 }, (request, response) => {
    state.inFlight++
    response.once('close', () => state.inFlight--)
    handle(request, options, state).then(
      ([status, body, headers]) => send(response, status, body, headers),
      (error: unknown) => refuse(response, error),
    )
  })
  server.maxConnections = 512
  server.maxRequestsPerSocket = 1000
  return server
}

type Answer = readonly [status: number, body: string, headers?: Readonly<Record<string, string>>]

async function handle(request: IncomingMessage, options: AppOptions, state: AppState): Promise<Answer> {
  const { signature } = options
  const path = (request.url ?? '/').split('?', 1)[0] as string
  const model = modelSlug(signature.name)
  const get = (body: () => Answer): Answer => {
    if (request.method !== 'GET') throw new HttpError(405, `unsupported method; GET only: ${request.method}`, { Allow: 'GET' })
    if (hasBody(request)) throw new HttpError(400, 'invalid request; a GET has no body', { Connection: 'close' })
    return body()
  }
  const post = async (read: (body: StrictJson) => ModelRequest, write: (request: ModelRequest, answer: ServedAnswer) => string): Promise<Answer> => {
    if (request.method !== 'POST') throw new HttpError(405, `unsupported method; POST only: ${request.method}`, { Allow: 'POST' })
    const asked = read(parseStrictJson(await readBody(request, options.bodyLimit), maxDepth))
    const answer = await options.infer({ feeds: asked.feeds, rows: asked.rows })
    checkFiniteAnswer(answer, asked.rows)
    return [200, write(asked, answer)]
  }
  if (path === '/v2') return get(() => [200, JSON.stringify({ name: 'glasshouse', version: '1', extensions: [] })])
  if (path === '/v2/health/live') return get(() => [200, '{"live":true}'])
  if (path === '/v2/health/ready') return get(() => readiness(state))
  if (path === '/predict') return post((body) => readPlainRequest(signature, body), (asked, answer) => plainResponse(signature, asked.rows, answer))
  const match = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer))?$/.exec(path)
  if (!match) throw new HttpError(404, 'unknown address; the routes are /v2, /v2/health/live, /v2/health/ready, /v2/models/{model}[/versions/{version}][/ready|/infer] and /predict')
  if (match[1] !== model) throw new HttpError(404, `unknown model; this server has ${model}`)
  if (match[2] !== undefined && match[2] !== '1') throw new HttpError(404, `unknown version of ${model}; this server has 1`)
  if (match[3] === 'infer') return post((body) => readInferRequest(signature, body), (asked, answer) => inferResponse(signature, model, asked, answer))
  return get(() => (match[3] === 'ready' ? readiness(state) : [200, modelMetadata(signature)]))
}

const readiness = (state: AppState): Answer => (state.ready ? [200, '{"ready":true}'] : [503, '{"ready":false}'])

function send(response: ServerResponse, status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
  if (response.destroyed) return
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store', ...headers })
  response.end(body)
}

/** What a client may know of a failure; the rest goes to the log, without data values. */
function refuse(response: ServerResponse, error: unknown): void {
  const say = (status: number, text: string, headers?: Readonly<Record<string, string>>): void => send(response, status, JSON.stringify({ error: text }), headers)
  if (error instanceof HttpError) return say(error.status, error.message, error.headers)
  if (error instanceof Overloaded) return say(503, 'missing capacity; too many requests are waiting', { 'Retry-After': '1' })
  if (error instanceof StudioError && error.code === 'bad-data') return say(400, error.message)
  if (error instanceof StudioError && error.code === 'diverged') return say(500, error.message)
  process.stderr.write(`${JSON.stringify({ level: 'error', event: 'inference failed', kind: error instanceof Error ? error.name : typeof error })}\n`)
  say(500, 'inference failed; the model could not answer this request')
}
