/**
 * MobileNetV2 (Sandler et al. 2018) cut after its twelfth block: 224 x 224 RGB in, 96 numbers out, each the mean of one
 * map of block_12_add. Weights: nsfwjs 4.3.0 (MIT, Infinite Red, Inc.), an ImageNet network trained further on pictures of
 * a content filter; the later blocks know that topic only and are left out. test/golden/cut-backbone.mjs says how the file was made; its
 * SHA-256 is f5aa4048b3dcd8f54d7e96fa527e30a5e03e1f0e440324086498abb9b60ded73.
 */
import { StudioError } from '../../errors.ts'
import type { GraphBuilder } from '../../onnx/graph.ts'

export const backboneSide = 224
export const backboneSize = 96
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

interface Weights {
  readonly shape: readonly number[]
  readonly values: Float64Array
}

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
      found.set(name, { shape, values: Float64Array.from(bytes.subarray(at, at + size), (value) => Math.fround(value * scale + min)) })
      at += size
    }
    return found
  } catch (cause) {
    throw new StudioError({ code: 'bundle-mismatch', message: `invalid backbone; its file cannot be read: ${bytes.length} bytes`, cause })
  }
}

const epsilon = 1e-3

/**
 * @param input a float tensor [N, 3, 224, 224], 0 to 1
 * @returns a float tensor [N, 96]
 */
export function backboneNodes(graph: GraphBuilder, input: string, bytes: Uint8Array): string {
  const weights = readWeights(bytes)
  const get = (name: string): Weights => {
    const found = weights.get(name)
    if (!found) throw new StudioError({ code: 'bundle-mismatch', message: `missing weights in the backbone's file: ${name}` })
    return found
  }
  /** A convolution with the batch normalisation that follows it folded in, then clipped to [0, 6] where asked. */
  const convolution = (x: string, layer: string, norm: string, options: { depthwise?: boolean; stride?: number; clip?: boolean }): string => {
    const { depthwise = false, stride = 1, clip = true } = options
    const { shape, values } = get(`${layer}/${depthwise ? 'depthwise_kernel' : 'kernel'}`)
    const [kh, kw, inputs, outputs] = shape as [number, number, number, number]
    const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((part) => get(`${norm}/${part}`).values) as [Float64Array, Float64Array, Float64Array, Float64Array]
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
    const made = graph.node('Conv', [x, graph.floats(`${layer}_w`, folded, [channels, within, kh, kw]), graph.floats(`${layer}_b`, bias)], {
      kernel_shape: { kind: 'ints', value: [kh, kw] },
      strides: { kind: 'ints', value: [stride, stride] },
      pads: { kind: 'ints', value: pads },
      group: { kind: 'int', value: depthwise ? inputs : 1 },
    })
    return clip ? graph.node('Clip', [made, graph.floats('low', [0], []), graph.floats('high', [6], [])]) : made
  }
  let x = convolution(input, 'Conv1', 'bn_Conv1', { stride: 2 })
  const block = (name: string, stride: number, adds: boolean): void => {
    const wide = name === 'expanded_conv' ? x : convolution(x, `${name}_expand`, `${name}_expand_BN`, {})
    const deep = convolution(wide, `${name}_depthwise`, `${name}_depthwise_BN`, { depthwise: true, stride })
    const thin = convolution(deep, `${name}_project`, `${name}_project_BN`, { clip: false })
    x = adds ? graph.node('Add', [x, thin]) : thin
  }
  block('expanded_conv', 1, false)
  const strided = new Set([1, 3, 6])
  const widened = new Set([1, 3, 6, 10])
  for (let i = 1; i <= 12; i++) block(`block_${i}`, strided.has(i) ? 2 : 1, !widened.has(i))
  return graph.node('ReduceMean', [x], { axes: { kind: 'ints', value: [2, 3] }, keepdims: { kind: 'int', value: 0 } })
}
