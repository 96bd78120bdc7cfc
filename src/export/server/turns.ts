/**
 * Large requests, of thousands of rows or of pictures, take tens of milliseconds of the event loop to read, check and
 * write. They do it in steps, one step of one of them in a turn of the loop: whatever is small, health checks
 * above all, is answered in between. A turn lets one new connection in, so that the next step is taken when nobody new
 * stood at the door: a health check behind a hundred callers would otherwise wait for a hundred steps. So many large
 * requests may be under way; the next is turned away.
 */
import { Overloaded } from './pool.ts'

/** Bytes from which a body is large. */
export const largeBody = 32_768
/** Large requests under way at once. */
const mostAtOnce = 64
/** For those who come, between two steps: a stream of them that never ends does not end the large requests. */
const mostWaitMs = 25

/** Ends when the next step may be done. */
export type Turn = () => Promise<void>

export class Turns {
  readonly #waiting: (() => void)[] = []
  readonly #most: number
  #inside = 0
  #scheduled = false
  readonly #came: () => number
  #met = 0

  /** @param came how many connections there have been */
  constructor(came: () => number = () => 0, most = mostAtOnce) {
    this.#came = came
    this.#most = most
  }

  /** @param work is handed the turns to wait for between its steps, undefined for a small body @throws Overloaded where too many are under way */
  async with<T>(bytes: number, work: (turn: Turn | undefined) => Promise<T>): Promise<T> {
    if (bytes < largeBody) return work(undefined)
    if (this.#inside >= this.#most) throw new Overloaded()
    this.#inside++
    try {
      await this.next()
      return await work(this.next)
    } finally {
      this.#inside--
    }
  }

  readonly next: Turn = () =>
    new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#schedule()
    })

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return
    this.#scheduled = true
    setImmediate(() => this.#round(performance.now()))
  }

  #round(since: number): void {
    const came = this.#came()
    if (came !== this.#met && performance.now() - since < mostWaitMs) {
      this.#met = came
      setImmediate(() => this.#round(since))
      return
    }
    this.#scheduled = false
    this.#waiting.shift()?.()
    this.#schedule()
  }
}
