/** What every worker entry does: opens storage when told to, and answers tasks. */
import { type LazyHandlers, serve } from '../src/jobs/host.ts'
import { openIdbStore } from '../src/storage/idb-store.ts'
import { createMemoryStore } from '../src/storage/memory-store.ts'
import { guardedStore } from '../src/storage/open-store.ts'
import type { Store } from '../src/storage/port.ts'
import { remoteStore, serveStore } from '../src/storage/remote-store.ts'
import type { Crew } from '../src/kernels/crew.ts'
import type { Host } from '../src/tasks/task.ts'
import { assetUrls } from './assets.ts'
import { foldWorkers } from './fold-workers.ts'
import { helpersOf } from './helpers.ts'

interface Started {
  readonly app: string
  /** As it is, for lending. */
  readonly bare: Store
  readonly store: Store
  readonly threads: number
  readonly crew: Crew | undefined
  readonly openPool: Host['openPool'] | undefined
}

export function serveTasks(handlers: LazyHandlers<Host>): void {
  serve<Host, Started>({
    handlers,
    assets: assetUrls,
    async start(setup) {
      const bare = setup.storage === 'indexeddb' ? await openIdbStore() : setup.port ? remoteStore(setup.port) : createMemoryStore({ patient: true })
      const cores = setup.cores ?? Math.max(1, navigator.hardwareConcurrency - 1)
      const threads = self.crossOriginIsolated ? cores : 1
      return { app: setup.app, bare, store: guardedStore(bare), threads, crew: helpersOf(threads), openPool: foldWorkers(setup, bare, cores) }
    },
    host: ({ app, store, threads, crew, openPool }, context) => ({
      store,
      outlived: true,
      context: crew ? { ...context, crew } : context,
      ...(openPool && { openPool }),
      environment: { app, userAgent: navigator.userAgent, threads },
    }),
    lend: ({ bare }, port) => serveStore(bare, port),
  })
}
