/** The plain twin of assembly/shared/convolution.ts: it defines what the compiled kernels mean. */
import { eachBlock, plainFrames } from './frame-plain.ts'
import type { ConvolutionKernels, NeuralKernels } from './neural.ts'

const f = Math.fround

export function plainConvolutionKernels(buffer: ArrayBuffer, multiply: NeuralKernels['multiply']): ConvolutionKernels {
  const f32 = new Float32Array(buffer)
  const frames = plainFrames(buffer)
  /** Calls back with the offset of each row of each window, in the order in which windows lie. */
  function eachWindowRow(height: number, width: number, channels: number, kernelHeight: number, kernelWidth: number, visit: (image: number, window: number, floats: number) => void): void {
    const floats = kernelWidth * channels
    let window = 0
    for (let y = 0; y + kernelHeight <= height; y++) {
      for (let x = 0; x + kernelWidth <= width; x++) {
        for (let ky = 0; ky < kernelHeight; ky++, window += floats) visit(((y + ky) * width + x) * channels, window, floats)
      }
    }
  }
  const unfold: ConvolutionKernels['unfold'] = (image, height, width, channels, kernelHeight, kernelWidth, out) => {
    const [from, to] = [image >>> 2, out >>> 2]
    eachWindowRow(height, width, channels, kernelHeight, kernelWidth, (at, window, floats) => f32.copyWithin(to + window, from + at, from + at + floats))
  }
  const fold: ConvolutionKernels['fold'] = (windows, height, width, channels, kernelHeight, kernelWidth, image) => {
    const [from, to] = [windows >>> 2, image >>> 2]
    eachWindowRow(height, width, channels, kernelHeight, kernelWidth, (at, window, floats) => {
      for (let i = 0; i < floats; i++) f32[to + at + i] = (f32[to + at + i] as number) + (f32[from + window + i] as number)
    })
  }
  const sizes = (height: number, width: number, channels: number, size: number, sides: number, filters: number) => {
    const [high, wide, window] = [height + sides, width + sides, size * size * channels]
    const positions = (high - size + 1) * (wide - size + 1)
    return { high, wide, window, positions, windowBytes: window * 4, rowBytes: filters * 4, outBytes: positions * filters * 4 }
  }
  return {
    unfold,
    fold,
    convolve(image, images, height, width, channels, size, before, behind, weights, filters, out, scratch) {
      const { high, wide, window, positions, windowBytes, rowBytes, outBytes } = sizes(height, width, channels, size, before + behind, filters)
      for (let i = 0; i < images; i++) {
        unfold(frames.enter(image, i, height, width, channels, before, behind, scratch + positions * windowBytes), high, wide, channels, size, size, scratch)
        multiply(scratch, windowBytes, 4, weights, rowBytes, out + i * outBytes, rowBytes, weights + window * rowBytes, 0, positions, filters, window)
      }
    },
    convolveWeightSlopes(image, images, height, width, channels, size, before, behind, delta, filters, gradient, scratch) {
      const { high, wide, window, positions, windowBytes, rowBytes, outBytes } = sizes(height, width, channels, size, before + behind, filters)
      for (let i = 0; i < images; i++) {
        unfold(frames.enter(image, i, height, width, channels, before, behind, scratch + positions * windowBytes), high, wide, channels, size, size, scratch)
        multiply(scratch, 4, windowBytes, delta + i * outBytes, rowBytes, gradient, rowBytes, i === 0 ? 0 : gradient, rowBytes, window, filters, positions)
      }
    },
    convolveImageSlopes(delta, images, height, width, channels, size, before, behind, turned, filters, real, imageDelta, scratch) {
      const { high, wide, window, positions, windowBytes, rowBytes, outBytes } = sizes(height, width, channels, size, before + behind, filters)
      for (let i = 0; i < images; i++) {
        multiply(delta + i * outBytes, rowBytes, 4, turned, windowBytes, scratch, windowBytes, 0, 0, positions, window, real)
        frames.collect(imageDelta, i, height, width, channels, before, behind, scratch + positions * windowBytes, (framed) => fold(scratch, high, wide, channels, size, size, framed))
      }
    },
    maxPool(image, images, height, width, channels, out) {
      const [from, to] = [image >>> 2, out >>> 2]
      eachBlock(images, height, width, channels, (places, pooled) => (f32[to + pooled] = Math.max(...places.map((place) => f32[from + place] as number))))
    },
    unpool(image, images, height, width, channels, pooled, slopes, delta) {
      const [from, top, slope, to] = [image >>> 2, pooled >>> 2, slopes >>> 2, delta >>> 2]
      f32.fill(0, to, to + images * height * width * channels)
      eachBlock(images, height, width, channels, (places, at) => {
        const first = places.find((place) => f32[from + place] === f32[top + at])
        if (first !== undefined) f32[to + first] = f(f32[slope + at] as number)
      })
    },
  }
}
