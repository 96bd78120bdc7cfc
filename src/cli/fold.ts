/** A thread of the terminal for folds: the task of the page's workers, over the records of the command. */
import { parentPort, workerData } from 'node:worker_threads'
import { savepointOver, type FitState, type Savepoint } from '../core/savepoint.ts'
import { toPlain } from '../core/wire-error.ts'
import { remoteStore } from '../storage/remote-store.ts'
import { fold } from '../tasks/fold.ts'
import type { FromThread, ToThread } from './fold-seat.ts'
import { terminalContext, terminalHost } from './host.ts'

const store = remoteStore(workerData as MessagePort)
const calls = new Map<number, AbortController>()
const post = (message: FromThread, moved: ArrayBuffer[] = []): void => parentPort?.postMessage(message, moved)

const saving = new Map<number, (kept: boolean) => void>()
let saves = 0
const savepoint = (call: number, left: readonly FitState[]): Savepoint =>
  savepointOver(
    left,
    (...state) =>
      new Promise((resolve) => {
        saving.set(++saves, resolve)
        post({ call, save: saves, state })
      }),
    () => performance.now(),
  )

async function work(call: number, input: Parameters<typeof fold>[0], left: readonly FitState[] | undefined): Promise<void> {
  const cancel = new AbortController()
  calls.set(call, cancel)
  try {
    const answer = await fold(input, { ...terminalHost({ ...terminalContext(cancel.signal, () => {}, 1), ...(left && { savepoint: savepoint(call, left) }) }), store })
    post({ call, answer }, [answer.numbers.buffer as ArrayBuffer])
  } catch (error) {
    post({ call, error: toPlain(error) })
  } finally {
    calls.delete(call)
  }
}
parentPort?.on('message', (said: ToThread) => {
  if ('cancel' in said) calls.get(said.cancel)?.abort()
  else if ('saved' in said) {
    saving.get(said.saved)?.(said.kept)
    saving.delete(said.saved)
  } else void work(said.call, said.input, said.left)
})
post({ ready: true })
