/** A Context for Node tests and benches: real clock, real yields, kernels read from where the build put them. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { cancelled, StudioError } from '../../src/core/errors.ts'
import type { AssetName, Context } from '../../src/core/context.ts'

const kernels = new URL('../../src/kernels/', import.meta.url)
const yieldEveryMs = 16

/** @param overrides replace any member, for instance `signal` or `report` */
export function nodeContext(overrides: Partial<Context> = {}): Context {
  const signal = overrides.signal ?? new AbortController().signal
  let yieldedAt = performance.now()
  return {
    signal,
    now: () => performance.now(),
    report: () => {},
    async checkpoint() {
      if (performance.now() - yieldedAt >= yieldEveryMs) {
        await new Promise<void>((resolve) => setImmediate(resolve))
        yieldedAt = performance.now()
      }
      if (signal.aborted) throw cancelled(signal.reason)
    },
    stopping: () => false,
    async asset(name: AssetName) {
      try {
        const elsewhere = new Map<AssetName, string>([
          ['mobilenet-v2.bin', '../../src/core/images/backbone/mobilenet-v2.bin'],
          ['onnxruntime-wasm', '../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'],
        ])
        const bytes = await readFile(new URL(elsewhere.get(name) ?? name, elsewhere.has(name) ? import.meta.url : kernels))
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
      } catch (cause) {
        throw new StudioError({ code: 'unsupported', message: `missing asset; npm run kernels makes those of src/kernels: ${name}`, cause })
      }
    },
    assetUrl: (name) => fileURLToPath(new URL(name, kernels)),
    ...overrides,
  }
}
