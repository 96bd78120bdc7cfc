/**
 * The server of an exported bundle: node server/server.mjs [--verify | --test]. One process, no download,
 * no file written. It checks the bundle against its manifest, answers the golden rows, and only then listens.
 * Exit codes: 0 drained, 78 a bundle or setting that cannot be served, 1 anything else.
 */
import { availableParallelism } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import { goldenProblem } from '../../core/bundle/compare-golden.ts'
import { encodeRows } from '../../core/bundle/encode.ts'
import { modelSlug } from '../../core/bundle/responses.ts'
import { createApp } from './app.ts'
import type { AppState } from './app.ts'
import { BundleError, readBundle } from './bundle.ts'
import type { Bundle } from './bundle.ts'
import { inferThread } from './infer-thread.ts'
import { InferencePool } from './pool.ts'
import { selfTest } from './self-test.ts'

const script = new URL(import.meta.url)
const folder = process.env['BUNDLE'] ?? dirname(dirname(fileURLToPath(script)))

function setting(name: string, fallback: number, min: number, max: number): number {
  const text = process.env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) throw new BundleError(`invalid ${name}; not a whole number in [${min}, ${max}]: ${text.slice(0, 40)}`)
  return value
}

const log = (fields: Readonly<Record<string, string | number>>): void => void process.stdout.write(`${JSON.stringify(fields)}\n`)

async function openPool(bundle: Bundle): Promise<InferencePool> {
  const pool = new InferencePool(script, {
    model: bundle.model,
    signature: bundle.signature,
    threads: setting('THREADS', Math.max(1, Math.min(4, availableParallelism() - 1)), 1, 64),
    queueLimit: setting('QUEUE', 256, 1, 100_000),
    timeoutMs: setting('INFERENCE_TIMEOUT_MS', 10_000, 1, 3_600_000),
  })
  try {
    await pool.open()
  } catch (cause) {
    throw new BundleError(`invalid model.onnx; ONNX Runtime refused it: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
  const { signature, golden } = bundle
  if (golden.rows.length > 0) {
    const feeds = encodeRows(signature, golden.rows.length, (row, input) => golden.rows[row]?.[input])
    const problem = goldenProblem(signature, golden, await pool.run({ feeds, rows: golden.rows.length }))
    if (problem) throw new BundleError(`invalid bundle; it no longer answers as it did when it was exported: ${problem}`)
  }
  return pool
}

async function serve(): Promise<void> {
  const bundle = readBundle(folder)
  const testing = process.argv.includes('--test')
  const port = testing ? 0 : setting('PORT', 8080, 0, 65_535)
  const host = testing ? '127.0.0.1' : (process.env['HOST'] ?? '127.0.0.1')
  const pool = await openPool(bundle)
  if (process.argv.includes('--verify')) {
    log({ event: 'verified', goldenRows: bundle.golden.rows.length })
    return pool.close()
  }
  const state: AppState = { ready: true, inFlight: 0 }
  const bodyLimit = setting('BODY_LIMIT', 1_000_000, 1, 1_000_000_000)
  const server = createApp({ signature: bundle.signature, bodyLimit, infer: (request) => pool.run(request) }, state)
  const stop = async (): Promise<void> => {
    if (!state.ready) return
    // Readiness turns first, so that a balancer sends nothing new while the door is still open.
    state.ready = false
    const until = Date.now() + setting('DRAIN_MS', 10_000, 0, 600_000)
    await pause(setting('DRAIN_DELAY_MS', 500, 0, 60_000))
    server.close()
    server.closeIdleConnections()
    while (state.inFlight > 0 && Date.now() < until) await pause(20)
    server.closeAllConnections()
    await pool.close()
    log({ event: 'stopped' })
    process.exit(0)
  }
  process.on('SIGTERM', () => void stop())
  process.on('SIGINT', () => void stop())
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : port
  log({ event: 'listening', host, port: bound, model: modelSlug(bundle.signature.name) })
  if (!testing) return
  const failed = await selfTest(`http://127.0.0.1:${bound}`, bundle, bodyLimit, (line) => process.stdout.write(`${line}\n`))
  server.closeAllConnections()
  server.close()
  await pool.close()
  process.exitCode = failed === 0 ? 0 : 1
}
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

if (isMainThread) {
  serve().catch((error: unknown) => {
    process.stderr.write(`${JSON.stringify({ level: 'error', event: 'not started', reason: error instanceof Error ? error.message : String(error) })}\n`)
    process.exit(error instanceof BundleError ? 78 : 1)
  })
} else {
  await inferThread()
}
