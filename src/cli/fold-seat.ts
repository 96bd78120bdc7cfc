/** A thread of Node that does folds beside the command, over the same records; it keeps no process alive. */
import { type MessagePort as NodePort, Worker } from 'node:worker_threads'
import { StudioError } from '../core/errors.ts'
import type { FoldAnswer } from '../core/run/fold.ts'
import type { FitState, Savepoint } from '../core/savepoint.ts'
import { fromPlain, type PlainError } from '../core/wire-error.ts'
import type { FoldSeat } from '../jobs/fold-pool.ts'
import type { TaskMap } from '../jobs/protocol.ts'
import type { Store } from '../storage/port.ts'
import { serveStore } from '../storage/remote-store.ts'

export type ToThread =
  /** `left` where how far it comes is kept. */
  | { readonly call: number; readonly input: TaskMap['fold']['input']; readonly left: readonly FitState[] | undefined }
  | { readonly cancel: number }
  | { readonly saved: number; readonly kept: boolean }
export type FromThread =
  | { readonly ready: true }
  | { readonly call: number; readonly answer: FoldAnswer }
  | { readonly call: number; readonly error: PlainError }
  | { readonly call: number; readonly save: number; readonly state: Parameters<Savepoint['save']> }

interface Owed {
  readonly savepoint: Savepoint | undefined
  resolve(answer: FoldAnswer): void
  reject(error: unknown): void
}

export function foldSeat(store: Store): FoldSeat {
  const { port1, port2 } = new MessageChannel()
  // Node's ports are of both kinds.
  const [served, given] = [port1, port2] as unknown as [MessagePort & { unref(): void }, NodePort]
  const worker = new Worker(new URL('fold.mjs', import.meta.url), { workerData: given, transferList: [given] })
  serveStore(store, served)
  served.unref()
  const owed = new Map<number, Owed>()
  let alive = true
  let begin = (): void => {}
  let fail: (error: unknown) => void = () => {}
  const begun = new Promise<void>((resolve, reject) => ([begin, fail] = [resolve, reject]))
  begun.catch(() => {})

  const settle = (call: number): Owed | undefined => {
    const one = owed.get(call)
    owed.delete(call)
    return one
  }
  const end = (why: string, cause?: unknown): void => {
    if (!alive) return
    alive = false
    const error = new StudioError({ code: 'worker-lost', message: `missing answer; the thread for folds ${why}`, cause })
    fail(error)
    for (const { reject } of owed.values()) reject(error)
    owed.clear()
    served.close()
    void worker.terminate()
  }
  worker.on('error', (error) => end(`failed: ${error instanceof Error ? error.message : String(error)}`, error))
  worker.on('exit', () => end('ended'))
  worker.on('message', (said: FromThread) => {
    if ('ready' in said) begin()
    else if ('save' in said) void owed.get(said.call)?.savepoint?.save(...said.state).then((kept) => post({ saved: said.save, kept }))
    else if ('answer' in said) settle(said.call)?.resolve(said.answer)
    else settle(said.call)?.reject(fromPlain(said.error))
  })
  // After its listeners, which hold it again.
  worker.unref()
  const post = (message: ToThread): void => worker.postMessage(message)

  return {
    get alive() {
      return alive
    },
    ready: () => begun,
    run: (call, _task, input, _onProgress, savepoint) =>
      new Promise((resolve, reject) => {
        if (!alive) return reject(new StudioError({ code: 'worker-lost', message: 'missing answer; the thread for folds ended' }))
        owed.set(call, { resolve, reject, savepoint })
        post({ call, input, left: savepoint?.left })
      }),
    abandon: (call) => post({ cancel: call }),
    // Nothing pauses a command but the shell, and that holds all threads.
    hold: () => {},
    end: () => end('was ended'),
  }
}
