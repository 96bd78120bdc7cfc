/** Clients that keep a connection without asking much: heads and bodies that come byte by byte, answers that are hardly read. */
import { connect, type Socket } from 'node:net'

export type Slowness = 'head' | 'body' | 'reader'
const line = 'POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'

export interface SlowClients {
  /** Those that the server has ended. */
  ended(): number
  close(): void
}

/** @param everyMs between two bytes of one client */
export async function slowClients(port: number, count: number, kinds: readonly Slowness[], everyMs = 100): Promise<SlowClients> {
  let ended = 0
  const sockets = await Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const kind = kinds[i % kinds.length] as Slowness
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.once('close', () => ended++)
      await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
      begin(socket, kind)
      return { socket, kind }
    }),
  )
  const timer = setInterval(() => {
    for (const { socket, kind } of sockets) {
      if (!socket.writable) continue
      if (kind === 'head') socket.write('x')
      else if (kind === 'body') socket.write(' ')
      else socket.read(1)
    }
  }, everyMs)
  return {
    ended: () => ended,
    close() {
      clearInterval(timer)
      for (const { socket } of sockets) socket.destroy()
    },
  }
}

function begin(socket: Socket, kind: Slowness): void {
  if (kind === 'head') socket.resume().write(`${line}X-Slow: `)
  else if (kind === 'body') socket.resume().write(`${line}Content-Length: 100000\r\n\r\n{"rows":[`)
  // The longest answer that there is, three times over, and nobody takes it.
  else socket.pause().write('GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3))
}
