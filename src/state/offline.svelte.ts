/** Whether the studio works without a network yet, and whether a newer version waits. */
import { trustedScriptUrl } from '../jobs/script-url.ts'

export type OfflineStatus =
  | { readonly kind: 'unsupported'; readonly reason: string }
  | { readonly kind: 'starting' }
  | { readonly kind: 'warming'; readonly done: number; readonly total: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string }

type WorkerMessage = { kind: 'warming'; done: number; total: number } | { kind: 'ready' } | { kind: 'failed'; text: string }

export class OfflineState {
  #status = $state.raw<OfflineStatus>({ kind: 'starting' })
  #waiting = $state.raw<ServiceWorker | undefined>(undefined)

  get status(): OfflineStatus {
    return this.#status
  }
  /** A newer version is installed and waits for this page's word. */
  get updateWaiting(): boolean {
    return this.#waiting !== undefined
  }

  /** Registers the service worker and, once the page is idle, has it fetch the heavy files too. */
  async start(): Promise<void> {
    const container = navigator.serviceWorker as ServiceWorkerContainer | undefined
    if (!container) return this.#set({ kind: 'unsupported', reason: 'this browser window keeps no offline copy' })
    container.addEventListener('message', (event: MessageEvent<WorkerMessage>) => this.#hear(event.data))
    try {
      const registration = await container.register(trustedScriptUrl('service-worker.js'), { type: 'module', updateViaCache: 'none' })
      this.#watch(registration)
      const active = (await container.ready).active
      if ('requestIdleCallback' in globalThis) requestIdleCallback(() => active?.postMessage('warm'), { timeout: 3000 })
      else setTimeout(() => active?.postMessage('warm'), 500)
    } catch (error) {
      this.#set({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
    }
  }

  /** Moves to the new version. The caller has made sure that nothing runs and nothing is unsaved. */
  update(): void {
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
    this.#waiting?.postMessage('activate')
  }

  #watch(registration: ServiceWorkerRegistration): void {
    const note = (worker: ServiceWorker | null) => {
      if (worker && navigator.serviceWorker.controller) this.#waiting = worker
    }
    note(registration.waiting)
    registration.addEventListener('updatefound', () => {
      const installing = registration.installing
      installing?.addEventListener('statechange', () => installing.state === 'installed' && note(installing))
    })
  }

  #hear(message: WorkerMessage): void {
    if (message.kind === 'failed') this.#set({ kind: 'failed', reason: message.text })
    else this.#set(message)
  }

  #set(status: OfflineStatus): void {
    this.#status = status
  }
}
