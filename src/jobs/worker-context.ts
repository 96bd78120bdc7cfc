/** The core's context inside a worker: cancel and stop by message, real yields, assets from our own site. */
import type { AssetName, Context, Progress } from '../core/context.ts'
import { cancelled, StudioError } from '../core/errors.ts'
import type { Hold } from './hold.ts'

const yieldEveryMs = 16

/** Lets messages in: a timer would cost 4 ms each, a microtask would let nothing in. */
export function yieldToMessages(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(null)
  })
}

export interface WorkerContextInit {
  readonly signal: AbortSignal
  readonly report: (progress: Progress) => void
  readonly stopping: () => boolean
  readonly hold: Hold
  readonly assets: Readonly<Record<AssetName, string>>
  /** Called at each yield. */
  readonly breathe?: () => void
}

export function workerContext(init: WorkerContextInit): Context {
  let yieldedAt = performance.now()
  const assetUrl = (name: AssetName): string => {
    const url = init.assets[name]
    if (url === undefined) throw new StudioError({ code: 'unsupported', message: `missing asset; this build has none of that name: ${name}` })
    return url
  }
  return {
    signal: init.signal,
    now: () => performance.now() - init.hold.heldFor,
    report: init.report,
    async checkpoint() {
      if (performance.now() - yieldedAt >= yieldEveryMs) {
        init.breathe?.()
        await yieldToMessages()
        yieldedAt = performance.now()
      }
      await init.hold.released(init.signal)
      if (init.signal.aborted) throw cancelled()
    },
    stopping: init.stopping,
    held: () => init.hold.held,
    async asset(name) {
      const url = assetUrl(name)
      const response = await fetch(url, { signal: init.signal })
      if (!response.ok) throw new StudioError({ code: 'unsupported', message: `missing asset; the site answered ${response.status} for ${name}`, hint: 'Go online once, so that the studio can fetch the rest of itself.' })
      return response.arrayBuffer()
    },
    assetUrl,
  }
}
