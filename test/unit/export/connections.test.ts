/** What one caller may hold: callers that never read, ask far ahead or take every place leave room for others. */
import { once } from 'node:events'
import { createServer, get, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Connections, connectionLimits, type ConnectionLimits } from '../../../src/export/server/connections.ts'

const open: (Socket | Server)[] = []
afterEach(() => {
  for (const each of open.splice(0)) {
    if ('destroy' in each) each.destroy()
    else {
      each.closeAllConnections()
      each.close()
    }
  }
})

/** A server whose answers are `bytes` long, or never come at `/never`. */
async function serve(limits: Partial<ConnectionLimits>, bytes: number) {
  const seen: string[] = []
  const connections = new Connections((request, response) => {
    const tooFar = connections.tooFar.has(request)
    seen.push(`${request.url}${tooFar ? ' is too far' : ''}`)
    if (tooFar) response.setHeader('Connection', 'close')
    if (request.url !== '/never') setImmediate(() => response.end(Buffer.alloc(bytes, 97)))
  }, { ...connectionLimits, sweepMs: 100, ...limits })
  const server = createServer(connections.take)
  connections.watch(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(server)
  const { port } = server.address() as AddressInfo
  const caller = async (text: string, reads = true): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    open.push(socket)
    socket.on('error', () => {})
    if (!reads) socket.pause()
    await once(socket, 'connect')
    socket.write(text)
    return socket
  }
  const health = (): Promise<number | undefined> =>
    new Promise((resolve) => get({ port, host: '127.0.0.1', path: '/', agent: false }, (response) => resolve(response.resume().statusCode)).once('error', () => resolve(undefined)))
  return { connections, seen, caller, health }
}
const ask = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((done) => setTimeout(done, 10))
}

test('requests that came together are answered in order, one at a time', async () => {
  const { connections, seen, caller } = await serve({}, 3)
  const socket = await caller(['/a', '/b', '/c'].map(ask).join(''))
  let text = ''
  let most = 0
  socket.on('data', (part: Buffer) => {
    text += part.toString()
    most = Math.max(most, connections.inFlight)
  })
  await until(() => text.split('aaa').length === 4)
  expect([seen, most]).toEqual([['/a', '/b', '/c'], 1])
  await until(() => connections.inFlight === 0)
})

test('what is postponed is let in and answered later, but for who has left', async () => {
  const { connections, seen, caller } = await serve({}, 3)
  let done = (): void => {}
  const work = connections.postpone(() => new Promise((resolve) => (done = resolve)))
  const [first, second] = [await caller(ask('/first')), await caller(ask('/second'))]
  await until(() => connections.inFlight === 2)
  first.destroy()
  await until(() => connections.size === 1)
  expect(seen).toEqual([])
  done()
  await work
  await once(second, 'data')
  await caller(ask('/third'))
  await until(() => seen.length === 2)
  expect(seen).toEqual(['/second', '/third'])
})

test('who asks too far ahead is answered until there, the next is to be refused, and the rest is not looked at', async () => {
  const { connections, seen, caller } = await serve({ ahead: 4 }, 3)
  const socket = await caller(Array.from({ length: 20 }, (_, i) => ask(`/${i}`)).join(''))
  await once(socket.resume(), 'close')
  expect(seen).toEqual(['/0', '/1', '/2', '/3', '/4', '/5 is too far'])
  expect([connections.ended.ahead, connections.inFlight]).toEqual([1, 0])
})

test('who asks without end is let go, and nothing of it is counted on', async () => {
  const { connections, seen, caller } = await serve({ ahead: 4 }, 3)
  const socket = await caller(ask('/never').repeat(400))
  await once(socket, 'close')
  expect([connections.ended.ahead, connections.inFlight, connections.size, seen.length]).toEqual([1, 0, 0, 1])
})

test('an answer that nobody reads is given up, and with it what its caller asked behind it', async () => {
  const { connections, seen, caller } = await serve({ unreadMs: 100, bytesPerMs: 1e6 }, 30_000_000)
  const stuck = await caller(ask('/').repeat(3), false)
  await until(() => connections.ended.unread === 1)
  expect([connections.size, connections.inFlight, seen.length]).toEqual([0, 0, 1])
  stuck.destroy()
})

test('unread answers together have a limit, too: the oldest go', async () => {
  const { connections, caller } = await serve({ unreadBytes: 40_000_000 }, 30_000_000)
  for (let i = 0; i < 3; i++) await caller(ask('/'), false)
  await until(() => connections.ended.unread === 2)
  expect(connections.size).toBe(1)
})

test.each([
  ['say nothing', ''],
  ['never end their head', 'GET / HTTP/1.1\r\nHost: x\r\n'],
  ['never end their body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc'],
])('callers who hold every place and %s make room for others', async (_, text) => {
  const { connections, health, caller } = await serve({ most: 20 }, 3)
  const held = await Promise.all(Array.from({ length: 20 }, () => caller(text)))
  expect(held.length).toBe(20)
  await until(() => connections.ended.room > 0)
  for (let i = 0; i < 3; i++) expect(await health()).toBe(200)
})
