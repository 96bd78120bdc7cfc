/**
 * What a long computation is given besides its data: a way to report, to be stopped, to tell the time
 * and to fetch bytes. Chance is not here: it comes from a seed (math/rng), so a run can be repeated.
 */
import type { Crew } from '../kernels/crew.ts'
import type { FoldPool } from './run/fold.ts'
import type { Savepoint } from './savepoint.ts'

/** Progress is monotone within a phase and always ends; at most ten a second cross to the page. */
export type Progress =
  | { readonly kind: 'step'; readonly phase: string; readonly done: number; readonly total: number }
  | { readonly kind: 'curve'; readonly series: string; readonly x: number; readonly y: number }
  | { readonly kind: 'note'; readonly text: string }
  /** Rows that a model in training gets wrong: how many of how many it was asked, and some of them, the surest mistakes first. */
  | { readonly kind: 'missed'; readonly epoch: number; readonly of: number; readonly count: number; readonly rows: readonly MissedRow[] }

export interface MissedRow {
  /** Of the rows that are learnt from; outside of the fit, of the dataset. */
  readonly row: number
  /** Index of the class that it takes it for, and outside of the fit its name. */
  readonly guess: number
  readonly label?: string
  readonly probability: number
}

/** Bytes that core needs but must not fetch by itself. */
export type AssetName = 'boosting.wasm' | 'boosting-shared.wasm' | 'trees.wasm' | 'forest.wasm' | 'neural.wasm' | 'neural-shared.wasm' | 'moments.wasm' | 'neighbours.wasm' | 'onnxruntime-wasm' | 'mobilenet-v2.bin'

export interface Context {
  /** Helpers on a shared memory, where the host has them and the work may use more than one thread. They make it faster, and never other. */
  readonly crew?: Crew
  /** Where a long fit keeps how far it came, and finds what an interrupted one left. */
  readonly savepoint?: Savepoint
  /** Workers that do folds beside this one, where the host has them. */
  readonly pool?: FoldPool
  readonly signal: AbortSignal
  /** Monotonic milliseconds, for durations only; they stand still while the work is held. */
  now(): number
  report(progress: Progress): void
  /**
   * Gives cancel and pause a chance: yields to the event loop and throws `cancelled` once the signal is aborted.
   * Call it at least every 200 ms of work.
   */
  checkpoint(): Promise<void>
  /** True once the person asked to stop early and keep the best so far. */
  stopping(): boolean
  /** True while the person holds the work: the next checkpoint waits until it may go on. Absent: it never is. */
  held?(): boolean
  /** The bytes of a named asset. @throws StudioError unsupported where the host has none */
  asset(name: AssetName): Promise<ArrayBuffer>
  /** The directory or file address of a named asset, for libraries that fetch by themselves. */
  assetUrl(name: AssetName): string
}

/** A context for tests, the terminal and small jobs: no report, never stopped, no assets. */
export function quietContext(overrides: Partial<Context> = {}): Context {
  const controller = new AbortController()
  let clock = 0
  return {
    signal: controller.signal,
    now: () => ++clock,
    report: () => {},
    checkpoint: async () => {},
    stopping: () => false,
    asset: (name) => Promise.reject(new Error(`missing asset; this context serves none: ${name}`)),
    assetUrl: (name) => name,
    ...overrides,
  }
}
