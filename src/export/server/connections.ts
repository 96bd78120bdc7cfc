/**
 * What one caller may hold of the server. Node reads every request that has arrived on a connection at once and keeps an
 * answer for as long as nobody reads it; a few hundred callers who only ask would fill the memory and every place there
 * is. Here a connection is answered one request after the other, whoever asks too far ahead or does not read is let go,
 * and where places run short whoever has been waited for longest makes room: a health check finds a place.
 */
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface ConnectionLimits {
  /** Connections at a time. */
  readonly most: number
  /** Requests that may wait behind the one being answered. */
  readonly ahead: number
  /** For an answer to be read, and so much longer as its length takes at `bytesPerMs`. */
  readonly unreadMs: number
  readonly bytesPerMs: number
  /** Bytes of all unread answers together. */
  readonly unreadBytes: number
  /** Between two looks at what is unread. */
  readonly sweepMs: number
}
export const connectionLimits: ConnectionLimits = { most: 512, ahead: 32, unreadMs: 15_000, bytesPerMs: 20, unreadBytes: 64 * 1024 * 1024, sweepMs: 1000 }

/** Places kept for who comes next. */
const spare = 32
/** Whoever has been waited for as long may be asked to make room. */
const patienceMs = 250
/** Requests behind the limit, in multiples of it, that end the connection at once: nobody asks for so much by mistake. */
const flood = 8
/** Why a connection was ended by the server's own rules. */
export const endings = ['ahead', 'unread', 'room', 'full'] as const
export type Ending = (typeof endings)[number]

interface Held {
  readonly socket: Socket
  readonly waiting: (readonly [IncomingMessage, ServerResponse])[]
  /** Being answered. */
  active: readonly [IncomingMessage, ServerResponse] | undefined
  /** Requests that came after too many. */
  beyond: number
  /** Says the last word, where nothing more is taken from it. */
  last: (() => void) | undefined
  /** Of the last that was heard of it: it came, it asked, its answer was read. */
  since: number
  /** Its answer was found unread. */
  unread: { readonly since: number; readonly bytes: number } | undefined
}

export class Connections {
  readonly #handle: RequestListener
  readonly #limits: ConnectionLimits
  readonly #held = new Map<Socket, Held>()
  readonly ended: Record<Ending, number> = { ahead: 0, unread: 0, room: 0, full: 0 }
  /** Requests being answered: at most one a connection. */
  inFlight = 0
  /** The first of a connection that came too far ahead: to be refused, in its place in the order. */
  readonly tooFar = new WeakSet<IncomingMessage>()
  /** Connections so far, also those that found no place. */
  came = 0
  /** Requests that came during work that they would disturb. */
  #postponed: (() => void)[] | undefined
  #later: NodeJS.Timeout | undefined

  constructor(handle: RequestListener, limits: ConnectionLimits = connectionLimits) {
    this.#handle = handle
    this.#limits = limits
  }

  get size(): number {
    return this.#held.size
  }

  watch(server: Server): void {
    server.maxConnections = this.#limits.most
    server.on('connection', (socket: Socket) => this.#come(socket))
    server.on('drop', () => {
      this.came++
      this.ended.full++
    })
    const timer = setInterval(() => this.#sweep(performance.now()), this.#limits.sweepMs).unref()
    server.once('close', () => clearInterval(timer))
  }

  /** In the place of the server's own listener for requests. */
  readonly take = (request: IncomingMessage, response: ServerResponse): void => {
    const held = this.#held.get(request.socket)
    // Node goes on through what it has read, also when the connection was ended meanwhile.
    if (!held || held.socket.destroyed) return
    if (held.beyond > 0) {
      if (++held.beyond > flood * this.#limits.ahead) this.#drop(held)
    } else if (!held.active) this.#start(held, request, response)
    else if (held.waiting.push([request, response]) > this.#limits.ahead) {
      held.beyond = 1
      this.ended.ahead++
      this.tooFar.add(request)
    }
  }

  /** Takes nothing more from a connection. @param last called when every whole request that was taken from it is answered */
  leave(socket: Socket, last: () => void): void {
    const held = this.#held.get(socket)
    if (!held || held.last) return
    held.last = last
    if (held.waiting.at(-1)?.[0].complete === false) held.waiting.pop()
    if (!held.active?.[0].complete) last()
  }

  #come(socket: Socket): void {
    this.came++
    const held: Held = { socket, waiting: [], active: undefined, beyond: 0, last: undefined, since: performance.now(), unread: undefined }
    this.#held.set(socket, held)
    socket.once('close', () => this.#forget(held))
    this.#makeRoom()
  }

  #start(held: Held, request: IncomingMessage, response: ServerResponse): void {
    held.active = [request, response]
    held.since = performance.now()
    this.inFlight++
    response.once('close', () => this.#done(held, response))
    const answer = (): void => this.#handle(request, response)
    if (this.#postponed) this.#postponed.push(() => held.socket.destroyed || answer())
    else answer()
  }

  /** Runs work during which requests are let in and not yet looked at. */
  async postpone(work: () => Promise<void>): Promise<void> {
    const postponed: (() => void)[] = (this.#postponed = [])
    try {
      await work()
    } finally {
      this.#postponed = undefined
      for (const answer of postponed) answer()
    }
  }

  #done(held: Held, response: ServerResponse): void {
    if (held.active?.[1] !== response) return
    this.inFlight--
    held.active = undefined
    held.unread = undefined
    held.since = performance.now()
    const next = held.waiting.shift()
    if (held.socket.destroyed) return
    if (next) this.#start(held, ...next)
    else held.last?.()
  }

  #forget(held: Held): void {
    if (!this.#held.delete(held.socket)) return
    if (held.active) this.inFlight--
    held.active = undefined
    held.waiting.length = 0
  }

  #end(held: Held, why: Ending): void {
    this.ended[why]++
    this.#drop(held)
  }

  #drop(held: Held): void {
    held.socket.destroy()
    this.#forget(held)
  }

  #sweep(now: number): void {
    const unread: Held[] = []
    let bytes = 0
    for (const held of this.#held.values()) {
      if (!held.active?.[1].writableEnded) continue
      held.unread ??= { since: now, bytes: held.socket.writableLength }
      if (now - held.unread.since > this.#limits.unreadMs + held.unread.bytes / this.#limits.bytesPerMs) this.#end(held, 'unread')
      else {
        unread.push(held)
        bytes += held.socket.writableLength
      }
    }
    // In the order in which they came.
    for (const held of unread) {
      if (bytes <= this.#limits.unreadBytes) break
      bytes -= held.socket.writableLength
      this.#end(held, 'unread')
    }
  }

  /** Since when its caller is waited for; undefined while it is the caller who waits. */
  #idleSince({ active, since, unread }: Held): number | undefined {
    if (!active) return since
    const [request, response] = active
    return response.writableEnded ? unread?.since : request.complete || request.isPaused() ? undefined : since
  }

  /** Keeps the spare places free; where all have come just now, a little later. */
  #makeRoom(): void {
    const most = this.#limits.most - Math.min(spare, this.#limits.most / 2)
    while (this.#held.size > most) {
      const found = this.#longestIdle(performance.now())
      if (!found) {
        this.#later ??= setTimeout(() => {
          this.#later = undefined
          this.#makeRoom()
        }, patienceMs).unref()
        return
      }
      this.#end(found, 'room')
    }
  }

  /** Who leaves an answer unread first, then whoever has said nothing for longest. */
  #longestIdle(now: number): Held | undefined {
    let found: Held | undefined
    let most = 0
    for (const held of this.#held.values()) {
      const since = this.#idleSince(held)
      if (since === undefined || now - since < patienceMs) continue
      const rank = now - since + (held.unread ? 1e9 : 0)
      if (rank <= most) continue
      most = rank
      found = held
    }
    return found
  }
}
