/**
 * Large requests, of thousands of rows or of pictures, take tens of milliseconds of the event loop to read, check and
 * write. They do it in steps, one step of one of them in a turn of the loop: whatever is small, health checks
 * above all, is answered in between. So many of them may be under way; the next is turned away.
 */
import { Overloaded } from './pool.ts'

/** Bytes from which a body is large. */
export const largeBody = 32_768
/** Large requests under way at once. */
const mostAtOnce = 64

/** Ends when the next step may be done. */
export type Turn = () => Promise<void>

export class Turns {
  readonly #waiting: (() => void)[] = []
  readonly #most: number
  #inside = 0
  #scheduled = false

  constructor(most = mostAtOnce) {
    this.#most = most
  }

  /** @param work is handed the turns to wait for between its steps, undefined for a small body @throws Overloaded where too many are under way */
  async with<T>(bytes: number, work: (turn: Turn | undefined) => Promise<T>): Promise<T> {
    if (bytes < largeBody) return work(undefined)
    if (this.#inside >= this.#most) throw new Overloaded()
    this.#inside++
    try {
      await this.#next()
      return await work(this.#next)
    } finally {
      this.#inside--
    }
  }

  readonly #next = (): Promise<void> =>
    new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#schedule()
    })

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#waiting.shift()?.()
      this.#schedule()
    })
  }
}
