/**
 * What /metrics tells, and the small server that tells it, on a port of its own. Labels come from closed sets only
 * (routes, status codes, the bundles' own names), never from a request, so that no client can make new series; no
 * data value is ever a label.
 */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { AppState } from './app.ts'
import { endings } from './connections.ts'
import type { Models } from './models.ts'
import type { RequestLog } from './request-log.ts'
import type { ServedVersion } from './served-version.ts'

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 10_000]
const of = ['model', 'version'] as const
type Of = (typeof of)[number]

/** Names of columns and classes have no length limit; a label has. */
export const shortLabel = (text: string): string => text.slice(0, 120)
export const labelsOf = ({ model, version }: Pick<ServedVersion, 'model' | 'version'>): Record<Of, string> => ({ model, version })

export class ServerMetrics {
  readonly #registry = new Registry()
  readonly requests = this.#counter('glasshouse_requests_total', 'Requests answered, by protocol and status.', ['protocol', 'status'])
  readonly latency = this.#histogram('glasshouse_request_duration_seconds', 'From the last byte of a request to its answer, as it leaves.', ['protocol'], seconds)
  readonly inference = this.#histogram('glasshouse_inference_duration_seconds', 'One run of the graph, with the way to the thread and back.', of, seconds)
  readonly batchRows = this.#histogram('glasshouse_batch_rows', 'Rows that were answered together.', of, sizes)
  readonly batchRequests = this.#histogram('glasshouse_batch_requests', 'Requests that were answered together.', of, sizes)
  readonly predictions = this.#counter('glasshouse_predictions_total', 'Rows answered, by class; a regression has the one class value.', [...of, 'class'])
  readonly unseen = this.#counter('glasshouse_unseen_categories_total', 'Cells with a category that training never saw.', [...of, 'column'])
  readonly outOfRange = this.#counter('glasshouse_out_of_range_total', 'Cells outside the range that training saw.', [...of, 'column'])
  readonly shadowFailures = this.#counter('glasshouse_shadow_failures_total', 'Shadow answers that failed or found no room.', of)
  readonly reloads = this.#counter('glasshouse_reloads_total', 'Reloads, by outcome.', ['outcome'])

  constructor() {
    // Prometheus sees no increase in a counter that appears with its first event.
    for (const outcome of ['ok', 'refused']) this.reloads.inc({ outcome }, 0)
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] })
  }
  #histogram<L extends string>(name: string, help: string, labelNames: readonly L[], buckets: readonly number[]): Histogram<L> {
    return new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers: [this.#registry] })
  }
  /** Read when asked for. */
  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[], read: () => Iterable<readonly [labels: Record<L, string>, value: number]>): void {
    const gauge = new Gauge({ name, help, labelNames: [...labelNames], registers: [this.#registry], collect })
    function collect(): void {
      gauge.reset()
      for (const [labels, value] of read()) gauge.set(labels as Partial<Record<L, string>>, value)
    }
  }
  /** A total that somebody else counts. */
  #total<L extends string>(name: string, help: string, labelNames: readonly L[], read: () => Iterable<readonly [labels: Record<L, string>, value: number]>): void {
    const counter = new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry], collect })
    function collect(): void {
      counter.reset()
      for (const [labels, value] of read()) counter.inc(labels as Partial<Record<L, string>>, value)
    }
  }

  /** Gauges of what the server has; once, when it is there. */
  watch(models: Models, state: AppState, log: RequestLog | undefined): void {
    const each = <L extends string>(read: (version: ServedVersion) => Iterable<readonly [Record<L, string>, number]>) => () => models.all().flatMap((version) => [...read(version)])
    this.#gauge('glasshouse_input_psi', 'Population stability index of an input against the training rows; above 0.2 is usually called a drift.', [...of, 'column'], each((version) => (version.drift?.inputs() ?? []).map(([column, index]) => [{ ...labelsOf(version), column: shortLabel(column) }, index] as const)))
    this.#gauge('glasshouse_answer_psi', 'Population stability index of the answers against those on held-out rows.', of, each((version) => { const index = version.drift?.answers(); return index === undefined ? [] : [[labelsOf(version), index] as const] }))
    this.#gauge('glasshouse_drift_rows', 'Rows that the drift figures rest on; they are given from 200 on.', of, each((version) => (version.drift ? [[labelsOf(version), version.drift.rows] as const] : [])))
    this.#gauge('glasshouse_queue_requests', 'Requests that wait for a thread.', of, each((version) => [[labelsOf(version), version.waiting] as const]))
    this.#gauge('glasshouse_queue_limit_requests', 'Requests that may wait for a thread; the next is turned away.', of, each((version) => [[labelsOf(version), version.queueLimit] as const]))
    this.#gauge('glasshouse_in_flight_requests', 'Requests being answered.', [], () => [[{}, state.connections?.inFlight ?? 0]])
    this.#gauge('glasshouse_body_bytes', 'Bytes of the bodies under way.', [], () => [[{}, state.bodies?.held ?? 0]])
    this.#gauge('glasshouse_connections', 'Connections that are open.', [], () => [[{}, state.connections?.size ?? 0]])
    this.#total('glasshouse_connections_ended_total', 'Connections that the server ended by its own rules: asked too far ahead, left an answer unread, made room, or found no room.', ['why'], () => endings.map((why) => [{ why }, state.connections?.ended[why] ?? 0] as const))
    this.#gauge('glasshouse_ready', '1 while the server takes requests.', [], () => [[{}, state.ready && models.all().every(({ ready }) => ready) ? 1 : 0]])
    this.#total('glasshouse_request_log_dropped_rows_total', 'Rows that the request log had no room for.', [], () => [[{}, log?.dropped ?? 0]])
    this.#gauge('process_resident_memory_bytes', 'Resident memory.', [], () => [[{}, process.memoryUsage().rss]])
    this.#total('process_cpu_seconds_total', 'Processor time, user and system.', [], () => [[{}, (process.cpuUsage().user + process.cpuUsage().system) / 1e6]])
    this.#gauge('process_start_time_seconds', 'When the process began.', [], () => [[{}, Math.round(Date.now() / 1000 - process.uptime())]])
  }

  readonly text = (): Promise<string> => this.#registry.metrics()
}

/** GET /metrics and nothing else. */
export function createMetricsServer(read: () => Promise<string>): Server {
  const server = createServer({ maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000 }, (request, response) => {
    const found = (request.url ?? '').split('?', 1)[0] === '/metrics'
    const say = (status: number, text: string): void => {
      response.writeHead(status, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', 'X-Content-Type-Options': 'nosniff' })
      response.end(text)
    }
    if (!found || request.method !== 'GET') say(found ? 405 : 404, 'unknown address; the only one is GET /metrics\n')
    else read().then((text) => say(200, text), () => say(500, 'missing metrics; they could not be read\n'))
  })
  server.maxConnections = 64
  return server
}
