/** What is no good request is refused in the promised form before its body is asked for, and counted, whoever finds the fault. */
import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { paramsFor } from '../../../src/core/bundle/params.ts'
import type { Signature } from '../../../src/core/bundle/signature.ts'
import { createApp, type AppState } from '../../../src/export/server/app.ts'
import type { Models } from '../../../src/export/server/models.ts'
import { ServerMetrics } from '../../../src/export/server/server-metrics.ts'
import { Service } from '../../../src/export/server/service.ts'

const signature: Signature = { version: 1, name: 'm', task: 'regression', target: 'y', inputs: [{ name: 'a', kind: 'numeric', tensor: 'float', nullable: false }], classes: [], outputs: [{ name: 'value', tensor: 'double', shape: [-1, 1] }], params: paramsFor('binary', 0.5) }
/** Answers of the model, which are there a little later. */
let runs = 0
const run = (): Promise<{ answers: number[] }> => {
  runs++
  return new Promise((resolve) => setImmediate(() => resolve({ answers: [1] })))
}
const version = { model: 'm', version: '1', signature, ready: true, run }
const model = { name: 'm', config: { routing: { kind: 'single' } }, fallback: version, version: () => version, route: () => ({ primary: version, shadows: [] }) }
const models = { models: new Map([['m', model]]), first: model, model: () => model, all: () => [version] } as unknown as Models
const metrics = new ServerMetrics()
const state: AppState = { ready: true }
let bodyLimit = 1000
let bodiesLimit = 1_000_000
let server: Server

beforeAll(async () => {
  server = await createApp({ models, service: new Service(metrics), metrics, bodyLimit: () => bodyLimit, bodiesLimit: () => bodiesLimit }, state)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** All that comes back until the server ends the connection, or until `enough`. */
async function raw(text: string, { half = false, enough = /$^/ } = {}): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  let back = ''
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (part: Buffer) => {
      back += part.toString()
      if (enough.test(back)) resolve()
    })
    socket.once('close', () => resolve())
  })
  if (half) socket.end(text)
  else socket.write(text)
  await ended
  socket.destroy()
  return back
}
const body = '{"rows":[{"a":1}]}'
const post = (...headers: string[]): string => ['POST /predict HTTP/1.1', 'Host: x', ...headers, '', ''].join('\r\n')
const json = 'Content-Type: application/json'

test.each([
  ['a body that is too long, expected', post(json, 'Expect: 100-continue', 'Content-Length: 9000000'), 413],
  ['a compressed body, expected', post(json, 'Expect: 100-continue', 'Content-Encoding: gzip', 'Content-Length: 9'), 415],
  ['an address that is not there, expected', post(json, 'Expect: 100-continue', 'Content-Length: 9').replace('/predict', '/nowhere'), 404],
  ['another expectation', post(json, 'Expect: tea', 'Content-Length: 9'), 417],
  ['a head that is too long', post(`X: ${'a'.repeat(9000)}`), 431],
  ['two lengths', post('Content-Length: 5', 'Content-Length: 6') + 'hello', 400],
  ['a length and chunks', post('Content-Length: 5', 'Transfer-Encoding: chunked') + '0\r\n\r\n', 400],
  ['bare line feeds', 'GET /ping HTTP/1.1\nHost: x\n\n', 400],
  ['compressed chunks', post(json, 'Transfer-Encoding: gzip, chunked') + '3\r\nabc\r\n0\r\n\r\n', 501],
  ['chunks that are too many', post(json, 'Transfer-Encoding: chunked') + `400\r\n${' '.repeat(1024)}\r\n`, 413],
  ['two hosts', 'GET /ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400],
  ['a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: x\r\n\r\n', 405],
  ['no host', 'GET /ping HTTP/1.1\r\n\r\n', 400],
  ['a threshold in the address', (post(json, `Content-Length: ${body.length}`, 'Connection: close') + body).replace('/predict', '/predict?a=1&threshold=0.3'), 400],
  ['two types', post('Content-Type: text/plain', json, `Content-Length: ${body.length}`) + body, 400],
])('%s', async (_, text, status) => {
  const count = async (): Promise<number> => [...(await metrics.text()).matchAll(new RegExp(`glasshouse_requests_total\\{protocol="\\w+",status="${status}"\\} (\\d+)`, 'g'))].reduce((sum, [, found]) => sum + Number(found), 0)
  const before = await count()
  const back = await raw(text, { enough: /"\}$/ })
  expect(back).toMatch(new RegExp(`^HTTP/1.1 ${status} [A-Z][\\w -]+\\r\\n`))
  expect(back.toLowerCase()).toContain('x-content-type-options: nosniff')
  expect(back).toMatch(/\r\n\r\n\{"error":"[^"]+"\}$/)
  // It is counted when it has gone out.
  while ((await count()) === before) await new Promise((done) => setTimeout(done, 5))
  expect(await count()).toBe(before + 1)
})

test('what is expected and may come is asked for', async () => {
  const back = await raw(post(json, 'Expect: 100-continue', `Content-Length: ${body.length}`) + body, { enough: /\]\}$/ })
  expect(back).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n[^]*\{"predictions":\[\{"value":1\}\]\}$/)
})

test('who has said everything and listens on is answered', async () => {
  const back = await raw(post(json, `Content-Length: ${body.length}`) + body, { half: true })
  expect(back).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*\{"predictions":\[\{"value":1\}\]\}$/)
  expect(await raw(post(json, 'Content-Length: 100') + body, { half: true })).toMatch(/^HTTP\/1.1 400 /)
})

const statuses = (back: string): string[] => [...back.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status as string)
const good = (...headers: string[]): string => post(json, `Content-Length: ${body.length}`, ...headers) + body

test.each([
  ['a request that says it is the last, and another', good('Connection: close') + good(), ['200']],
  ['a request and no request', `${good()}\0\x01 garbage\r\n\r\n`, ['200', '400']],
  ['two requests and half of a third, broken', good() + good() + post(json, 'Transfer-Encoding: chunked') + 'x\r\n', ['200', '200', '400']],
  ['a request and a tunnel', `${good()}CONNECT a:80 HTTP/1.1\r\nHost: x\r\n\r\n`, ['200', '405']],
  ['a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: x\r\n\r\n', ['405']],
  ['40 requests', good().repeat(40), [...new Array<string>(33).fill('200'), '503']],
])('%s: what was whole is answered, and the connection ends', async (_, text, expected) => {
  const back = await raw(text)
  expect(statuses(back)).toEqual(expected)
  expect(back).toMatch(expected.at(-1) === '200' ? /\{"predictions":\[\{"value":1\}\]\}$/ : /\r\n\r\n\{"error":"[^"]+"\}$/)
  expect(back.toLowerCase().split('connection: close').length).toBe(2)
})

test('a model that has lost all its threads is not ready, and alive', async () => {
  const ask = async (path: string): Promise<string> => /^HTTP\/1.1 (\d+)/.exec(await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, { enough: /\}$/ }))?.[1] as string
  const paths = ['/v2/health/ready', '/v2/models/m/ready', '/ping', '/v2/health/live']
  expect(await Promise.all(paths.map(ask))).toEqual(['200', '200', '200', '200'])
  version.ready = false
  expect(await Promise.all(paths.map(ask))).toEqual(['503', '503', '503', '200'])
  version.ready = true
})

test('a reload may bring a model that takes longer bodies', async () => {
  const long = `{"rows":[${' '.repeat(2000)}{"a":1}]}`
  const ask = () => raw(post(json, `Content-Length: ${long.length}`) + long, { enough: /\}$/ })
  expect(await ask()).toMatch(/^HTTP\/1.1 413 /)
  bodyLimit = 3000
  expect(await ask()).toMatch(/^HTTP\/1.1 200 /)
})

test('bodies have a room together: beyond it they are refused before or while they come, and what was held is given back', async () => {
  bodiesLimit = 1000
  const until = async (bytes: number): Promise<void> => {
    while (state.bodies?.held !== bytes) await new Promise((done) => setTimeout(done, 5))
  }
  const holder = connect((server.address() as AddressInfo).port, '127.0.0.1')
  holder.write(post(json, 'Content-Length: 900') + ' '.repeat(800))
  await until(800)
  const full = /^HTTP\/1\.1 503 (?=[^]*^retry-after: 1\r$)(?=[^]*^connection: close\r$)[^]*"missing capacity; the bodies of other requests/im
  expect(await raw(post(json, 'Expect: 100-continue', 'Content-Length: 300'))).toMatch(full)
  expect(await raw(`${post(json, 'Transfer-Encoding: chunked')}12c\r\n${' '.repeat(300)}\r\n`)).toMatch(full)
  const answered = /^HTTP\/1\.1 200 [^]*\}$/
  expect(await raw(post(json, `Content-Length: ${body.length}`) + body, { enough: /\}$/ })).toMatch(answered)
  holder.destroy()
  await until(0)
  const padded = body.padEnd(300)
  expect(await raw(post(json, `Content-Length: ${padded.length}`) + padded, { enough: /\}$/ })).toMatch(answered)
  bodiesLimit = 1_000_000
  expect(state.bodies?.held).toBe(0)
})

test('a health check behind others at the door does not wait for a step of a large request for each of them', async () => {
  bodyLimit = 100_000
  const spaces = `{"rows":[${' '.repeat(40_000)}{"a":1}]}`
  const large = post(json, `Content-Length: ${spaces.length}`) + spaces
  const answers = Array.from({ length: 10 }, () => raw(large.repeat(4), { enough: /(?:HTTP[^]*){4}\}$/ }))
  const from = runs
  while (runs === from) await new Promise((done) => setImmediate(done))
  const before = runs
  const others = Array.from({ length: 160 }, () => connect((server.address() as AddressInfo).port, '127.0.0.1'))
  await raw('GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n', { enough: /\}$/ })
  // A step for each would be 21; a machine that is busy with something else lets through as many as its time asks for.
  expect(runs - before).toBeLessThanOrEqual(10)
  await Promise.all(answers)
  for (const other of others) other.destroy()
})
