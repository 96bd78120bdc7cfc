/**
 * The bundle's server under wrk: one row a request, 32 connections, the server on one core and the load on
 * another. Gates: at least 5,000 requests a second, p99 at most 25 ms, no error, ready within a second, and where it lasts
 * five minutes or more memory that grows by less than 0.5 MB a minute after the second minute.
 * The same server in one file, on ONNX Runtime's WebAssembly, has no gate of speed: its figures stand beside.
 * Each is loaded twice, and the worse run counts: the first for ten minutes in all, the others for half a minute; BENCH_SECONDS
 * is the length of a run of all of them. Last, a bundle with one byte of its model changed has to refuse to start.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from '../../support/served-bundle.ts'
import { tell } from '../harness.ts'
import { bundleMaker, startVite } from '../vite.ts'

/** Of one run: of the program whose memory is watched, and of the others. */
const [long, short] = process.env['BENCH_SECONDS'] ? [Number(process.env['BENCH_SECONDS']), Number(process.env['BENCH_SECONDS'])] : [300, 15]
const gates = { requestsPerSecond: 5000, p99Ms: 25, startMs: 1000, mbPerMinute: 0.5 }
/** Seconds until memory has settled, and how long it is watched at least for a verdict. */
const [settled, watched] = [120, 300]

interface Load {
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly errors: number
}

function wrk(url: string, body: string, folder: string, seconds: number): Promise<Load> {
  const script = join(folder, 'load.lua')
  writeFileSync(script, `wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = [==[${body}]==]\n`)
  return new Promise((resolve, reject) => {
    const child = spawn('taskset', ['-c', '1', 'wrk', '-t1', '-c32', `-d${seconds}s`, '--latency', '-s', script, url], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (part: Buffer) => (text += part.toString()))
    child.once('error', reject)
    child.once('close', () => {
      const ms = (share: string): number => {
        const [, value, unit] = new RegExp(`${share}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? []
        return Number(value) * (unit === 'us' ? 1e-3 : unit === 's' ? 1000 : 1)
      }
      const count = (pattern: RegExp): number => [...text.matchAll(pattern)].reduce((sum, match) => sum + match.slice(1).reduce((inner, value) => inner + Number(value), 0), 0)
      resolve({
        requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
        p50Ms: ms('50'),
        p99Ms: ms('99'),
        errors: count(/Non-2xx or 3xx responses: (\d+)/g) + count(/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/g),
      })
    })
  })
}

/** Resident megabytes of a process. */
const residentMb = (pid: number): number => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** Megabytes a minute by least squares, of a value a second. */
function slope(values: readonly number[]): number {
  const [x, y] = [(values.length - 1) / 2, values.reduce((sum, value) => sum + value, 0) / values.length]
  const [above, below] = values.reduce(([a, b], value, i) => [a + (i - x) * (value - y), b + (i - x) ** 2], [0, 0] as [number, number])
  return below === 0 ? 0 : (above / below) * 60
}

const ownServer = 'server/server.mjs'

/** @param program what is started: the bundle's server, or the one file */
async function measure(estimator: string, folder: string, program: string, seconds: number): Promise<Record<string, unknown> & { readonly passed: boolean }> {
  const started = performance.now()
  const server = spawn('taskset', ['-c', '0', process.execPath, program], { cwd: folder, env: { ...process.env, PORT: '0', METRICS_PORT: '0', THREADS: '1' }, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let text = ''
      server.stdout.on('data', (part: Buffer) => {
        text += part.toString()
        const port = /"port":(\d+)/.exec(text)?.[1]
        if (port) resolve(`http://127.0.0.1:${port}/predict`)
      })
      server.once('close', () => reject(new Error(`the server ended: ${text}`)))
    })
    const startMs = performance.now() - started
    const body = readFileSync(join(folder, 'example-predict.json'), 'utf8').trim()
    const memory: number[] = []
    const watch = setInterval(() => memory.push(residentMb(server.pid as number)), 1000)
    const runs = [await wrk(url, body, folder, seconds), await wrk(url, body, folder, seconds)]
    clearInterval(watch)
    const worst = { requestsPerSecond: Math.min(...runs.map((run) => run.requestsPerSecond)), p50Ms: Math.max(...runs.map((run) => run.p50Ms)), p99Ms: Math.max(...runs.map((run) => run.p99Ms)), errors: runs.reduce((sum, run) => sum + run.errors, 0) }
    const own = program === ownServer
    const judged = memory.length >= watched
    const mbPerMinute = slope(memory.slice(judged ? settled : Math.floor(memory.length / 3)))
    const missed = [
      ...(worst.errors === 0 ? [] : ['errors']),
      ...(!own || worst.requestsPerSecond >= gates.requestsPerSecond ? [] : ['requests a second']),
      ...(!own || worst.p99Ms <= gates.p99Ms ? [] : ['p99']),
      ...(!own || startMs <= gates.startMs ? [] : ['ready']),
      ...(!own || !judged || mbPerMinute <= gates.mbPerMinute ? [] : ['memory']),
    ]
    return { name: `${own ? 'server' : 'server in one file'}, ${estimator}`, ...worst, ready_ms: Math.round(startMs), resident_mb: Math.round(memory.at(-1) ?? 0), mb_per_minute: Number(mbPerMinute.toFixed(2)), ...(own && { memory_gate: judged ? 'judged' : 'not judged, needs 5 minutes' }), verdict: missed.length === 0 ? (own ? 'met' : 'no gate but errors: met') : `missed: ${missed.join(', ')}`, passed: missed.length === 0 }
  } finally {
    server.kill('SIGKILL')
  }
}

/** Changes a byte in the middle of the folder's model, and starts its server. */
async function tampered(folder: string): Promise<Record<string, unknown> & { readonly passed: boolean }> {
  const path = join(folder, 'model.onnx')
  const bytes = readFileSync(path)
  bytes.writeUInt8((bytes.readUInt8(bytes.length >> 1) + 1) % 256, bytes.length >> 1)
  writeFileSync(path, bytes)
  const server = startServer(folder)
  // One that starts all the same is told by its port, and ended.
  const code = await Promise.race([server.exit, server.url().then(() => 'started', () => server.exit)])
  server.child.kill('SIGKILL')
  const said = server.output().trim().split('\n').at(-1) ?? ''
  const passed = typeof code === 'number' && code !== 0 && said.includes('model.onnx')
  return { name: 'server, a byte of model.onnx changed', ended: code, said: said.slice(0, 200), verdict: passed ? 'met: it refuses to start' : 'missed: refuses to start', passed }
}

/** @returns whether every gate holds */
export async function run(json: boolean): Promise<boolean> {
  for (const tool of ['wrk', 'taskset']) {
    if (spawnSync(tool, ['--version']).error) {
      process.stderr.write(`missing ${tool}; install: apt-get install ${tool === 'wrk' ? 'wrk' : 'util-linux'}\n`)
      process.exit(2)
    }
  }
  const vite = await startVite()
  let all = true
  try {
    const { singleServer } = (await vite.ssrLoadModule('/src/export/single-server.ts')) as typeof import('../../../src/export/single-server.ts')
    const makeBundle = await bundleMaker(vite)
    for (const [estimator, seconds] of [['decision-tree', long], ['mlp', short]] as const) {
      const folder = mkdtempSync(join(tmpdir(), 'bench-server-'))
      try {
        const { zip } = await makeBundle(estimator, folder)
        writeFileSync(join(folder, 'single.mjs'), await singleServer(zip, new Uint8Array(readFileSync('node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'))))
        const lines = [() => measure(estimator, folder, ownServer, seconds), () => measure(estimator, folder, 'single.mjs', short), ...(estimator === 'mlp' ? [() => tampered(folder)] : [])]
        for (const line of lines) {
          const told = await line()
          all &&= told.passed
          tell(told, json)
        }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
  } finally {
    await vite.close()
  }
  return all
}
