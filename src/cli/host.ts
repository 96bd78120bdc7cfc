/**
 * The place where the studio's tasks run here: Node's clock and yields, the kernels as files, ONNX Runtime,
 * and records in memory. The tasks themselves are those of the page.
 */
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { AssetName, Context, Progress } from '../core/context.ts'
import { cancelled, StudioError } from '../core/errors.ts'
import type { OnnxRunner } from '../core/onnx/runner.ts'
import { type EndingFoldPool, foldPool } from '../jobs/fold-pool.ts'
import { createMemoryStore } from '../storage/memory-store.ts'
import type { Host } from '../tasks/task.ts'
import { foldSeat } from './fold-seat.ts'
import { type EndingCrew, helpersOf } from './helpers.ts'
import { openPictureHere } from './open-picture.ts'
import { appVersion } from './version.ts'

const yieldEveryMs = 16
/** The build puts the files beside the script under these names. */
const assetAddress = (name: AssetName): URL => new URL(name === 'onnxruntime-wasm' ? 'ort-wasm-simd-threaded.wasm' : name, import.meta.url)

export interface TerminalContext extends Context {
  readonly crew?: EndingCrew
}

/** @param threads that one job may use; default all of the machine's */
export function terminalContext(signal: AbortSignal, report: (progress: Progress) => void, threads = availableParallelism()): TerminalContext {
  const crew = helpersOf(threads)
  let yieldedAt = performance.now()
  return {
    ...(crew && { crew }),
    signal,
    now: () => performance.now(),
    report,
    async checkpoint() {
      if (performance.now() - yieldedAt >= yieldEveryMs) {
        await new Promise<void>((resolve) => setImmediate(resolve))
        yieldedAt = performance.now()
      }
      if (signal.aborted) throw cancelled(signal.reason)
    },
    stopping: () => false,
    async asset(name) {
      try {
        const bytes = await readFile(assetAddress(name))
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
      } catch (cause) {
        throw new StudioError({ code: 'unsupported', message: `missing asset; this build has none of that name: ${name}`, cause })
      }
    },
    assetUrl: (name) => assetAddress(name).href,
  }
}

/**
 * ONNX Runtime: the native one where the package onnxruntime-node is installed, else the one in WebAssembly
 * that this build brings along and that the page uses.
 */
export async function openRunner(context: Context): Promise<OnnxRunner> {
  try {
    return (await import('../core/onnx/runner-node.ts')).nodeRunner()
  } catch {
    return (await import('../core/onnx/runner-web.ts')).webRunner(context, 'bytes')
  }
}

export interface TerminalHost extends Host {
  /** Ends the threads for folds and for kernels, which in a program that lives on would stay with all that they read. Later work starts others. */
  endThreads(): void
}

export function terminalHost(context: TerminalContext): TerminalHost {
  // Threads read it through ports.
  const store = createMemoryStore({ patient: true })
  const threads = context.crew?.threads ?? 1
  const pools = new Set<EndingFoldPool>()
  return {
    store,
    context,
    environment: { app: appVersion, userAgent: `node ${process.versions.node}`, threads },
    openRunner,
    openPicture: openPictureHere,
    ...(threads > 1 && {
      openPool: (datasetId, here) => {
        const pool = foldPool({ lanes: threads, datasetId, here, start: () => foldSeat(store) })
        pools.add(pool)
        return pool
      },
    }),
    endThreads() {
      for (const pool of pools) pool.end()
      pools.clear()
      context.crew?.end()
    },
  }
}
