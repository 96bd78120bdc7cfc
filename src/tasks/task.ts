/**
 * A task handler joins core and storage for one entry of the TaskMap. Handlers run in workers and, over
 * the memory store, in plain Node tests; they never touch the page.
 */
import type { Context } from '../core/context.ts'
import type { TaskMap, TaskName } from '../jobs/protocol.ts'
import type { Store } from '../storage/port.ts'
import type { OpenPicture } from './open-picture.ts'
import type { OnnxRunner } from '../core/onnx/runner.ts'
import type { FoldPool } from '../core/run/fold.ts'
import type { CheckpointOf, CheckpointPort } from '../core/run/keeper.ts'

export interface Host {
  readonly store: Store
  readonly context: Context
  /** The records outlive this worker, though not the tab where they are in memory: a run keeps how far it came. */
  readonly outlived?: boolean
  /** Keeps how far runs come elsewhere than in the records. */
  readonly openCheckpoint?: (of: CheckpointOf) => Promise<{ readonly port: CheckpointPort; readonly refused?: string }>
  /** App version, browser and number of usable threads, for the run record. */
  readonly environment: { readonly app: string; readonly userAgent: string; readonly threads: number }
  /** Decodes pictures; default: the browser's own. */
  readonly openPicture?: OpenPicture
  /** ONNX Runtime; default: the one for workers. */
  readonly openRunner?: (context: Context) => Promise<OnnxRunner>
  /** Workers beside this one that do folds of a dataset, where there are cores for them; they end with this worker. */
  readonly openPool?: (datasetId: string, here: FoldPool['fold']) => FoldPool
}
export type TaskHandler<N extends TaskName> = (input: TaskMap[N]['input'], host: Host) => Promise<TaskMap[N]['output']>
