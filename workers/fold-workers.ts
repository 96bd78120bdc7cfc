/** A worker's own pool: more workers of the same script, over the same records. */
import { foldPool } from '../src/jobs/fold-pool.ts'
import type { WorkerSetup } from '../src/jobs/protocol.ts'
import { trustedScriptUrl } from '../src/jobs/script-url.ts'
import { defaultLimits, WorkerSeat } from '../src/jobs/worker-seat.ts'
import type { Store } from '../src/storage/port.ts'
import { serveStore } from '../src/storage/remote-store.ts'
import type { Host } from '../src/tasks/task.ts'

/** @param bare the store as it is, for lending where it is in memory. @returns undefined where there is no core to spare */
export function foldWorkers({ app, storage }: WorkerSetup, bare: Store, cores: number): Host['openPool'] {
  if (cores < 2) return undefined
  const port = (): MessagePort => {
    const { port1, port2 } = new MessageChannel()
    serveStore(bare, port1)
    return port2
  }
  const start = (): WorkerSeat =>
    new WorkerSeat('fold', new Worker(trustedScriptUrl(self.location.href), { type: 'module', name: 'fold' }), { app, storage, cores: 1, ...(storage === 'memory' ? { port: port() } : {}) }, defaultLimits)
  return (datasetId, here) => foldPool({ lanes: cores, datasetId, here, start })
}
