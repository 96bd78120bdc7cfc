/**
 * The right to write to one project: a Web Lock keeps tabs apart, a growing token in the database makes
 * sure of it, and a channel tells the loser at once. A tab without the lock reads; it may take over.
 */
import { asStudioError } from '../core/errors.ts'
import { takeOver } from './projects.ts'
import { eraseOldRuns, markInterrupted } from './runs.ts'
import type { Store } from './port.ts'

export interface WriterRight {
  readonly token: number
  release(): void
}
export interface WriterOptions {
  /** Take the right from whoever has it. */
  readonly steal: boolean
  /** Called once when another tab took over; nothing may be written after it, and nothing will be. */
  readonly onLost: () => void
}
/** What of the browser is needed; tests bring their own. */
export interface LockHost {
  readonly locks: Pick<LockManager, 'request'> | undefined
  readonly channel: (name: string) => BroadcastChannel | undefined
}

const browserHost: LockHost = {
  get locks() {
    return (globalThis.navigator as { locks?: LockManager } | undefined)?.locks
  },
  channel: (name) => (typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel(name)),
}

/** Holds the lock until released. @returns null where another holds it and `steal` is false */
function hold(locks: Pick<LockManager, 'request'>, name: string, steal: boolean, onLost: () => void): Promise<(() => void) | null> {
  return new Promise((resolve, reject) => {
    let released = false
    let granted = false
    const request = locks.request(name, steal ? { steal: true } : { ifAvailable: true }, (lock) => {
      if (!lock) {
        resolve(null)
        return undefined
      }
      granted = true
      return new Promise<void>((done) =>
        resolve(() => {
          released = true
          done()
        }),
      )
    })
    // A stolen lock rejects the request of the one who held it.
    request.catch((error: unknown) => {
      if (!granted) reject(asStudioError(error))
      else if (!released) onLost()
    })
  })
}

/**
 * Becomes the project's writer, marks what a dead writer left as running, and returns the token that
 * every write must carry.
 * @returns null where another tab is the writer and `steal` is false, or took over meanwhile
 */
export async function openWriter(store: Store, projectId: string, options: WriterOptions, host: LockHost = browserHost): Promise<WriterRight | null> {
  let over = false
  let token = 0
  const channel = host.channel('glasshouse-writers')
  const lose = (): void => {
    if (over) return
    over = true
    channel?.close()
    options.onLost()
  }
  const release = host.locks ? await hold(host.locks, `project:${projectId}`, options.steal, lose) : () => {}
  if (!release) {
    channel?.close()
    return null
  }
  const end = (): void => {
    over = true
    channel?.close()
    release()
  }
  try {
    token = await takeOver(store, projectId)
    await markInterrupted(store, projectId, token)
    // It is tried again next time; what cannot be erased keeps nobody out.
    await eraseOldRuns(store, projectId, token).catch((error: unknown) => {
      if (asStudioError(error).code === 'read-only') throw error
    })
  } catch (error) {
    end()
    // Taken over while still becoming the writer.
    if (asStudioError(error).code === 'read-only') return null
    throw error
  }
  if (over) return null
  // Only a hint: the token in the database decides.
  channel?.addEventListener('message', (event: MessageEvent<unknown>) => {
    const hint = event.data as { projectId?: unknown; token?: unknown } | null
    if (hint?.projectId === projectId && typeof hint.token === 'number' && hint.token > token) {
      lose()
      release()
    }
  })
  channel?.postMessage({ projectId, token })
  return { token, release: end }
}
