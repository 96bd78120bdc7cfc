/** One question to an explainer at a time: the newest counts, and a failure is kept to be shown. */
import type { Explanation } from '../../core/explain/explainer.ts'
import type { TaskMap } from '../../jobs/protocol.ts'
import type { AppState } from '../../state/app.svelte.ts'
import { Latest } from '../../state/latest.ts'

type Question = TaskMap['explain/run']['input']

export class Asked<K extends Explanation['kind']> {
  readonly #app: AppState
  readonly #kinds: readonly K[]
  readonly #latest = new Latest()
  #answer = $state.raw<Extract<Explanation, { kind: K }> | undefined>(undefined)
  #problem = $state.raw<unknown>(undefined)
  #busy = $state(false)

  constructor(app: AppState, ...kinds: readonly K[]) {
    this.#app = app
    this.#kinds = kinds
  }
  /** What was answered last, also while a newer question is under way. */
  get answer(): Extract<Explanation, { kind: K }> | undefined {
    return this.#answer
  }
  get problem(): unknown {
    return this.#problem
  }
  get busy(): boolean {
    return this.#busy
  }

  /** @param rest milliseconds to wait for a newer question @returns a function that takes the question back */
  ask(question: Question, rest = 0): () => void {
    this.#busy = true
    const timer = setTimeout(() => {
      this.#latest
        .ask((signal) => this.#app.jobs.ask('explain/run', question, signal))
        .then((answer) => {
          if (answer === undefined) return
          this.#busy = false
          this.#problem = undefined
          if ((this.#kinds as readonly string[]).includes(answer.kind)) this.#answer = answer as Extract<Explanation, { kind: K }>
        })
        .catch((error: unknown) => {
          this.#busy = false
          this.#problem = error
        })
    }, rest)
    return () => {
      clearTimeout(timer)
      this.#latest.stop()
    }
  }
}
