/**
 * How the server leaves without cutting anybody off. Readiness says no first, and the door stays open: a balancer sends
 * the next ones elsewhere, and who does not ask is still answered. The kernel resets connections that nobody has taken
 * from the listening socket when it closes, so it closes when none has come for a while; only callers who never heed
 * readiness can hold it open, for half of the time there is.
 */
import type { Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'
import type { Connections } from './connections.ts'

export interface DrainTimes {
  /** How long readiness says no before the door may close. */
  readonly delayMs: number
  /** For all of it together. */
  readonly drainMs: number
}

/** Without a new connection for so long, the door may close. */
const quietMs = 50
/** A connection that has sent nothing for so long after that is nobody's request. */
const silentMs = 1000

const now = (): number => performance.now()
/** Until the event loop has looked for connections and data once more. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
/** Ends behind such a look: a process that got no processor for a while has seen nobody, whoever came. */
const pause = (ms: number): Promise<void> => new Promise<void>((resolve) => setTimeout(resolve, ms)).then(turn)

export class Door {
  readonly #server: Server
  readonly #connections: Connections
  readonly #open = new Set<Socket>()
  #newest = 0

  /** @param server that has no connection yet */
  constructor(server: Server, connections: Connections) {
    this.#server = server
    this.#connections = connections
    server.on('connection', (socket: Socket) => {
      this.#newest = now()
      this.#open.add(socket)
      socket.once('close', () => this.#open.delete(socket))
    })
  }

  /** After readiness has turned. Ends when every request that came in is answered, or with the time. */
  async drain({ delayMs, drainMs }: DrainTimes): Promise<void> {
    const started = now()
    const most = Math.max(drainMs, delayMs)
    await pause(delayMs)
    while (now() - this.#newest < quietMs && now() - started < Math.max(drainMs / 2, delayMs)) await pause(5)
    await this.#close()
    const closed = now()
    while (now() - started < most) {
      this.#server.closeIdleConnections()
      const waits = now() - closed < silentMs || [...this.#open].some(({ bytesRead }) => bytesRead > 0)
      if (this.#open.size === 0 || !waits) break
      await pause(10)
    }
    this.#server.closeAllConnections()
  }

  /**
   * Behind a turn of the event loop that found nobody new. Until then who asks is not yet answered: turns are short, and
   * callers who wait for an answer come no second time. The listening socket alone is closed: http's own close also
   * ends connections whose first request is on its way.
   */
  #close(): Promise<void> {
    return this.#connections.postpone(async () => {
      const started = now()
      for (let last = started; last - started < 500; ) {
        const before = this.#newest
        await turn()
        const ended = now()
        if (this.#newest === before && ended - last < 0.2) break
        last = ended
      }
      NetServer.prototype.close.call(this.#server)
    })
  }
}
