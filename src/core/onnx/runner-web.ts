/**
 * ONNX Runtime in WebAssembly on one thread, so that answers repeat and no further worker is started. Loaded
 * only when a graph is to be run. In a worker its wasm comes from our own origin; a terminal, whose files have
 * no origin, hands over the bytes.
 */
import type { Context } from '../context.ts'
import { ortRunner, type Ort } from './runner-ort.ts'
import type { OnnxRunner } from './runner.ts'

export async function webRunner(context: Context, from: 'address' | 'bytes' = 'address'): Promise<OnnxRunner> {
  const ort = await import('onnxruntime-web/wasm')
  ort.env.wasm.numThreads = 1
  ort.env.wasm.proxy = false
  if (from === 'bytes') ort.env.wasm.wasmBinary = await context.asset('onnxruntime-wasm')
  else ort.env.wasm.wasmPaths = { wasm: context.assetUrl('onnxruntime-wasm') }
  return ortRunner(ort as unknown as Ort, `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`, { executionProviders: ['wasm'] })
}
