/**
 * Who may train next: one job at a time, which then has all the cores it is given. A pause lets what runs stand still
 * where it is, and holds back those that wait.
 */
import { cancelled } from '../core/errors.ts'
import type { Job } from './job.svelte.ts'

/** The kept side of a job that waits: what it takes to begin it again after the tab was closed. */
export interface Keeping {
  /** Saves the places of all that wait. */
  place(place: number): void
  /** It began, or nobody wants it any more. */
  drop(): void
}
interface Entry {
  readonly job: Job
  readonly keeping: Keeping | undefined
  go(): void
}

export class Queue {
  #entries = $state.raw<readonly Entry[]>([])
  #current = $state.raw<Job | undefined>(undefined)
  #paused = $state.raw(false)

  /** Those that wait, first to begin first. */
  get waiting(): readonly Job[] {
    return this.#entries.map(({ job }) => job)
  }
  get paused(): boolean {
    return this.#paused
  }
  /** Whether this is the job that a pause would let stand still. */
  isPausable(job: Job): boolean {
    return this.#current === job && job.status === 'running'
  }

  /** Resolves when it is this job's turn, which lasts until it is over. @throws StudioError cancelled */
  async turn(job: Job, signal: AbortSignal, keeping?: Keeping): Promise<void> {
    if (this.#current?.active || this.#paused || this.#entries.length > 0) await this.#wait(job, signal, keeping)
    else keeping?.drop()
    this.#current = job
    job.begin()
  }
  /** Call when a job is over, whichever way. */
  next(): void {
    this.#endPause()
    const [first, ...rest] = this.#entries
    if (!first || this.#paused || this.#current?.active) return
    this.#entries = rest
    this.#current = first.job
    first.keeping?.drop()
    first.go()
  }

  pause(): void {
    this.#paused = true
    this.#current?.pause()
    // It may have come to its end under the finger.
    this.#endPause()
  }
  resume(): void {
    this.#paused = false
    this.#current?.resume()
    this.next()
  }
  /** @param by places towards the end; negative: towards the front */
  move(job: Job, by: number): void {
    const at = this.#entries.findIndex((entry) => entry.job === job)
    const to = Math.min(this.#entries.length - 1, Math.max(0, at + by))
    if (at < 0 || to === at) return
    const others = this.#entries.toSpliced(at, 1)
    this.#entries = others.toSpliced(to, 0, this.#entries[at] as Entry)
    this.#entries.forEach(({ keeping }, place) => keeping?.place(place))
  }
  cancelAll(): void {
    for (const { job } of this.#entries) job.cancel()
  }

  /** Nobody would know of a pause that holds nothing. */
  #endPause(): void {
    if (this.#entries.length === 0 && !this.#current?.active) this.#paused = false
  }
  #wait(job: Job, signal: AbortSignal, keeping: Keeping | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const give = (): void => {
        this.#entries = this.#entries.filter((entry) => entry.job !== job)
        keeping?.drop()
        this.#endPause()
        reject(cancelled())
      }
      const go = (): void => {
        signal.removeEventListener('abort', give)
        resolve()
      }
      signal.addEventListener('abort', give, { once: true })
      this.#entries = [...this.#entries, { job, keeping, go }]
      keeping?.place(this.#entries.length - 1)
    })
  }
}
