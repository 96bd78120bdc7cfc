/** What /metrics tells, and the small server that tells it, on a port of its own. */
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AppState } from './app.ts'
import { Counter, Gauge, Histogram, metricsText } from './metrics.ts'
import type { Models } from './models.ts'
import type { RequestLog } from './request-log.ts'

const seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 10_000]
const of = ['model', 'version'] as const

export class ServerMetrics {
  readonly requests = new Counter('glasshouse_requests_total', 'Requests answered, by protocol and status.', ['protocol', 'status'])
  readonly latency = new Histogram('glasshouse_request_duration_seconds', 'From the head of a request to its answer.', ['protocol'], seconds)
  readonly inference = new Histogram('glasshouse_inference_duration_seconds', 'One run of the graph, with the way to the thread and back.', of, seconds)
  readonly batchRows = new Histogram('glasshouse_batch_rows', 'Rows that were answered together.', of, sizes)
  readonly batchRequests = new Histogram('glasshouse_batch_requests', 'Requests that were answered together.', of, sizes)
  readonly predictions = new Counter('glasshouse_predictions_total', 'Rows answered, by class; a regression has the one class value.', [...of, 'class'])
  readonly unseen = new Counter('glasshouse_unseen_categories_total', 'Cells with a category that training never saw.', [...of, 'column'])
  readonly outOfRange = new Counter('glasshouse_out_of_range_total', 'Cells outside the range that training saw.', [...of, 'column'])
  readonly shadowFailures = new Counter('glasshouse_shadow_failures_total', 'Shadow answers that failed or found no room.', of)
  readonly reloads = new Counter('glasshouse_reloads_total', 'Reloads, by outcome.', ['outcome'])

  text(models: Models, state: AppState, log: RequestLog | undefined): string {
    const versions = models.all()
    const memory = process.memoryUsage()
    const cpu = process.cpuUsage()
    return metricsText([
      this.requests, this.latency, this.inference, this.batchRows, this.batchRequests, this.predictions, this.unseen, this.outOfRange, this.shadowFailures, this.reloads,
      new Gauge('glasshouse_input_psi', 'Population stability index of an input against the training rows; above 0.2 is usually called a drift.', [...of, 'column'], () => versions.flatMap((version) => (version.drift?.inputs() ?? []).map(([column, index]) => [[version.model, version.version, column], index] as const))),
      new Gauge('glasshouse_answer_psi', 'Population stability index of the answers against those on held-out rows.', of, () => versions.flatMap((version) => { const index = version.drift?.answers(); return index === undefined ? [] : [[[version.model, version.version], index] as const] })),
      new Gauge('glasshouse_drift_rows', 'Rows that the drift figures rest on; they are given from 200 on.', of, () => versions.flatMap((version) => (version.drift ? [[[version.model, version.version], version.drift.rows] as const] : []))),
      new Gauge('glasshouse_queue_requests', 'Requests that wait for a thread.', of, () => versions.map((version) => [[version.model, version.version], version.waiting] as const)),
      new Gauge('glasshouse_in_flight_requests', 'Requests being answered.', [], () => [[[], state.inFlight]]),
      new Gauge('glasshouse_ready', '1 while the server takes requests.', [], () => [[[], state.ready ? 1 : 0]]),
      new Gauge('glasshouse_request_log_dropped_rows_total', 'Rows that the request log had no room for.', [], () => [[[], log?.dropped ?? 0]], 'counter'),
      new Gauge('process_resident_memory_bytes', 'Resident memory.', [], () => [[[], memory.rss]]),
      new Gauge('process_cpu_seconds_total', 'Processor time, user and system.', [], () => [[[], (cpu.user + cpu.system) / 1e6]], 'counter'),
      new Gauge('process_start_time_seconds', 'When the process began.', [], () => [[[], Math.round(Date.now() / 1000 - process.uptime())]]),
    ])
  }
}

/** GET /metrics and nothing else. */
export function createMetricsServer(read: () => string): Server {
  const server = createServer({ maxHeaderSize: 8192, headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000 }, (request, response) => {
    const found = (request.url ?? '').split('?', 1)[0] === '/metrics'
    const status = !found ? 404 : request.method === 'GET' ? 200 : 405
    response.writeHead(status, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', 'X-Content-Type-Options': 'nosniff' })
    response.end(status === 200 ? read() : 'unknown address; the only one is GET /metrics\n')
  })
  server.maxConnections = 64
  return server
}
