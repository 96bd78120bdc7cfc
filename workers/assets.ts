/** Addresses of the bytes that core asks for by name (core/context); the build gives each a hashed file. */
import boosting from '../src/kernels/boosting.wasm?url'
import boostingShared from '../src/kernels/boosting-shared.wasm?url'
import neighbours from '../src/kernels/neighbours.wasm?url'
import neural from '../src/kernels/neural.wasm?url'
import neuralShared from '../src/kernels/neural-shared.wasm?url'
import moments from '../src/kernels/moments.wasm?url'
import forest from '../src/kernels/forest.wasm?url'
import trees from '../src/kernels/trees.wasm?url'
import onnxruntime from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import backbone from '../src/core/images/backbone/mobilenet-v2.bin?url'
import type { AssetName } from '../src/core/context.ts'

export const assetUrls: Readonly<Record<AssetName, string>> = {
  'boosting.wasm': boosting,
  'boosting-shared.wasm': boostingShared,
  'neighbours.wasm': neighbours,
  'neural.wasm': neural,
  'neural-shared.wasm': neuralShared,
  'forest.wasm': forest,
  'moments.wasm': moments,
  'trees.wasm': trees,
  'onnxruntime-wasm': onnxruntime,
  'mobilenet-v2.bin': backbone,
}
