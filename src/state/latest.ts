/**
 * Latest wins: of several answers under way only the one to the newest question counts. Asking again
 * aborts the older question; its answer, even when it still comes, is dropped.
 */
export class Latest {
  #current: AbortController | undefined

  /**
   * @param ask gets a signal that is aborted once a newer question is asked
   * @returns the answer, or undefined where a newer question was asked meanwhile
   * @throws what `ask` throws, unless it was overtaken
   */
  async ask<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    this.#current?.abort()
    const mine = new AbortController()
    this.#current = mine
    try {
      const answer = await ask(mine.signal)
      return this.#current === mine ? answer : undefined
    } catch (error) {
      if (this.#current !== mine || mine.signal.aborted) return undefined
      throw error
    }
  }

  /** Drops whatever is under way. */
  stop(): void {
    this.#current?.abort()
    this.#current = undefined
  }
}
