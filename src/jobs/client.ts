/**
 * The page's only way to a worker. Three lives: one ingest worker; a compute worker for each run, ended
 * after it; one interactive worker that keeps an opened model. A call always settles. After a cancel the
 * page goes on at once, and a worker that does not react is ended and replaced.
 */
import type { Progress } from '../core/context.ts'
import { cancelled, StudioError } from '../core/errors.ts'
import type { Hold } from './hold.ts'
import { type TaskMap, type TaskName, workerOf } from './protocol.ts'
import { defaultLimits, type SeatLimits, WorkerSeat } from './worker-seat.ts'

export type WorkerKind = 'ingest' | 'compute' | 'interactive'

export interface RunOptions {
  readonly signal?: AbortSignal
  /** Aborted to end early and keep the best so far. */
  readonly stop?: AbortSignal
  /** Lets it stand still for a while; it keeps its worker. */
  readonly hold?: Hold
  readonly onProgress?: (progress: Progress) => void
}
export interface JobClient {
  /** @throws StudioError as the task does; cancelled; worker-lost where its worker died */
  run<N extends TaskName>(task: N, input: TaskMap[N]['input'], options?: RunOptions): Promise<TaskMap[N]['output']>
  /** Memory mode only: a port to the one store that all workers share. @throws StudioError */
  storePort(): Promise<MessagePort>
  /** Ends all workers and rejects all calls. */
  close(): void
}
export interface JobClientOptions {
  readonly workers: Readonly<Record<WorkerKind, () => Worker>>
  /** Version of the app. */
  readonly app: string
  readonly storage: 'indexeddb' | 'memory'
  /** That the next job may use; default: all of the machine's but one. */
  readonly cores?: () => number
  /** Compute workers at a time; more wait their turn. Default 2. */
  readonly atOnce?: number
  readonly limits?: Partial<SeatLimits>
  /** Memory mode: the worker that kept all records died, and they are gone. */
  readonly onStoreLost?: (error: StudioError) => void
}

/** How long a worker others use may take over a cancel before new calls go to a fresh one. */
const patienceMs = 200

export function createJobClient(options: JobClientOptions): JobClient {
  const limits: SeatLimits = { ...defaultLimits, ...options.limits }
  const atOnce = options.atOnce ?? 2
  const seats = new Map<'ingest' | 'interactive', WorkerSeat>()
  const all = new Set<WorkerSeat>()
  const waiting: (() => void)[] = []
  let computing = 0
  let calls = 0
  let keeper: WorkerSeat | undefined
  let closed = false

  function seat(name: string, worker: () => Worker, port?: MessagePort): WorkerSeat {
    if (closed) throw new StudioError({ code: 'worker-lost', message: 'missing worker; the client was closed' })
    const made = new WorkerSeat(name, worker(), { app: options.app, storage: options.storage, ...(options.cores && { cores: options.cores() }), ...(port ? { port } : {}) }, limits)
    all.add(made)
    void made.gone.then(() => all.delete(made))
    return made
  }

  /** In memory mode one worker does nothing but keep the records, so that no cancel can end it. */
  async function storePort(): Promise<MessagePort> {
    if (options.storage !== 'memory') throw new StudioError({ code: 'bug', message: 'invalid call; this client stores on the device' })
    if (!keeper?.alive) {
      const made = seat('store', options.workers.ingest)
      keeper = made
      void made.gone.then((error) => {
        if (!closed) options.onStoreLost?.(error)
      })
    }
    const { port1, port2 } = new MessageChannel()
    await keeper.lend(++calls, port1)
    return port2
  }

  async function spawn(kind: WorkerKind): Promise<WorkerSeat> {
    return seat(kind, options.workers[kind], options.storage === 'memory' ? await storePort() : undefined)
  }

  const spawning = new Map<'ingest' | 'interactive', Promise<WorkerSeat>>()
  async function shared(kind: 'ingest' | 'interactive'): Promise<WorkerSeat> {
    const present = seats.get(kind)
    if (present?.alive) return present
    const coming = spawning.get(kind) ?? spawn(kind).finally(() => spawning.delete(kind))
    spawning.set(kind, coming)
    const made = await coming
    if (made.alive) seats.set(kind, made)
    return made
  }

  /** A turn to compute; resolves false where the call was cancelled while it waited. */
  async function turn(signal: AbortSignal | undefined): Promise<boolean> {
    if (computing < atOnce) {
      computing++
      return true
    }
    return new Promise((resolve) => {
      const go = (): void => {
        signal?.removeEventListener('abort', give)
        resolve(true)
      }
      const give = (): void => {
        waiting.splice(waiting.indexOf(go), 1)
        resolve(false)
      }
      waiting.push(go)
      signal?.addEventListener('abort', give, { once: true })
    })
  }
  function endTurn(): void {
    const next = waiting.shift()
    // The turn passes on without being given back.
    if (next) next()
    else computing--
  }

  /** Asks politely, then moves new calls elsewhere, then ends the worker. */
  function cancelOn(target: WorkerSeat, call: number, kind: WorkerKind, settled: Promise<unknown>): void {
    target.abandon(call)
    let done = false
    void settled.catch(() => {}).then(() => (done = true))
    if (kind !== 'compute') {
      setTimeout(() => {
        if (!done && seats.get(kind) === target) seats.delete(kind)
      }, patienceMs)
    }
    const clock = setInterval(() => {
      // One that new calls no longer go to ends with the last that it owes.
      const replaced = kind !== 'compute' && seats.get(kind) !== target
      if ((!done || replaced) && !target.owesOthers) target.end(cancelled())
      if ((done && !replaced) || !target.alive) clearInterval(clock)
    }, limits.graceMs)
  }

  async function work<N extends TaskName>(task: N, input: TaskMap[N]['input'], { signal, stop, hold, onProgress }: RunOptions, settle: (cancel: () => void) => void): Promise<TaskMap[N]['output']> {
    const kind = workerOf[task]
    if (kind === 'compute' && !(await turn(signal))) throw cancelled()
    let target: WorkerSeat | undefined
    try {
      target = kind === 'compute' ? await spawn(kind) : await shared(kind)
      if (signal?.aborted) throw cancelled()
      const call = ++calls
      const hear = (batch: readonly Progress[]): void => {
        if (signal?.aborted) return
        for (const progress of batch) onProgress?.(progress)
      }
      const output = target.run(call, task, input, hear)
      const used = target
      const askStop = (): void => used.stop(call)
      settle(() => cancelOn(used, call, kind, output))
      if (stop?.aborted) askStop()
      stop?.addEventListener('abort', askStop, { once: true })
      if (hold?.held) used.hold(call, true)
      const deaf = hold?.hear((held) => used.hold(call, held))
      try {
        return await output
      } finally {
        deaf?.()
        stop?.removeEventListener('abort', askStop)
      }
    } finally {
      if (kind === 'compute') {
        target?.end()
        endTurn()
      }
    }
  }

  return {
    run(task, input, given = {}) {
      const { signal } = given
      if (closed) return Promise.reject(new StudioError({ code: 'worker-lost', message: 'missing worker; the client was closed' }))
      if (signal?.aborted) return Promise.reject(cancelled())
      let cancel = (): void => {}
      const output = work(task, input, given, (how) => (cancel = how))
      if (!signal) return output
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          // The page goes on at once; the worker follows.
          reject(cancelled())
          cancel()
        }
        signal.addEventListener('abort', abort, { once: true })
        output.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
      })
    },
    storePort,
    close() {
      closed = true
      for (const each of all) each.end()
      keeper = undefined
    },
  }
}
