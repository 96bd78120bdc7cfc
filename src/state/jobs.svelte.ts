/** All work under way. Pages start jobs here and nowhere else, so the jobs bar shows every one. */
import type { Progress } from '../core/context.ts'
import type { Hold } from '../jobs/hold.ts'
import type { TaskMap, TaskName } from '../jobs/protocol.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { Job } from './job.svelte.ts'
import { type Keeping, Queue } from './queue.svelte.ts'

export interface RunOptions {
  readonly signal?: AbortSignal
  /** Aborted to end early and keep the best so far. */
  readonly stop?: AbortSignal
  /** Lets it stand still for a while. */
  readonly hold?: Hold
  readonly onProgress?: (progress: Progress) => void
}
/** The way to the workers: jobs/client. */
export interface JobRunner {
  run<N extends TaskName>(task: N, input: TaskMap[N]['input'], options?: RunOptions): Promise<TaskMap[N]['output']>
}

/** Work that takes all the cores it may have: one at a time, the others wait in the queue. */
const queued: ReadonlySet<TaskName> = new Set(['train', 'tune', 'evaluate/curve'])

export interface StartOptions {
  readonly label: string
  readonly subject?: string
  readonly canStop?: boolean
  readonly signal?: AbortSignal
  readonly spec?: RunSpec
  readonly forecast?: number | undefined
  /** Keeps it beyond this tab while it waits in the queue. */
  readonly keeping?: Keeping
}

/** A started job and what it will bring; `output` rejects as the task does. */
export interface Started<N extends TaskName> {
  readonly job: Job
  readonly output: Promise<TaskMap[N]['output']>
}

export class JobsState {
  readonly queue = new Queue()
  readonly #runner: JobRunner
  #list = $state.raw<readonly Job[]>([])
  #now = $state.raw(performance.now())
  #next = 1
  #clock: ReturnType<typeof setInterval> | undefined

  constructor(runner: JobRunner) {
    this.#runner = runner
  }

  /** Newest last; ended jobs stay until the next ten have ended. */
  get list(): readonly Job[] {
    return this.#list
  }
  /** Not over: those that wait too. */
  get active(): readonly Job[] {
    return this.#list.filter((job) => job.active)
  }
  get running(): readonly Job[] {
    return this.#list.filter((job) => job.runs)
  }
  get last(): Job | undefined {
    return this.#list.at(-1)
  }
  /** A clock for elapsed and remaining time; ticks while something runs. */
  get now(): number {
    return this.#now
  }
  /** The newest job on a run or dataset. */
  of(subject: string): Job | undefined {
    return this.#list.findLast((job) => job.subject === subject)
  }

  /**
   * A job of some length: it appears in the jobs bar.
   * @param input a function is asked at once, so that what cannot be is refused at once, and again when its turn comes: the
   *   right to write may have gone to another tab and come back while it waited
   */
  start<N extends TaskName>(task: N, input: TaskMap[N]['input'] | (() => TaskMap[N]['input']), options: StartOptions): Started<N> {
    const inputNow = (): TaskMap[N]['input'] => (typeof input === 'function' ? (input as () => TaskMap[N]['input'])() : input)
    inputNow()
    const cancel = new AbortController()
    const stop = new AbortController()
    const job = new Job({ id: this.#next++, task, label: options.label, canStop: options.canStop ?? false, spec: options.spec, forecast: options.forecast, cancel, stop, ...(options.subject === undefined ? {} : { subject: options.subject }) })
    options.signal?.addEventListener('abort', () => job.cancel(), { once: true })
    this.#list = [...this.#list.filter((old) => old.active), ...this.#list.filter((old) => !old.active).slice(-9)].sort((a, b) => a.id - b.id).concat(job)
    this.#tick()
    const run = async (): Promise<TaskMap[N]['output']> => this.#runner.run(task, inputNow(), { signal: cancel.signal, stop: stop.signal, hold: job.hold, onProgress: (progress) => job.hear(progress) })
    if (!queued.has(task)) job.begin()
    const output = (queued.has(task) ? this.queue.turn(job, cancel.signal, options.keeping).then(run) : run()).then(
      (value) => {
        job.succeed()
        return value
      },
      (error: unknown) => {
        job.fail(error)
        throw error
      },
    )
    if (queued.has(task)) output.catch(() => {}).then(() => this.queue.next())
    // Whoever does not await the output sees the failure in the jobs bar.
    output.catch(() => {})
    return { job, output }
  }

  /** A quick question, such as a window of rows: not shown in the bar. */
  ask<N extends TaskName>(task: N, input: TaskMap[N]['input'], signal?: AbortSignal): Promise<TaskMap[N]['output']> {
    return this.#runner.run(task, input, signal ? { signal } : {})
  }

  #tick(): void {
    this.#clock ??= setInterval(() => {
      this.#now = performance.now()
      if (this.active.length > 0) return
      clearInterval(this.#clock)
      this.#clock = undefined
    }, 500)
  }
}
