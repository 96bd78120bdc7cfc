/** One job as the page sees it: where it is, how long it will take, and how it ended. */
import type { MissedRow, Progress } from '../core/context.ts'
import { asStudioError, type StudioError } from '../core/errors.ts'
import type { CurveSeries } from '../core/run/run.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { Hold } from '../jobs/hold.ts'
import type { TaskName } from '../jobs/protocol.ts'

export type JobStatus = 'queued' | 'running' | 'stopping' | 'succeeded' | 'failed' | 'cancelled'

/** Curves longer than this are thinned while they grow; the run's own record keeps them whole. */
const curveLimit = 2000

/** What a model in training gets wrong at the moment. */
export interface Missed {
  readonly epoch: number
  readonly of: number
  readonly count: number
  readonly rows: readonly MissedRow[]
}

export class Job {
  readonly id: number
  readonly task: TaskName
  readonly label: string
  /** The run or dataset it works on, so that a page finds its job again. */
  readonly subject: string | undefined
  readonly canStop: boolean
  /** What it trains, of trainings and searches. */
  readonly spec: RunSpec | undefined
  /** Milliseconds that it should take, where something like it was done before. */
  readonly forecast: number | undefined
  /** Resolves when its turn comes; never where it is cancelled before. */
  readonly begun: Promise<void>
  /** What its worker hears of a pause. */
  readonly hold = new Hold()
  #tellBegun: () => void = () => {}
  #begunAt = performance.now()
  #status = $state.raw<JobStatus>('queued')
  #phase = $state.raw('')
  #done = $state.raw(0)
  #total = $state.raw(0)
  #note = $state.raw('')
  #curves = $state.raw<readonly CurveSeries[]>([])
  #missed = $state.raw<Missed | undefined>(undefined)
  #error = $state.raw<StudioError | undefined>(undefined)
  #endedAt = $state.raw<number | undefined>(undefined)
  #phaseStartedAt = performance.now()
  #pausedAt = $state.raw<number | undefined>(undefined)
  readonly #cancel: AbortController
  readonly #stop: AbortController

  constructor(init: { id: number; task: TaskName; label: string; subject?: string; canStop: boolean; spec?: RunSpec | undefined; forecast?: number | undefined; cancel: AbortController; stop: AbortController }) {
    this.id = init.id
    this.begun = new Promise((resolve) => (this.#tellBegun = resolve))
    this.task = init.task
    this.label = init.label
    this.subject = init.subject
    this.canStop = init.canStop
    this.spec = init.spec
    this.forecast = init.forecast
    this.#cancel = init.cancel
    this.#stop = init.stop
  }

  get status(): JobStatus {
    return this.#status
  }
  /** Not over: it waits or runs. */
  get active(): boolean {
    return this.waits || this.runs
  }
  get waits(): boolean {
    return this.#status === 'queued'
  }
  get runs(): boolean {
    return this.#status === 'running' || this.#status === 'stopping'
  }
  /** It stands still where it is. */
  get paused(): boolean {
    return this.#pausedAt !== undefined && this.active
  }
  get phase(): string {
    return this.#phase
  }
  get done(): number {
    return this.#done
  }
  get total(): number {
    return this.#total
  }
  get missed(): Missed | undefined {
    return this.#missed
  }
  /** In [0, 1]; undefined until the job says how far it goes. */
  get share(): number | undefined {
    return this.#total > 0 ? this.#done / this.#total : undefined
  }
  get note(): string {
    return this.#note
  }
  get curves(): readonly CurveSeries[] {
    return this.#curves
  }
  get error(): StudioError | undefined {
    return this.#error
  }
  /** Milliseconds from start to end, without pauses; while active, until `now`. */
  elapsed(now: number): number {
    return this.waits ? 0 : (this.#endedAt ?? this.#pausedAt ?? now) - this.#begunAt
  }
  /** Milliseconds until the present phase ends at its present pace; undefined while too early to say. */
  timeLeft(now: number): number | undefined {
    const spent = (this.#pausedAt ?? now) - this.#phaseStartedAt
    const share = this.share
    if (!this.runs || share === undefined || share < 0.02 || spent < 800) return undefined
    return (spent / share) * (1 - share)
  }

  begin(): void {
    if (!this.waits) return
    this.#status = 'running'
    this.#begunAt = this.#phaseStartedAt = performance.now()
    this.#tellBegun()
  }
  /** The page shows it as cancelled at once; the worker follows. */
  cancel(): void {
    if (!this.active) return
    this.#end('cancelled')
    this.#cancel.abort()
  }
  /** Ends early and keeps the best so far. */
  stop(): void {
    if (this.#status !== 'running' || !this.canStop) return
    this.#status = 'stopping'
    this.resume()
    this.#stop.abort()
  }
  pause(): void {
    if (this.#status !== 'running' || this.paused) return
    this.#pausedAt = performance.now()
    this.hold.set(true)
  }
  resume(): void {
    if (this.#pausedAt === undefined) return
    const stood = performance.now() - this.#pausedAt
    this.#begunAt += stood
    this.#phaseStartedAt += stood
    this.#pausedAt = undefined
    this.hold.set(false)
  }

  hear(progress: Progress): void {
    if (!this.active) return
    if (progress.kind === 'note') this.#note = progress.text
    else if (progress.kind === 'curve') this.#addPoint(progress.series, progress.x, progress.y)
    else if (progress.kind === 'missed') this.#missed = progress
    else {
      if (progress.phase !== this.#phase) {
        this.#phase = progress.phase
        this.#phaseStartedAt = performance.now()
        this.#done = 0
      }
      this.#total = progress.total
      this.#done = Math.max(this.#done, progress.done)
    }
  }
  succeed(): void {
    this.#end('succeeded')
  }
  fail(thrown: unknown): void {
    const error = asStudioError(thrown)
    if (error.code === 'cancelled') this.#end('cancelled')
    else {
      this.#error = error
      this.#end('failed')
    }
  }

  #end(status: JobStatus): void {
    if (!this.active) return
    this.resume()
    this.#status = status
    this.#endedAt = performance.now()
  }

  #addPoint(name: string, x: number, y: number): void {
    const old = this.#curves.find((curve) => curve.name === name)
    const keep = old && old.x.length >= curveLimit ? (_: number, i: number) => i % 2 === 0 : () => true
    const next = { name, x: [...(old?.x.filter(keep) ?? []), x], y: [...(old?.y.filter(keep) ?? []), y] }
    this.#curves = old ? this.#curves.map((curve) => (curve === old ? next : curve)) : [...this.#curves, next]
  }
}
