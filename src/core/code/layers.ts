/**
 * A network as a TensorFlow.js layers model: model.json and one file of weights, which plain tfjs loads. It takes the
 * features that the recipe prepares. An estimator offers it by `toLayers`.
 */
import type { Json } from '../recipe/step.ts'

export interface LayerWeights {
  /** As Keras calls it: kernel, bias. */
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array
}
export interface Layer {
  /** Keras' class: Dense, Conv2D, MaxPooling2D, Flatten ... */
  readonly className: string
  /** Its settings, name apart. */
  readonly config: { readonly [key: string]: Json }
  readonly weights: readonly LayerWeights[]
}
export interface LayersModel {
  /** Without the batch. */
  readonly inputShape: readonly number[]
  readonly layers: readonly Layer[]
}
export interface LayersFiles {
  readonly json: string
  readonly weights: Uint8Array<ArrayBuffer>
}

/** @param weightsPath how model.json calls the other file, beside it */
export function layersFiles({ inputShape, layers }: LayersModel, weightsPath: string): LayersFiles {
  const named = layers.map((layer, i) => ({ ...layer, name: `${layer.className.toLowerCase()}_${i}` }))
  const weights = named.flatMap(({ name, weights: own }) => own.map((weight) => ({ ...weight, name: `${name}/${weight.name}` })))
  const topology = {
    class_name: 'Sequential',
    config: {
      name: 'glasshouse',
      layers: named.map(({ className, name, config }, i) => ({ class_name: className, config: { name, trainable: true, dtype: 'float32', ...(i === 0 ? { batch_input_shape: [null, ...inputShape] } : {}), ...config } })),
    },
  }
  const bytes = new Uint8Array(weights.reduce((sum, { values }) => sum + values.byteLength, 0))
  let at = 0
  for (const { values } of weights) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += values.byteLength
  }
  const json = {
    format: 'layers-model',
    generatedBy: 'Glasshouse',
    convertedBy: null,
    modelTopology: { keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js', model_config: topology },
    weightsManifest: [{ paths: [weightsPath], weights: weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })) }],
  }
  return { json: `${JSON.stringify(json, null, 1)}\n`, weights: bytes }
}
