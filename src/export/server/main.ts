/**
 * The server of an exported bundle: node server/server.mjs [--verify | --test]. One process, no download,
 * no file written but the request log where one is asked for. It checks every bundle against its manifest,
 * answers the golden rows, and only then listens. SIGHUP reads the bundles and SERVING again.
 * Exit codes: 0 drained, 78 a bundle or setting that cannot be served, 1 anything else.
 */
import { onHangup } from './hangup.ts'
import { watchFile, unwatchFile } from 'node:fs'
import type { Server } from 'node:http'
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { createApp } from './app.ts'
import type { AppState } from './app.ts'
import { bodyLimitOf } from './body.ts'
import { fewestBodyBytes } from './body-room.ts'
import { BundleError } from './bundle.ts'
import { readConfig, singleBundle } from './config.ts'
import type { Connections } from './connections.ts'
import { Door } from './drain.ts'
import { inferThread } from './infer-thread.ts'
import { LineFile } from './line-file.ts'
import { Models } from './models.ts'
import { Redaction } from './redaction.ts'
import { outputSink, RequestLog } from './request-log.ts'
import { selfTest } from './self-test.ts'
import { createMetricsServer, labelsOf, ServerMetrics } from './server-metrics.ts'
import { Service } from './service.ts'
import { textSetting, wholeSetting } from './settings.ts'

const script = new URL(import.meta.url)
const folder = process.env['BUNDLE'] ?? dirname(dirname(fileURLToPath(script)))

const log = (fields: Readonly<Record<string, string | number>>): void => void process.stdout.write(`${JSON.stringify(fields)}\n`)
const complain = (event: string, reason: string): void => void process.stderr.write(`${JSON.stringify({ level: 'error', event, reason })}\n`)
const configured = () => {
  const path = textSetting('SERVING')
  return path === undefined ? singleBundle(folder) : readConfig(path)
}

function openModels(metrics: ServerMetrics, redaction: Redaction): Models {
  return new Models({
    script,
    check: (signatures) => redaction.check(signatures),
    pool: {
      threads: wholeSetting('THREADS', Math.max(1, Math.min(4, availableParallelism() - 1)), 1, 64),
      queueLimit: wholeSetting('QUEUE', 256, 1, 100_000),
      timeoutMs: wholeSetting('INFERENCE_TIMEOUT_MS', 10_000, 1, 3_600_000),
      batchRows: wholeSetting('BATCH_ROWS', 256, 1, 10_000),
    },
    onBatch(version, rows, requests, seconds) {
      if (!version) return
      const of = labelsOf(version)
      metrics.inference.observe(of, seconds)
      metrics.batchRows.observe(of, rows)
      metrics.batchRequests.observe(of, requests)
    },
  })
}

async function listen(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return typeof address === 'object' && address ? address.port : port
}

async function serve(): Promise<void> {
  const testing = process.argv.includes('--test')
  const port = testing ? 0 : wholeSetting('PORT', 8080, 0, 65_535)
  const host = testing ? '127.0.0.1' : (textSetting('HOST') ?? '127.0.0.1')
  const drainMs = wholeSetting('DRAIN_MS', 10_000, 0, 600_000)
  const drainDelayMs = wholeSetting('DRAIN_DELAY_MS', 500, 0, 60_000)
  const metricsPort = testing ? -1 : textSetting('METRICS_PORT') === 'off' ? -1 : wholeSetting('METRICS_PORT', 9090, 0, 65_535)
  const metrics = new ServerMetrics()
  const logPath = testing || process.argv.includes('--verify') ? undefined : textSetting('REQUEST_LOG')
  const redaction = new Redaction(logPath === undefined ? '' : (textSetting('REQUEST_LOG_REDACT') ?? ''))
  const models = openModels(metrics, redaction)
  await models.load(configured())
  /** Other models may take larger bodies. */
  const limitsNow = (): { readonly body: number; readonly bodies: number } => {
    const body = wholeSetting('BODY_LIMIT', Math.max(...models.all().map(({ signature }) => bodyLimitOf(signature))), 1, 1_000_000_000)
    return { body, bodies: wholeSetting('BODIES_LIMIT', Math.max(fewestBodyBytes, 2 * body), 1, 1_000_000_000_000) }
  }
  let limits = limitsNow()
  if (process.argv.includes('--verify')) {
    for (const { model, version, bundle } of models.all()) log({ event: 'verified', model, version, goldenRows: bundle.golden.rows.length })
    return models.close()
  }
  const lines = logPath === undefined || logPath === '-' ? undefined : new LineFile(logPath, { say: complain })
  const requestLog = logPath === undefined ? undefined : new RequestLog(lines ?? outputSink, redaction)
  const state: AppState = { ready: true }
  metrics.watch(models, state, requestLog)
  const server = await createApp({ models, service: new Service(metrics, requestLog), metrics, bodyLimit: () => limits.body, bodiesLimit: () => limits.bodies }, state)
  const door = new Door(server, state.connections as Connections)
  const metricsServer = createMetricsServer(metrics.text)

  const stop = async (): Promise<void> => {
    if (!state.ready) return
    state.ready = false
    await door.drain({ delayMs: drainDelayMs, drainMs })
    metricsServer.close()
    metricsServer.closeAllConnections()
    await requestLog?.close()
    log({ event: 'stopped' })
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())

  // One reload after the other, and a bad one changes nothing.
  let reloading = Promise.resolve()
  const reload = (): void => {
    reloading = reloading.then(async () => {
      try {
        await models.load(configured())
        limits = limitsNow()
        metrics.reloads.inc({ outcome: 'ok' })
        log({ event: 'reloaded', versions: models.all().map(({ model, version }) => `${model}/${version}`).join(' ') })
      } catch (error) {
        metrics.reloads.inc({ outcome: 'refused' })
        complain('not reloaded', error instanceof Error ? error.message : String(error))
      }
    })
  }
  onHangup(() => {
    // Whoever rotates logs sends the same signal.
    void lines?.reopen()
    reload()
  })
  const serving = textSetting('SERVING')
  if (serving !== undefined && textSetting('WATCH') === '1') {
    watchFile(serving, { interval: 1000, persistent: false }, reload)
    process.once('exit', () => unwatchFile(serving))
  }

  if (metricsPort >= 0) {
    const metricsHost = textSetting('METRICS_HOST') ?? '127.0.0.1'
    try {
      log({ event: 'metrics', metricsHost, metricsPort: await listen(metricsServer, metricsPort, metricsHost) })
    } catch (cause) {
      // A second server on this machine must start where nobody chose the port.
      if (textSetting('METRICS_PORT') !== undefined) throw cause
      log({ event: 'no metrics', reason: `port ${metricsPort} is taken; METRICS_PORT chooses another` })
    }
  }
  const bound = await listen(server, port, host)
  log({ event: 'listening', host, port: bound, model: models.first.name })
  if (!testing) return
  const failed = await selfTest(`http://127.0.0.1:${bound}`, models.first.name, models.first.fallback.bundle, limits.body, (line) => process.stdout.write(`${line}\n`))
  server.closeAllConnections()
  server.close()
  await models.close()
  process.exitCode = failed === 0 ? 0 : 1
}

if (isMainThread) {
  serve().catch((error: unknown) => {
    complain('not started', error instanceof Error ? error.message : String(error))
    process.exit(error instanceof BundleError ? 78 : 1)
  })
} else {
  await inferThread()
}
