/**
 * MobileNetV2 (Sandler et al. 2018) cut after its twelfth block: 224 x 224 RGB in, 96 numbers out, each the mean of one
 * map of block_12_add. Weights: nsfwjs 4.3.0 (MIT, Infinite Red, Inc.), an ImageNet network trained further on pictures of
 * a content filter; the later blocks know that topic only and are left out. test/golden/cut-backbone.mjs says how the file was made; its
 * SHA-256 is f5aa4048b3dcd8f54d7e96fa527e30a5e03e1f0e440324086498abb9b60ded73.
 */
import type { Layer } from '../../code/layers.ts'
import { StudioError } from '../../errors.ts'
import type { GraphBuilder, OnnxAttribute } from '../../onnx/graph.ts'

export const backboneSide = 224
export const backboneSize = 96
/** Of its file. */
export const backboneBytes = 580_014
export const backboneCredit = {
  name: 'MobileNetV2, blocks 1 to 12',
  source: 'nsfwjs 4.3.0 by Infinite Red, Inc.',
  licence: 'MIT',
  note: 'Trained on ImageNet, then on pictures of a content filter; only its general, earlier layers are used.',
} as const

/** Goes wherever the weights go. */
export const backboneLicence = `MobileNetV2 weights of nsfwjs 4.3.0, cut after block 12 (https://github.com/infinitered/nsfwjs)

MIT License

Copyright (c) 2019 Infinite Red, Inc.

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`

/** As they are stored: byte x scale + min. */
interface Weights {
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
  readonly scale: number
  readonly min: number
}
const valuesOf = ({ bytes, scale, min }: Weights): Float64Array => Float64Array.from(bytes, (value) => Math.fround(value * scale + min))

/** @throws StudioError bundle-mismatch where the bytes are not the backbone's file */
export function readWeights(bytes: Uint8Array): ReadonlyMap<string, Weights> {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = 4 + view.getUint32(0, true)
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, at))) as readonly { name: string; shape: number[]; min: number; scale: number }[]
    const found = new Map<string, Weights>()
    for (const { name, shape, min, scale } of header) {
      const size = shape.reduce((product, side) => product * side, 1)
      if (at + size > bytes.length) throw new RangeError('it ends too early')
      found.set(name, { shape, bytes: bytes.subarray(at, at + size), scale, min })
      at += size
    }
    return found
  } catch (cause) {
    throw new StudioError({ code: 'bundle-mismatch', message: `invalid backbone; its file cannot be read: ${bytes.length} bytes`, cause })
  }
}

const epsilon = 1e-3

function weightsNamed(bytes: Uint8Array): (name: string) => Weights {
  const weights = readWeights(bytes)
  return (name) => {
    const found = weights.get(name)
    if (!found) throw new StudioError({ code: 'bundle-mismatch', message: `missing weights in the backbone's file: ${name}` })
    return found
  }
}

interface Convolution {
  readonly layer: string
  readonly norm: string
  readonly depthwise?: boolean
  readonly stride?: number
  /** To [0, 6]. */
  readonly clip?: boolean
}
/** Each block in order: widen, look around, make thin again; and whether what came in is added. */
const blocks: readonly { readonly convolutions: readonly Convolution[]; readonly adds: boolean }[] = Array.from({ length: 13 }, (_, i) => {
  const name = i === 0 ? 'expanded_conv' : `block_${i}`
  const part = (what: string, options: Partial<Convolution>): Convolution => ({ layer: `${name}_${what}`, norm: `${name}_${what}_BN`, clip: true, ...options })
  return {
    convolutions: [...(i === 0 ? [] : [part('expand', {})]), part('depthwise', { depthwise: true, stride: [1, 3, 6].includes(i) ? 2 : 1 }), part('project', { clip: false })],
    adds: ![0, 1, 3, 6, 10].includes(i),
  }
})
const first: Convolution = { layer: 'Conv1', norm: 'bn_Conv1', stride: 2, clip: true }

/** A convolution as it stands in a graph. */
export interface WrittenConvolution {
  readonly weights: string
  readonly window: Readonly<Record<string, OnnxAttribute>>
  /** What comes out, in [0, 6] where it is clipped. */
  readonly output: string
  readonly clip: boolean
}
/** In the order of the way forward. */
export interface WrittenBlock {
  readonly convolutions: readonly WrittenConvolution[]
  readonly adds: boolean
}

/**
 * @param input a float tensor [N, 3, 224, 224], 0 to 1
 * @param written is told every block: the way back needs them
 * @returns a float tensor [N, 96, 14, 14]
 */
export function backboneMaps(graph: GraphBuilder, input: string, bytes: Uint8Array, written?: (block: WrittenBlock) => void): string {
  const get = weightsNamed(bytes)
  /** A convolution with the batch normalisation that follows it folded in, then clipped to [0, 6] where asked. */
  const convolution = (x: string, { layer, norm, depthwise = false, stride = 1, clip = false }: Convolution): WrittenConvolution => {
    const kernel = get(`${layer}/${depthwise ? 'depthwise_kernel' : 'kernel'}`)
    const values = valuesOf(kernel)
    const [kh, kw, inputs, outputs] = kernel.shape as [number, number, number, number]
    const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((part) => valuesOf(get(`${norm}/${part}`))) as [Float64Array, Float64Array, Float64Array, Float64Array]
    const channels = depthwise ? inputs : outputs
    const within = depthwise ? 1 : inputs
    const folded = new Float32Array(channels * within * kh * kw)
    const bias = new Float32Array(channels)
    for (let c = 0; c < channels; c++) {
      const factor = (gamma[c] as number) / Math.sqrt((variance[c] as number) + epsilon)
      bias[c] = (beta[c] as number) - (mean[c] as number) * factor
      for (let i = 0; i < within; i++) {
        for (let k = 0; k < kh * kw; k++) folded[(c * within + i) * kh * kw + k] = factor * (values[depthwise ? k * inputs + c : (k * inputs + i) * outputs + c] as number)
      }
    }
    // Strided layers are padded below and to the right only, as Keras does; the others all around.
    const pads = stride === 2 ? [0, 0, 1, 1] : new Array<number>(4).fill((kh - 1) / 2)
    const weights = graph.floats(`${layer}_w`, folded, [channels, within, kh, kw])
    const window: WrittenConvolution['window'] = {
      kernel_shape: { kind: 'ints', value: [kh, kw] },
      strides: { kind: 'ints', value: [stride, stride] },
      pads: { kind: 'ints', value: pads },
      group: { kind: 'int', value: depthwise ? inputs : 1 },
    }
    const made = graph.node('Conv', [x, weights, graph.floats(`${layer}_b`, bias)], window)
    return { weights, window, clip, output: clip ? graph.node('Clip', [made, graph.floats('low', [0], []), graph.floats('high', [6], [])]) : made }
  }
  let x = input
  for (const { convolutions, adds } of [{ convolutions: [first], adds: false }, ...blocks]) {
    const before = x
    const made = convolutions.map((each) => {
      const one = convolution(x, each)
      x = one.output
      return one
    })
    if (adds) x = graph.node('Add', [before, x])
    written?.({ convolutions: made, adds })
  }
  return x
}

/** What describes a picture: the means of its maps. @returns a float tensor [N, 96]; the rest as above */
export const backboneNodes = (graph: GraphBuilder, input: string, bytes: Uint8Array): string => graph.node('ReduceMean', [backboneMaps(graph, input, bytes)], { axes: { kind: 'ints', value: [2, 3] }, keepdims: { kind: 'int', value: 0 } })

/** The same as layers of Keras, [height, width, 3] from 0 to 1 in, its weights as they are stored. */
export function backboneLayers(bytes: Uint8Array): readonly Layer[] {
  const get = weightsNamed(bytes)
  const layers: Layer[] = []
  const add = (className: string, config: Layer['config'], weights: readonly [keras: string, stored: string][] = [], from?: readonly number[]): void =>
    void layers.push({ className, config, weights: weights.map(([name, stored]) => ({ name, shape: get(stored).shape, values: get(stored) })), ...(from && { from }) })
  const convolution = ({ layer, norm, depthwise = false, stride = 1, clip = false }: Convolution): void => {
    const kernel = `${layer}/${depthwise ? 'depthwise_kernel' : 'kernel'}`
    const [kh, kw, , outputs] = get(kernel).shape as [number, number, number, number]
    if (stride === 2) add('ZeroPadding2D', { padding: [[0, 1], [0, 1]] })
    const window = { kernel_size: [kh, kw], strides: [stride, stride], padding: stride === 2 ? 'valid' : 'same', use_bias: false, activation: 'linear' }
    if (depthwise) add('DepthwiseConv2D', { ...window, depth_multiplier: 1 }, [['depthwise_kernel', kernel]])
    else add('Conv2D', { ...window, filters: outputs }, [['kernel', kernel]])
    add('BatchNormalization', { axis: -1, momentum: 0.999, epsilon, center: true, scale: true }, ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((part) => [part, `${norm}/${part}`]))
    if (clip) add('ReLU', { max_value: 6 })
  }
  convolution(first)
  for (const { convolutions, adds } of blocks) {
    const before = layers.length - 1
    convolutions.forEach(convolution)
    if (adds) add('Add', {}, [], [before, layers.length - 1])
  }
  add('GlobalAveragePooling2D', {})
  return layers
}
