/** Addresses of the bytes that core asks for by name (core/context); the build gives each a hashed file. */
import boosting from '../src/kernels/boosting.wasm?url'
import tfjsWasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url'
import tfjsWasmSimd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url'
import onnxruntime from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import type { AssetName } from '../src/core/context.ts'

export const assetUrls: Readonly<Record<AssetName, string>> = {
  'boosting.wasm': boosting,
  'tfjs-backend-wasm.wasm': tfjsWasm,
  'tfjs-backend-wasm-simd.wasm': tfjsWasmSimd,
  'onnxruntime-wasm': onnxruntime,
}
