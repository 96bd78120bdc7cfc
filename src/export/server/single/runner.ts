/** ONNX Runtime in WebAssembly from the file itself: nothing to install, one thread a session, slower than the native one. */
import { gunzipSync } from 'node:zlib'
import * as ort from 'onnxruntime-web/wasm'
import { ortRunner, type Ort } from '../../../core/onnx/runner-ort.ts'
import type { OnnxRunner } from '../../../core/onnx/runner.ts'
import { data } from './data.ts'

export function nodeRunner(): OnnxRunner {
  ort.env.wasm.numThreads = 1
  ort.env.wasm.proxy = false
  const bytes = gunzipSync(Buffer.from(data.wasm, 'base64'))
  ort.env.wasm.wasmBinary = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
  return ortRunner(ort as unknown as Ort, `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`, { executionProviders: ['wasm'] })
}
