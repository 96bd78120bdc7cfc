/**
 * What a model says of pictures that keep coming, from a camera or a drawing: one is asked about at a time, and while
 * it is looked at only the newest waits.
 */
import type { Run } from '../core/run/run.ts'
import type { PictureAnswer } from '../jobs/protocol.ts'
import { Coalesce } from './coalesce.ts'
import type { JobsState } from './jobs.svelte.ts'

/** Pictures a second are counted over this long. */
const countedMs = 2000

/** Gives a picture when its turn comes, as it is then; undefined where there is none. */
export type TakePicture = () => Promise<ImageBitmap | VideoFrame | undefined>

export class LivePicture {
  readonly #run: Run
  readonly #jobs: JobsState
  #answer = $state.raw<PictureAnswer | undefined>(undefined)
  #problem = $state.raw<unknown>(undefined)
  #perSecond = $state.raw<number | undefined>(undefined)
  readonly #asked: Coalesce<TakePicture, PictureAnswer | undefined>

  constructor(jobs: JobsState, run: Run) {
    this.#jobs = jobs
    this.#run = run
    this.#asked = new Coalesce(
      (take) => this.#ask(take),
      (answer) => answer && (this.#answer = answer),
      (error) => (this.#problem = error),
    )
  }

  get answer(): PictureAnswer | undefined {
    return this.#answer
  }
  get problem(): unknown {
    return this.#problem
  }
  /** Answers a second while following; undefined until there is something to count. */
  get perSecond(): number | undefined {
    return this.#perSecond
  }

  /** The newest picture, such as a drawing after a stroke. */
  put(take: TakePicture): void {
    this.#problem = undefined
    this.#asked.put(take)
  }

  /**
   * Asks about one picture after the other until `signal` is aborted or one cannot be answered.
   * @param next settles when there is another one to look at, with false when there is none any more
   */
  async follow(take: TakePicture, next: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
    this.#problem = undefined
    const times: number[] = []
    try {
      while (await next()) {
        const answer = await this.#ask(take)
        if (signal.aborted) return
        if (!answer) continue
        this.#answer = answer
        const now = performance.now()
        times.push(now)
        while ((times[0] as number) < now - countedMs) times.shift()
        const first = times[0] as number
        if (now - first > countedMs / 4) this.#perSecond = ((times.length - 1) * 1000) / (now - first)
      }
    } catch (error) {
      if (!signal.aborted) this.#problem = error
    } finally {
      this.#perSecond = undefined
    }
  }

  /** Nothing is shown any more, whatever still comes. */
  clear(): void {
    this.#asked.drop()
    this.#answer = undefined
    this.#problem = undefined
  }

  async #ask(take: TakePicture): Promise<PictureAnswer | undefined> {
    const frame = await take()
    return frame && this.#jobs.ask('deploy/predict-frame', { runId: this.#run.id, threshold: this.#run.threshold, frame })
  }
}
