/** The worker's end of the protocol: comlink exposes it, and every answer, error and report passes here. */
import { expose, releaseProxy, transfer, type Endpoint, type ProxyMarked, type Remote } from 'comlink'
import type { AssetName, Context, Progress } from '../core/context.ts'
import { StudioError } from '../core/errors.ts'
import { savepointOver, type FitState, type Savepoint } from '../core/savepoint.ts'
import { Hold } from './hold.ts'
import { progressGate } from './progress-gate.ts'
import type { TaskMap, TaskName, WorkerApi, WorkerSetup } from './protocol.ts'
import { movable, toResult } from './wire.ts'
import { workerContext } from './worker-context.ts'

export type Handler<N extends TaskName, H> = (input: TaskMap[N]['input'], host: H) => Promise<TaskMap[N]['output']>
/** Handlers by task, each loaded when it is first needed, so that a worker's start costs little. */
export type LazyHandlers<H> = { readonly [N in TaskName]?: () => Promise<Handler<N, H>> }

export interface ServeOptions<H, S> {
  readonly handlers: LazyHandlers<H>
  readonly assets: Readonly<Record<AssetName, string>>
  /** Opens storage. Called once. */
  start(setup: WorkerSetup): Promise<S>
  /** What a handler is given besides its input. */
  host(started: S, context: Context): H
  /** Serves the storage to another port. */
  lend?(started: S, port: MessagePort): void
  /** Default: the worker itself. */
  readonly endpoint?: Endpoint
}

interface Call {
  readonly cancel: AbortController
  readonly hold: Hold
  stopped: boolean
}

/** Holds the lock until this worker ends; resolves once it is held. */
function holdForLife(name: string): Promise<void> {
  const locks = (globalThis.navigator as { locks?: LockManager } | undefined)?.locks
  if (!locks) return Promise.resolve()
  return new Promise((held, failed) => {
    locks
      .request(name, () => {
        held()
        return new Promise<never>(() => {})
      })
      .catch(failed)
  })
}

type Released = Partial<Pick<Remote<ProxyMarked>, typeof releaseProxy>>
type Callback = ((batch: readonly Progress[]) => unknown) & Released
/** Where the caller keeps how far a fit comes. */
interface Place {
  readonly left: readonly FitState[]
  readonly save: Savepoint['save'] & Released
}

export function serve<H, S>(options: ServeOptions<H, S>): void {
  const calls = new Map<number, Call>()
  let started: { readonly value: S } | undefined

  function ready(): S {
    if (!started) throw new StudioError({ code: 'bug', message: 'invalid call; the worker was not started' })
    return started.value
  }

  async function answer<N extends TaskName>(call: Call, task: N, input: TaskMap[N]['input'], onProgress: Callback, place: Place | undefined): Promise<TaskMap[N]['output']> {
    const value = ready()
    const load = Object.hasOwn(options.handlers, task) ? options.handlers[task] : undefined
    if (!load) throw new StudioError({ code: 'unsupported', message: `unknown task; this worker does ${Object.keys(options.handlers).join(', ')}: ${String(task).slice(0, 80)}` })
    let delivered: unknown
    const gate = progressGate((batch) => (delivered = onProgress(batch)), () => performance.now())
    const context = workerContext({ signal: call.cancel.signal, report: gate.report, stopping: () => call.stopped, hold: call.hold, assets: options.assets, breathe: gate.breathe })
    let succeeded = false
    try {
      const handler = (await load()) as Handler<N, H>
      call.cancel.signal.throwIfAborted()
      const savepoint = place && savepointOver(place.left, (reached, state, how) => place.save(reached, state, how), () => context.now())
      const output = await handler(input, options.host(value, savepoint ? { ...context, savepoint } : context))
      succeeded = true
      return output
    } finally {
      gate.end(succeeded)
      // Progress takes another port than the answer; waiting keeps the order.
      await delivered
      onProgress[releaseProxy]?.()
      place?.save[releaseProxy]?.()
    }
  }

  const api: WorkerApi = {
    start: (setup) =>
      toResult(async () => {
        if (started) throw new StudioError({ code: 'bug', message: 'invalid call; the worker was already started' })
        if (setup.life !== undefined) await holdForLife(setup.life)
        started = { value: await options.start(setup) }
        return true as const
      }),
    async run(id, task, input, onProgress, left, save) {
      const call: Call = { cancel: new AbortController(), hold: new Hold(), stopped: false }
      calls.set(id, call)
      try {
        const result = await toResult(() => answer(call, task, input, onProgress as Callback, left && save && { left, save }))
        return result.ok ? transfer(result, movable(result.value)) : result
      } finally {
        calls.delete(id)
      }
    },
    cancel: async (id) => calls.get(id)?.cancel.abort(),
    async stop(id) {
      const call = calls.get(id)
      if (!call) return
      call.stopped = true
      // What stands still cannot come to an end.
      call.hold.set(false)
    },
    hold: async (id, held) => calls.get(id)?.hold.set(held),
    ping: async () => true,
    lend: (port) =>
      toResult(async () => {
        if (!options.lend) throw new StudioError({ code: 'unsupported', message: 'unsupported call; this worker keeps no records of its own' })
        options.lend(ready(), port)
        return true as const
      }),
  }
  expose(api, options.endpoint)
}
