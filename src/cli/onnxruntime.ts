/**
 * ONNX Runtime in WebAssembly under the names that a bundle's server asks of onnxruntime-node, for machines
 * without the native package. One thread: answers repeat.
 */
import { readFileSync } from 'node:fs'
import * as ort from 'onnxruntime-web/wasm'

ort.env.wasm.numThreads = 1
ort.env.wasm.wasmBinary = readFileSync(new URL('ort-wasm-simd-threaded.wasm', import.meta.url))

export const { InferenceSession, Tensor, env } = ort
