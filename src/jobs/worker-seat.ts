/**
 * One worker and the calls it owes. A bare comlink call never settles once its worker is gone; here every
 * call settles: the seat notices a worker that failed to load, threw, ended (by a lock it held for life)
 * or fell silent, and rejects what it owed.
 */
import { proxy, transfer, wrap, type Remote } from 'comlink'
import type { Progress } from '../core/context.ts'
import { asStudioError, StudioError } from '../core/errors.ts'
import type { Savepoint } from '../core/savepoint.ts'
import type { TaskMap, TaskName, WireResult, WorkerApi, WorkerSetup } from './protocol.ts'
import { framesIn, fromResult } from './wire.ts'

export interface SeatLimits {
  /** From starting a worker to its first answer. */
  readonly startMs: number
  /** Between pings while calls are owed. */
  readonly pingMs: number
  /** Without an answer to a ping: long, because honest work may hold a worker for seconds. */
  readonly silentMs: number
  /** From cancel to the end of a worker that does not react. */
  readonly graceMs: number
}
export const defaultLimits: SeatLimits = { startMs: 30_000, pingMs: 1000, silentMs: 20_000, graceMs: 1000 }

function lostWorker(name: string, why: string, cause?: unknown): StudioError {
  return new StudioError({
    code: 'worker-lost',
    message: `missing answer; the ${name} worker ${why}`,
    hint: 'What was saved is safe. Start it again: a new worker takes over.',
    details: { worker: name },
    cause,
  })
}

export class WorkerSeat {
  readonly name: string
  /** Settles once the worker is gone. */
  readonly gone: Promise<StudioError>
  #api: Remote<WorkerApi>
  #worker: Worker
  #limits: SeatLimits
  #death: StudioError | undefined
  #tellGone: (error: StudioError) => void = () => {}
  #owed = new Map<number, (error: unknown) => void>()
  #abandoned = new Set<number>()
  #started: Promise<unknown>
  #watch: ReturnType<typeof setInterval> | undefined
  #heardAt = performance.now()
  #asking = false
  #waitForEnd = new AbortController()

  constructor(name: string, worker: Worker, setup: Omit<WorkerSetup, 'life'>, limits: SeatLimits) {
    this.name = name
    this.#worker = worker
    this.#limits = limits
    this.gone = new Promise((resolve) => (this.#tellGone = resolve))
    worker.addEventListener('error', (event) => {
      // Reported by every call it owed; the browser need not report it again.
      event.preventDefault()
      this.end(lostWorker(name, `failed: ${event.message || 'its script could not be loaded'}`))
    })
    worker.addEventListener('messageerror', () => this.end(lostWorker(name, 'sent something that cannot be read')))
    this.#api = wrap<WorkerApi>(worker)
    this.#started = this.#start(setup)
    this.#started.catch(() => {})
  }

  get alive(): boolean {
    return this.#death === undefined
  }
  /** True while someone still waits for an answer that was not cancelled. */
  get owesOthers(): boolean {
    return [...this.#owed.keys()].some((call) => !this.#abandoned.has(call))
  }

  async #start(setup: Omit<WorkerSetup, 'life'>): Promise<void> {
    const locks = (globalThis.navigator as { locks?: LockManager } | undefined)?.locks
    const life = `worker:${crypto.randomUUID()}`
    const whole: WorkerSetup = locks ? { ...setup, life } : setup
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(lostWorker(this.name, `did not start within ${this.#limits.startMs / 1000} s`)), this.#limits.startMs)
    })
    try {
      const begun = this.#api.start(setup.port ? transfer(whole, [setup.port]) : whole)
      fromResult(await Promise.race([begun, late, this.gone.then((error) => Promise.reject(error))]))
      this.#heardAt = performance.now()
    } catch (error) {
      this.end(asStudioError(error))
      throw error
    } finally {
      clearTimeout(timer)
    }
    locks
      ?.request(life, { signal: this.#waitForEnd.signal }, () => this.end(lostWorker(this.name, 'ended')))
      .catch(() => {})
  }

  /** The outcome of a call, or the worker's death, whichever comes first. */
  #owe<T>(call: number, ask: () => Promise<unknown>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#death) return reject(this.#death)
      this.#owed.set(call, reject)
      this.#pingWhileOwing()
      this.#started
        .then(ask)
        .then((result) => resolve(fromResult<T>(result)))
        .catch((error: unknown) => reject(asStudioError(error)))
        .finally(() => {
          this.#owed.delete(call)
          this.#abandoned.delete(call)
          if (this.#owed.size === 0) this.#stopPing()
        })
    })
  }

  /** Resolves once it can take calls; rejects where it could not be started. */
  async ready(): Promise<void> {
    await this.#started
  }
  /** @param savepoint where its fit finds what an earlier one left, and keeps how far it comes */
  run<N extends TaskName>(call: number, task: N, input: TaskMap[N]['input'], onProgress: (batch: readonly Progress[]) => void, savepoint?: Savepoint): Promise<TaskMap[N]['output']> {
    const place = savepoint ? [savepoint.left, proxy(savepoint.save)] : []
    return this.#owe(call, () => (this.#api.run as unknown as (...args: readonly unknown[]) => Promise<WireResult<TaskMap[N]['output']>>)(call, task, transfer(input, framesIn(input)), proxy(onProgress), ...place))
  }
  lend(call: number, port: MessagePort): Promise<true> {
    return this.#owe(call, () => this.#api.lend(transfer(port, [port])))
  }
  /** Nobody waits for this call any more: asks the worker to drop it. */
  abandon(call: number): void {
    this.#abandoned.add(call)
    void this.#started.then(() => this.#api.cancel(call)).catch(() => {})
  }
  stop(call: number): void {
    void this.#started.then(() => this.#api.stop(call)).catch(() => {})
  }

  hold(call: number, held: boolean): void {
    void this.#started.then(() => this.#api.hold(call, held)).catch(() => {})
  }

  /** Ends the worker; whatever it still owed is rejected. */
  end(reason: StudioError = lostWorker(this.name, 'was ended')): void {
    if (this.#death) return
    this.#death = reason
    this.#stopPing()
    this.#waitForEnd.abort()
    this.#worker.terminate()
    for (const reject of this.#owed.values()) reject(reason)
    this.#owed.clear()
    this.#tellGone(reason)
  }

  #pingWhileOwing(): void {
    if (this.#watch !== undefined) return
    this.#heardAt = performance.now()
    let tickedAt = performance.now()
    this.#watch = setInterval(() => {
      const now = performance.now()
      // A page that slept heard nothing for reasons of its own.
      if (now - tickedAt > 3 * this.#limits.pingMs) this.#heardAt = now
      tickedAt = now
      if (now - this.#heardAt > this.#limits.silentMs) return this.end(lostWorker(this.name, `gave no sign of life for ${this.#limits.silentMs / 1000} s`))
      if (this.#asking) return
      this.#asking = true
      void this.#started
        .then(() => this.#api.ping())
        .then(() => {
          this.#asking = false
          this.#heardAt = performance.now()
        })
        .catch(() => {})
    }, this.#limits.pingMs)
  }
  #stopPing(): void {
    clearInterval(this.#watch)
    this.#watch = undefined
  }
}
