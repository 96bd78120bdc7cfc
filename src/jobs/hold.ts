/** Lets a job stand still and go on, any number of times. Its clock stands still too, so that no time limit runs on. */
export class Hold {
  #since: number | undefined
  #before = 0
  #listeners = new Set<(held: boolean) => void>()

  get held(): boolean {
    return this.#since !== undefined
  }
  /** Milliseconds that it has stood still so far. */
  get heldFor(): number {
    return this.#before + (this.#since === undefined ? 0 : performance.now() - this.#since)
  }
  set(held: boolean): void {
    if (held === this.held) return
    this.#before = this.heldFor
    this.#since = held ? performance.now() : undefined
    for (const listener of [...this.#listeners]) listener(held)
  }
  /** @returns ends the listening */
  hear(listener: (held: boolean) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
  /** Resolves when it may go on: at once where it is not held, and where the signal aborts. */
  released(signal: AbortSignal): Promise<void> {
    if (!this.held || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const go = (): void => {
        deaf()
        signal.removeEventListener('abort', go)
        resolve()
      }
      const deaf = this.hear(go)
      signal.addEventListener('abort', go, { once: true })
    })
  }
}
