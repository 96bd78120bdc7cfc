/** The bundle's server as a process: protocols, warnings, versions and routing, reload, metrics, log, drain, hostile bodies. */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GoldenRows } from '../../../src/core/bundle/golden.ts'
import { jsonCell } from '../../../src/core/bundle/encode.ts'
import { plainBody } from '../../../src/core/bundle/examples.ts'
import type { Signature } from '../../../src/core/bundle/signature.ts'
import { escapeHtml } from '../../../src/core/html.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { readConfig } from '../../../src/export/server/config.ts'
import { askGolden, goldenRoutes } from '../../../src/export/server/self-test.ts'
import { deployExport } from '../../../src/tasks/deploy-export.ts'
import { deployed } from '../../support/deployed.ts'
import { hostileNames, richDataset } from '../../support/rich-data.ts'
import { startServer, unpack, type RunningServer } from '../../support/served-bundle.ts'

const root = mkdtempSync(join(tmpdir(), 'glasshouse-server-'))
const running = new Set<RunningServer>()
const bundles = new Map<string, { folder: string; signature: Signature; golden: GoldenRows }>()

beforeAll(async () => {
  for (const [name, task, estimator] of [['tree', 'binary', 'decision-tree'], ['boosting', 'binary', 'hist-gradient-boosting'], ['ridge', 'regression', 'ridge']] as const) {
    const { host, runId } = await deployed(richDataset(task), task, estimator, estimator === 'hist-gradient-boosting' ? { maxIter: 5 } : {})
    const { zip, signature } = await deployExport({ runId, name, intendedUse: '', limitations: '' }, host)
    const folder = join(root, name)
    await unpack(zip as Uint8Array, folder)
    bundles.set(name, { folder, signature, golden: JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as GoldenRows })
  }
}, 60_000)
afterAll(() => {
  for (const { child } of running) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})
const bundle = (name: string) => bundles.get(name) as { folder: string; signature: Signature; golden: GoldenRows }
function start(name: string, env: Readonly<Record<string, string>> = {}): RunningServer {
  const server = startServer(bundle(name).folder, env)
  running.add(server)
  return server
}
/** Of `/predict` and its like; a refusal has `error` alone. */
interface Answer {
  readonly predictions: { readonly probabilities: Readonly<Record<string, number>> }[]
  readonly warnings?: readonly { readonly kind: string; readonly column: string; readonly count: number; readonly row?: number }[]
  readonly error?: string
}
async function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer }
}
const get = async (url: string) => {
  const response = await fetch(url)
  return { status: response.status, headers: response.headers, text: await response.text() }
}
/** One good row within what training saw, as `/predict` takes it, with some cells changed. */
function row(name: string, changed: Readonly<Record<string, unknown>> = {}): string {
  const { signature, golden } = bundle(name)
  const changes: Readonly<Record<string, unknown>> = { [hostileNames.date]: '2020-01-01T00:00:00Z', ...changed }
  return plainBody(signature, [signature.inputs.map((input, i) => (Object.hasOwn(changes, input.name) ? changes[input.name] : golden.rows[0]?.[i]) as never)])
}
/** A body of one row as one of many. */
const repeated = (body: string, times: number): string => `{"rows":[${new Array<string>(times).fill(body.slice('{"rows":['.length, -2)).join(',')}]}`

describe('protocols', () => {
  test.each(['tree', 'ridge'])('%s: golden rows by every protocol, and the addresses of each', async (name) => {
    const { signature, golden } = bundle(name)
    const server = start(name)
    const url = await server.url()
    for (const route of goldenRoutes) expect(await askGolden(url, signature, golden, route), route).toBeUndefined()
    expect(JSON.parse((await get(`${url}/v1/models`)).text)).toEqual({ models: [name] })
    expect(JSON.parse((await get(`${url}/v1/models/${name}`)).text)).toEqual({ name, ready: true })
    for (const path of ['/ping', '/health', '/version', '/v2', '/v2/', '/v2/health/live', `/v2/models/${name}/ready`]) expect((await get(url + path)).status, path).toBe(200)
    const metadata = JSON.parse((await get(`${url}/v2/models/${name}`)).text) as { versions: string[]; outputs: { datatype: string }[] }
    expect(metadata.versions).toEqual(['1'])
    expect(metadata.outputs[0]?.datatype).toBe(name === 'ridge' ? 'FP64' : 'BYTES')
    const column = `/v1/models/${name}:predict`
    const columns = `{"inputs":{${signature.inputs.map((input, i) => `${JSON.stringify(input.name)}:${JSON.stringify([golden.rows[0]?.[i] ?? null])}`).join(',')}}}`
    const [byRow, byColumn] = [await post(url + column, { instances: [golden.rows[0]] }), await post(url + column, columns)]
    expect(byColumn).toMatchObject({ status: 200, body: byRow.body })
    server.child.kill('SIGTERM')
    expect(await server.exit).toBe(0)
  })

  test('unseen categories and values out of range are answered with a warning by row and column; nothing is written at home', async () => {
    const home = mkdtempSync(join(root, 'home-'))
    const server = start('tree', { HOME: home, XDG_CACHE_HOME: '', ORT_DISABLE_TELEMETRY: '' })
    const url = await server.url()
    const { body } = await post(`${url}/predict`, row('tree', { [hostileNames.category]: 'violet', [hostileNames.second]: 500 }))
    expect(body.predictions.length).toBe(1)
    expect(body.warnings).toEqual([
      expect.objectContaining({ level: 'warning', kind: 'out-of-range', column: hostileNames.second, row: 1, text: expect.stringMatching(/^500 is outside \d+ to \d+, which training saw\.$/) }),
      expect.objectContaining({ level: 'warning', kind: 'unseen', column: hostileNames.category, row: 1, text: 'Training never saw "violet".' }),
    ])
    expect((await post(`${url}/predict`, row('tree'))).body.warnings).toBeUndefined()
    const many = await post(`${url}/predict`, repeated(row('tree', { [hostileNames.category]: 'violet' }), 30))
    expect(many.body.warnings?.map(({ count, row: at }) => [count, at])).toEqual([...Array.from({ length: 20 }, (_, i) => [1, i + 1]), [10, undefined]])
    // MLflow's own rule: what the model does not read is ignored, and said.
    const { signature, golden } = bundle('tree')
    const extra = await post(`${url}/invocations`, { dataframe_split: { columns: [...signature.inputs.map(({ name }) => name), 'surplus'], data: [[...(golden.rows[0] as unknown[]), 1]] }, params: { temperature: 1 } })
    expect(extra.body.warnings?.slice(0, 2)).toMatchObject([{ kind: 'extra-column', column: 'surplus' }, { kind: 'unknown-param', column: 'temperature' }])
    // The tree's signature says what may be set: a threshold, for labels alone.
    expect(signature).toMatchObject({ version: 2, params: [{ name: 'threshold', default: signature.threshold }] })
    const asked = async (params: object) => (await post(`${url}/predict`, `${row('tree').slice(0, -1)},"params":${JSON.stringify(params)}}`)).body.predictions[0] as unknown as { label: string; probabilities: object }
    const [never, always] = [await asked({ threshold: 1 }), await asked({ threshold: 0 })]
    expect([always.label, always.probabilities]).toEqual([signature.classes[1], never.probabilities])
    // ONNX Runtime would keep an id of the machine there, to report with.
    expect(readdirSync(home, { recursive: true })).toEqual([])
    server.child.kill('SIGKILL')
  })

  test('the OpenAPI document names every route and column, its page runs no script', async () => {
    const server = start('tree')
    const url = await server.url()
    const document = JSON.parse((await get(`${url}/openapi.json`)).text) as { openapi: string; paths: Record<string, Record<string, unknown>>; components: { schemas: Record<string, unknown> } }
    expect(document.openapi).toBe('3.1.0')
    for (const path of Object.keys(document.paths)) {
      const method = Object.keys(document.paths[path] as object)[0] === 'get' ? 'GET' : 'POST'
      const { status } = await fetch(url + path, method === 'GET' ? {} : { method, body: '{}', headers: { 'Content-Type': 'application/json' } })
      expect([path, status]).toEqual([path, method === 'GET' ? 200 : 400])
    }
    const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map((operation) => (operation as { operationId: string }).operationId))
    expect(new Set(ids).size).toBe(ids.length)
    const row = (document.paths['/predict'] as never)['post']['requestBody']['content']['application/json']['schema']['properties']['rows']['items'] as { required: string[]; properties: object }
    expect(row.required).toEqual(bundle('tree').signature.inputs.map(({ name }) => name))
    expect(Object.keys(row.properties)).toContain('__proto__')
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((match) => match[1] as string)
    for (const ref of new Set(refs)) expect(Object.keys(document.components.schemas)).toContain(ref)
    const page = await get(`${url}/`)
    // Of which class a threshold is stands by name in all three places, with a line that asks for one.
    const { signature, folder } = bundle('tree')
    const rule = (write: (name: string | undefined) => string): string => `a row is labelled ${write(signature.classes[1])} where the probability of ${write(signature.classes[1])} is at least the threshold, else ${write(signature.classes[0])}`
    for (const [path, field] of [['/predict', 'params'], ['/invocations', 'params'], ['/v2/models/tree/infer', 'parameters']] as const) {
      const set = (document.paths[path] as never)['post']['requestBody']['content']['application/json']['schema']['properties'][field]['properties']['threshold'] as object
      expect(set, path).toEqual({ type: 'number', default: signature.threshold, minimum: 0, maximum: 1, description: `${rule((name) => JSON.stringify(name))}; probabilities do not change` })
    }
    expect(page.text).toContain(rule((name) => `<code>${escapeHtml(name as string)}</code>`))
    const readme = readFileSync(join(folder, 'README.md'), 'utf8')
    expect(readme).toContain(rule((name) => `\`${name}\``))
    const line = /^ {4}(sed .*)$/m.exec(readme)?.[1]?.replace('http://127.0.0.1:8080', url) ?? ''
    const said = await new Promise<string>((done) => execFile('sh', ['-c', line], { cwd: folder }, (_, output) => done(output)))
    expect(JSON.parse(said)).toEqual((await post(`${url}/predict`, `{"params":{"threshold":0.3},${plainBody(signature, bundle('tree').golden.rows.slice(0, 1)).slice(1)}`)).body)
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'")
    expect(page.text).not.toMatch(/<(script|img)\b/)
    expect(page.text).toContain('&#60;img src=x onerror=alert(1)&#62;')
    server.child.kill('SIGKILL')
  })
})

describe('versions and routing', () => {
  const serving = (name: string, routing: unknown, more: Readonly<Record<string, unknown>> = {}): string => {
    const path = join(root, `${name}.json`)
    writeFileSync(path, JSON.stringify({ models: [{ name: 'rich', versions: { 1: 'tree', 2: 'boosting' }, aliases: { champion: '1', challenger: '2' }, routing, ...more }, { name: 'other', versions: { 7: 'ridge' } }] }))
    return path
  }
  const lines = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').filter(Boolean).map((line) => JSON.parse(line) as { request: string; version: string; arm: string; row: number; inputs: Record<string, unknown>; answer: { label: string } }) : [])

  test('versions and aliases answer under their addresses; shadow answers are logged beside, with columns redacted', async () => {
    const log = join(root, 'shadow.ndjson')
    const server = start('tree', { SERVING: serving('shadow', { kind: 'shadow', to: 'challenger' }), REQUEST_LOG: log, REQUEST_LOG_REDACT: hostileNames.category })
    const url = await server.url()
    const { golden, signature } = bundle('tree')
    expect(await askGolden(url, signature, golden, 'infer', 'rich')).toBeUndefined()
    for (const version of ['2', 'challenger']) {
      const { status, body } = await post(`${url}/predict/rich/${version}`, plainBody(signature, golden.rows.slice(0, 1)))
      expect(status).toBe(200)
      expect(body.predictions[0]?.probabilities[signature.classes[1] as string]).toBeCloseTo(bundle('boosting').golden.expected.probabilities?.[0]?.[1] as number, 5)
    }
    expect((await post(`${url}/v2/models/rich/versions/3/infer`, {})).body.error).toContain('this server has 1, 2, champion, challenger')
    expect((await get(`${url}/v2/models/other/versions/7/ready`)).status).toBe(200)
    const asked = await post(`${url}/predict`, row('tree'), { 'X-Request-Id': 'asked-once' })
    expect(asked.headers.get('X-Model-Version')).toBe('1')
    expect(asked.headers.get('X-Request-Id')).toBe('asked-once')
    server.child.kill('SIGTERM')
    expect(await server.exit).toBe(0)
    const both = lines(log).filter(({ request }) => request === 'asked-once')
    expect(both.map(({ version, arm }) => [version, arm]).sort()).toEqual([['1', 'primary'], ['2', 'shadow']])
    for (const entry of both) {
      expect(entry.inputs[hostileNames.category]).toBe('[redacted]')
      expect(entry.inputs[hostileNames.second]).toBe(golden.rows[0]?.[golden.columns.indexOf(hostileNames.second)])
    }
    expect(lines(log).every(({ version, arm }) => arm !== 'single' || version === '2')).toBe(true)
  })

  test('a split keeps to its weights, gives the same id the same side, and logs both answers', async () => {
    const log = join(root, 'split.ndjson')
    const server = start('tree', { SERVING: serving('split', { kind: 'split', weights: { champion: 3, challenger: 1 } }), REQUEST_LOG: log, REQUEST_LOG_REDACT: '*' })
    const url = await server.url()
    const versions = new Map<string, string>()
    for (let i = 0; i < 200; i++) versions.set(`id-${i}`, (await post(`${url}/predict`, row('tree'), { 'X-Request-Id': `id-${i}` })).headers.get('X-Model-Version') as string)
    const second = [...versions.values()].filter((version) => version === '2').length
    // A quarter of 200: 50, sd 6.1; hashes of these ids never change.
    expect(second).toBeGreaterThan(30)
    expect(second).toBeLessThan(70)
    expect((await post(`${url}/predict`, row('tree'), { 'X-Request-Id': 'id-5' })).headers.get('X-Model-Version')).toBe(versions.get('id-5'))
    server.child.kill('SIGTERM')
    await server.exit
    const entries = lines(log)
    expect(entries.length).toBe(402)
    expect(entries.filter(({ request }) => request === 'id-7').map(({ version }) => version).sort()).toEqual(['1', '2'])
    expect(entries.every(({ inputs }) => Object.values(inputs).every((value) => value === '[redacted]'))).toBe(true)
  })

  test('a reload swaps versions while requests run, and a bad one changes nothing', async () => {
    const path = serving('reload', undefined, { default: '1' })
    const server = start('tree', { SERVING: path })
    const url = await server.url()
    const body = row('tree')
    let asking = true
    const seen = new Set<string>()
    const statuses = new Set<number>()
    const clients = Array.from({ length: 8 }, async () => {
      while (asking) {
        const { status, headers } = await post(`${url}/predict`, body)
        statuses.add(status)
        seen.add(headers.get('X-Model-Version') as string)
      }
    })
    while (seen.size === 0) await new Promise((done) => setTimeout(done, 5))
    serving('reload', undefined, { default: '2', versions: { 2: 'boosting' }, aliases: {} })
    server.child.kill('SIGHUP')
    await server.says(/"event":"reloaded"/)
    writeFileSync(path, '{"models":[{"versions":{"1":"nowhere"}}]}')
    server.child.kill('SIGHUP')
    await server.says(/"event":"not reloaded","reason":"missing file of the bundle/)
    await new Promise((done) => setTimeout(done, 50))
    asking = false
    await Promise.all(clients)
    expect([...statuses]).toEqual([200])
    expect([...seen].sort()).toEqual(['1', '2'])
    expect((await post(`${url}/predict`, body)).headers.get('X-Model-Version')).toBe('2')
    expect((await post(`${url}/predict/rich/1`, body)).status).toBe(404)
    server.child.kill('SIGKILL')
  }, 20_000)

  test('models without a name take that of their bundle, however many they are', () => {
    const path = join(root, 'nameless.json')
    writeFileSync(path, '{"models":[{"versions":{"1":"tree"}},{"versions":{"1":"ridge"}}]}')
    expect(readConfig(path).map(({ name, fallback }) => [name, fallback])).toEqual([[undefined, '1'], [undefined, '1']])
    writeFileSync(path, '{"models":[{"name":"a","versions":{"1":"tree"}},{"name":"a","versions":{"1":"ridge"}}]}')
    expect(() => readConfig(path)).toThrow('must have names that differ')
  })

  test.each([
    ['a routing between other inputs', { kind: 'shadow', to: '9' }, { versions: { 1: 'tree', 9: 'ridge' }, aliases: {}, default: '1' }, /cannot be routed/],
    ['an unknown alias', { kind: 'shadow', to: 'nobody' }, {}, /must name a version or an alias/],
    ['an unknown field', undefined, { defualt: '1' }, /unknown field .*defualt/],
    ['a weight below 0', { kind: 'split', weights: { 1: -1, 2: 1 } }, {}, /at least 0/],
  ])('%s does not start: exit 78', async (name, routing, more, reason) => {
    const server = start('tree', { SERVING: serving(name.replaceAll(' ', '-'), routing, more) })
    expect(await server.exit).toBe(78)
    expect(server.output()).toMatch(reason)
  })
})

test.each([
  ['a log that cannot be opened', { REQUEST_LOG: join(root, 'no', 'where') }, /invalid REQUEST_LOG; .*ENOENT/],
  ['a redacted column that no model has', { REQUEST_LOG: join(root, 'unread'), REQUEST_LOG_REDACT: 'nobody' }, /no model has the column \\"nobody\\", there are /],
])('%s does not start: exit 78', async (_, env, reason) => {
  const server = start('tree', env)
  expect(await server.exit).toBe(78)
  expect(server.output()).toMatch(reason)
})

describe('under way', () => {
  test('metrics on a port of their own: latencies, batches, predictions, drift against the reference', async () => {
    const server = start('tree')
    const [url, metrics] = [await server.url(), await server.metricsUrl()]
    const { signature, golden } = bundle('tree')
    expect((await get(`${url}/metrics`)).status).toBe(404)
    // The very rows that the training part was drawn from: no drift in them.
    const { columns, rows } = richDataset('binary')
    const cells = Array.from({ length: rows }, (_, r) => signature.inputs.map((input) => jsonCell(input, columns.find(({ name }) => name === input.name) as (typeof columns)[number], r) as never))
    for (let i = 0; i < 4; i++) await post(`${url}/predict`, plainBody(signature, cells.slice(i * 60, i * 60 + 60)))
    const value = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1])
    const psi = (text: string): number => value(text, /glasshouse_input_psi\{model="tree",version="1",column="probabilities\\n[^}]*\} (\S+)/)
    const before = (await get(metrics)).text
    expect(value(before, /glasshouse_predictions_total\{model="tree",version="1",class="yes"\} (\d+)/) + value(before, /class="no"\} (\d+)/)).toBe(rows)
    expect(value(before, /glasshouse_requests_total\{protocol="plain",status="200"\} (\d+)/)).toBe(4)
    expect(value(before, /glasshouse_request_duration_seconds_count\{protocol="plain"\} (\d+)/)).toBe(4)
    expect(before).toMatch(/glasshouse_request_duration_seconds_bucket\{le="\+Inf",protocol="plain"\} 4/)
    expect(value(before, /glasshouse_batch_rows_sum\{model="tree",version="1"\} (\d+)/)).toBe(rows)
    await post(`${url}/predict`, repeated(row('tree', { [hostileNames.second]: 5000 }), 60))
    const after = (await get(metrics)).text
    expect(psi(before)).toBeLessThan(0.1)
    expect(psi(after)).toBeGreaterThan(0.2)
    expect(value(after, /glasshouse_out_of_range_total\{[^}]*\} (\d+)/)).toBeGreaterThan(0)
    // Names of requests make no series.
    await get(`${url}/${'q'.repeat(100)}`)
    expect((await get(metrics)).text).not.toContain('qqqq')
    // Each line is a comment or a sample of the text format.
    for (const line of after.split('\n').filter((text) => text !== '')) expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="(\\.|[^"\\])*",?)*\})? (\+Inf|-?[\d.e+-]+))$/)
    server.child.kill('SIGKILL')
  })

  test('SIGTERM under load: readiness turns first, and every request that was let in is answered', async () => {
    const server = start('boosting', { DRAIN_DELAY_MS: '200' })
    const url = new URL(await server.url())
    const agent = new Agent({ keepAlive: true, maxSockets: 64 })
    const body = row('boosting')
    const one = (): Promise<number> =>
      new Promise((resolve) => {
        const asked = httpRequest(new URL('/predict', url), { method: 'POST', agent, headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) } }, (response) => {
          response.resume()
          response.once('end', () => resolve(response.statusCode as number))
        })
        asked.once('error', () => resolve(0))
        asked.end(body)
      })
    const replies = Promise.all(Array.from({ length: 1000 }, one))
    await one()
    server.child.kill('SIGTERM')
    const statuses = await replies
    agent.destroy()
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(900)
    // What did not fit the queue was told so; nothing was cut off.
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([])
    expect(await server.exit).toBe(0)
  }, 20_000)

  test('bodies bent at random get 4xx, never 5xx, and a good request after each batch is answered right', async () => {
    const server = start('tree')
    const url = await server.url()
    const { signature, golden } = bundle('tree')
    const rng = createRng(42)
    const seeds = [
      ['/predict', row('tree')],
      ['/invocations', JSON.stringify({ dataframe_split: { columns: signature.inputs.map(({ name }) => name.slice(0, 40)), data: golden.rows.slice(0, 2) } })],
      ['/v2/models/tree/infer', readFileSync(join(bundle('tree').folder, 'example-infer.json'), 'utf8')],
      ['/v1/models/tree:predict', JSON.stringify({ instances: golden.rows.slice(0, 2) })],
    ] as const
    const bits = ['null', '[', ']', '{', '}', '"', ',', ':', '-1', '1e999', 'true', '\\u0000', '__proto__', '[[[[[', '9007199254740993', 'NaN', ' ']
    const seen = new Map<number, number>()
    for (let batch = 0; batch < 10; batch++) {
      await Promise.all(
        Array.from({ length: 40 }, async () => {
          const [path, good] = seeds[rng.int(seeds.length)] as (typeof seeds)[number]
          let body: string = good
          for (let i = 0; i <= rng.int(3); i++) {
            const at = rng.int(body.length)
            body = body.slice(0, at) + (rng.int(3) === 0 ? '' : (bits[rng.int(bits.length)] as string)) + body.slice(at + rng.int(12))
          }
          const response = await fetch(url + path, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })
          const text = await response.text()
          seen.set(response.status, (seen.get(response.status) ?? 0) + 1)
          if (response.status !== 200) expect(text).toMatch(/^\{"error":".+"\}$/s)
        }),
      )
      expect(await askGolden(url, signature, golden, 'plain')).toBeUndefined()
    }
    expect([...seen.keys()].sort()).toEqual([200, 400])
    expect(seen.get(400)).toBeGreaterThan(200)
    server.child.kill('SIGKILL')
  }, 30_000)
})
