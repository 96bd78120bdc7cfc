/**
 * A network as a TensorFlow.js layers model: model.json and one file of weights, which plain tfjs loads. It takes the
 * features that the recipe prepares. An estimator offers it by `toLayers`.
 */
import type { Json } from '../recipe/step.ts'

/** Numbers of 8 bits: byte x scale + min. */
export interface QuantisedNumbers {
  readonly bytes: Uint8Array
  readonly scale: number
  readonly min: number
}
export interface LayerWeights {
  /** As Keras calls it: kernel, bias. */
  readonly name: string
  readonly shape: readonly number[]
  readonly values: Float32Array | QuantisedNumbers
}
export interface Layer {
  /** Keras' class: Dense, Conv2D, MaxPooling2D, Flatten ... */
  readonly className: string
  /** Its settings, name apart. */
  readonly config: { readonly [key: string]: Json }
  readonly weights: readonly LayerWeights[]
  /** Layers that it reads, by their place; default the one before. */
  readonly from?: readonly number[]
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

type Named = Layer & { readonly name: string }

/** Layers in a row need no more than their order. */
const sequential = (inputShape: readonly number[], layers: readonly Named[]) => ({
  class_name: 'Sequential',
  config: {
    name: 'glasshouse',
    layers: layers.map(({ className, name, config }, i) => ({ class_name: className, config: { name, trainable: true, dtype: 'float32', ...(i === 0 ? { batch_input_shape: [null, ...inputShape] } : {}), ...config } })),
  },
})

function branching(inputShape: readonly number[], layers: readonly Named[]) {
  const [input, last] = ['input', layers.at(-1) as Named]
  const before = (i: number): string => layers[i]?.name ?? input
  return {
    class_name: 'Model',
    config: {
      name: 'glasshouse',
      layers: [
        { class_name: 'InputLayer', name: input, config: { name: input, batch_input_shape: [null, ...inputShape], dtype: 'float32', sparse: false }, inbound_nodes: [] },
        ...layers.map(({ className, name, config, from }, i) => ({ class_name: className, name, config: { name, trainable: true, dtype: 'float32', ...config }, inbound_nodes: [(from ?? [i - 1]).map((place) => [before(place), 0, 0, {}])] })),
      ],
      input_layers: [[input, 0, 0]],
      output_layers: [[last.name, 0, 0]],
    },
  }
}

const bytesOf = (values: LayerWeights['values']): Uint8Array => (values instanceof Float32Array ? new Uint8Array(values.buffer, values.byteOffset, values.byteLength) : values.bytes)
const storedAs = (values: LayerWeights['values']) => (values instanceof Float32Array ? {} : { quantization: { dtype: 'uint8', min: values.min, scale: values.scale, original_dtype: 'float32' } })

/** @param weightsPath how model.json calls the other file, beside it */
export function layersFiles({ inputShape, layers }: LayersModel, weightsPath: string): LayersFiles {
  const named = layers.map((layer, i) => ({ ...layer, name: `${layer.className.toLowerCase()}_${i}` }))
  const weights = named.flatMap(({ name, weights: own }) => own.map((weight) => ({ ...weight, name: `${name}/${weight.name}` })))
  const parts = weights.map(({ values }) => bytesOf(values))
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0)
  const json = {
    format: 'layers-model',
    generatedBy: 'Glasshouse',
    convertedBy: null,
    modelTopology: { keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js', model_config: (layers.some(({ from }) => from) ? branching : sequential)(inputShape, named) },
    weightsManifest: [{ paths: [weightsPath], weights: weights.map(({ name, shape, values }) => ({ name, shape, dtype: 'float32', ...storedAs(values) })) }],
  }
  return { json: `${JSON.stringify(json, null, 1)}\n`, weights: bytes }
}
