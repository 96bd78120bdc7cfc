/**
 * One question at a time, the newest next: while an answer is under way only the last thing asked waits, so
 * a drag never builds a queue. Numbered: an answer that is older than one already shown is dropped.
 */
export class Coalesce<Q, A> {
  readonly #ask: (question: Q) => Promise<A>
  readonly #hear: (answer: A, question: Q) => void
  readonly #fail: (error: unknown) => void
  #waiting: { readonly question: Q; readonly number: number } | undefined
  #busy = false
  #asked = 0
  #heard = 0

  constructor(ask: (question: Q) => Promise<A>, hear: (answer: A, question: Q) => void, fail: (error: unknown) => void) {
    this.#ask = ask
    this.#hear = hear
    this.#fail = fail
  }

  put(question: Q): void {
    this.#waiting = { question, number: ++this.#asked }
    if (!this.#busy) void this.#run()
  }
  /** Whatever is under way is not heard any more. */
  drop(): void {
    this.#waiting = undefined
    this.#heard = this.#asked
  }

  async #run(): Promise<void> {
    this.#busy = true
    while (this.#waiting) {
      const { question, number } = this.#waiting
      this.#waiting = undefined
      try {
        const answer = await this.#ask(question)
        if (number > this.#heard) {
          this.#heard = number
          this.#hear(answer, question)
        }
      } catch (error) {
        if (number > this.#heard) this.#fail(error)
      }
    }
    this.#busy = false
  }
}
