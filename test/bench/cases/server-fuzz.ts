/**
 * The bundle's server under 100,000 broken requests: none may be answered 5xx, none may hang, and after every
 * thousand a good request must get its golden answer. BENCH_REQUESTS changes the number, BENCH_SEED the draw.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRng } from '../../../src/core/math/rng.ts'
import { startServer } from '../../support/served-bundle.ts'
import { tell } from '../harness.ts'
import { bundleMaker, startVite } from '../vite.ts'

const requests = Number(process.env['BENCH_REQUESTS'] ?? 100_000)
const seed = Number(process.env['BENCH_SEED'] ?? 1)
const hangMs = 10_000
const atOnce = 32

interface Sent {
  readonly method: string
  readonly path: string
  readonly type: string
  readonly body: Buffer
}

/** Draws requests: good bodies with something broken in them, or what is no body at all. */
function drawer(bodies: readonly (readonly [path: string, type: string, body: string])[], paths: readonly string[]): () => Sent {
  const rng = createRng(seed)
  const pick = <T>(list: readonly T[]): T => list[rng.int(list.length)] as T
  const odd: readonly unknown[] = [null, true, '', 'x'.repeat(2000), -1, 0.1, 1e308, 2 ** 53, [], [[]], {}, { a: [1, { b: 2 }] }, '1e999', 'NaN', '2020-13-45', '\u0000', '__proto__', [null], [[1, 2], [3]], Array.from({ length: 300 }, (_, i) => i)]
  const change = (value: unknown, depth = 0): unknown => {
    if (rng.int(5) === 0 || depth > 6) return pick(odd)
    if (Array.isArray(value)) {
      if (value.length === 0) return [pick(odd)]
      const at = rng.int(value.length)
      if (rng.int(6) === 0) return value.filter((_, i) => i !== at)
      return value.map((item, i) => (i === at ? change(item, depth + 1) : item))
    }
    if (typeof value === 'object' && value !== null) {
      const entries = Object.entries(value)
      if (entries.length === 0 || rng.int(6) === 0) return Object.fromEntries([...entries, [pick(['constructor', 'toString', 'extra', 'inputs', 'shape']), pick(odd)]])
      const at = rng.int(entries.length)
      if (rng.int(6) === 0) return Object.fromEntries(entries.filter((_, i) => i !== at))
      return Object.fromEntries(entries.map(([key, item], i) => [key, i === at ? change(item, depth + 1) : item]))
    }
    return pick(odd)
  }
  const broken = (text: string): Buffer => {
    const way = rng.int(5)
    if (way < 2 && text.startsWith('{')) return Buffer.from(JSON.stringify(change(JSON.parse(text))))
    const bytes = Buffer.from(text)
    if (way === 2) return bytes.subarray(0, rng.int(bytes.length + 1))
    if (way === 3) return Buffer.concat([bytes, Buffer.from(pick(['}', ',', ']', '\u0000', text]))])
    for (let i = 0; i <= rng.int(4); i++) bytes[rng.int(bytes.length)] = rng.int(256)
    return bytes
  }
  return () => {
    const [path, type, body] = pick(bodies)
    return {
      method: rng.int(20) === 0 ? pick(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) : 'POST',
      path: rng.int(20) === 0 ? pick(paths) : path,
      type: rng.int(15) === 0 ? pick(['text/plain', 'application/octet-stream', 'application/json; charset=utf-16', 'x', 'text/csv']) : type,
      body: rng.int(50) === 0 ? Buffer.from(Array.from({ length: rng.int(400) }, () => rng.int(256))) : broken(body),
    }
  }
}

function send(url: URL, agent: Agent, { method, path, type, body }: Sent): Promise<number | 'hang' | 'lost'> {
  return new Promise((resolve) => {
    const asked = request({ agent, host: url.hostname, port: url.port, method, path, headers: { 'Content-Type': type, 'Content-Length': body.length }, timeout: hangMs }, (answer) => {
      answer.resume()
      answer.once('end', () => resolve(answer.statusCode ?? 0))
    })
    asked.once('timeout', () => (resolve('hang'), asked.destroy()))
    asked.once('error', () => resolve('lost'))
    asked.end(body)
  })
}

/** @returns whether nothing broke */
export async function run(json: boolean): Promise<boolean> {
  const vite = await startVite()
  const folder = mkdtempSync(join(tmpdir(), 'bench-fuzz-'))
  const makeBundle = await bundleMaker(vite)
  await makeBundle('decision-tree', folder)
  const server = startServer(folder, { DRAIN_DELAY_MS: '0' })
  try {
    const url = new URL(await server.url())
    const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
    const plain = readFileSync(join(folder, 'example-predict.json'), 'utf8').trim()
    const infer = readFileSync(join(folder, 'example-infer.json'), 'utf8').trim()
    const cells = (JSON.parse(plain) as { rows?: unknown[] }).rows?.[0] ?? {}
    const names = Object.keys(cells as object)
    const values = Object.values(cells as object)
    const draw = drawer(
      [
        ['/predict', 'application/json', plain],
        ['/v2/models/bench/infer', 'application/json', infer],
        ['/v1/models/bench:predict', 'application/json', JSON.stringify({ instances: [cells] })],
        ['/invocations', 'application/json', JSON.stringify({ dataframe_split: { columns: names, data: [values] } })],
        ['/invocations', 'application/json', JSON.stringify({ dataframe_records: [cells] })],
        ['/invocations', 'text/csv', `${names.map((name) => JSON.stringify(name)).join(',')}\n${values.join(',')}\n`],
      ],
      ['/', '/v2', '/v2/models', '/v2/models/nobody/infer', '/v2/models/bench/versions/9/infer', '/%00', '/..%2f..%2fetc/passwd', '/predict?x=%', '/v2/models/%E0%A4%A/infer', '/openapi.json', '/v2/health/ready'],
    )
    const good = async (): Promise<boolean> => {
      const answer = await fetch(`${url.origin}/predict`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: plain })
      return answer.status === 200 && (await answer.text()) === expected
    }
    const expected = await (await fetch(`${url.origin}/predict`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: plain })).text()
    const tally = new Map<number | string, number>()
    const bad: string[] = []
    let sent = 0
    let goodAfter = 0
    const begun = performance.now()
    while (sent < requests) {
      const round = Math.min(1000, requests - sent)
      let left = round
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          while (left-- > 0) {
            const asked = draw()
            const status = await send(url, agent, asked)
            tally.set(status, (tally.get(status) ?? 0) + 1)
            // A socket that the server closes after a refusal it cannot read on from is no hang.
            if (status === 'hang' || (typeof status === 'number' && status >= 500)) bad.push(`${status} ${asked.method} ${asked.path} ${asked.type} ${asked.body.toString('latin1').slice(0, 300)}`)
          }
        }),
      )
      sent += round
      if (await good()) goodAfter++
    }
    agent.destroy()
    for (const line of bad.slice(0, 10)) process.stderr.write(`${line}\n`)
    const rounds = Math.ceil(requests / 1000)
    const passed = bad.length === 0 && goodAfter === rounds && server.child.exitCode === null
    const line = { name: 'server, fuzz', requests: sent, seconds: Math.round((performance.now() - begun) / 1000), broken: bad.length, goodAfterEachThousand: `${goodAfter} of ${rounds}`, statuses: [...tally].sort().map(([status, count]) => `${status}: ${count}`).join(', '), passed }
    tell(line, json)
    return passed
  } finally {
    server.child.kill('SIGKILL')
    await vite.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
