/** The plain twin of assembly/shared/convolution.ts: it defines what the compiled kernels mean. */
import type { ConvolutionKernels } from './neural.ts'

const f = Math.fround

export function plainConvolutionKernels(buffer: ArrayBuffer): ConvolutionKernels {
  const f32 = new Float32Array(buffer)
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
  /** The four places of each 2 x 2 block and the place of what it becomes, channel by channel. */
  function eachBlock(height: number, width: number, channels: number, visit: (places: readonly [number, number, number, number], pooled: number) => void): void {
    let pooled = 0
    for (let y = 0; y + 2 <= height; y += 2) {
      for (let x = 0; x + 2 <= width; x += 2) {
        for (let c = 0; c < channels; c++, pooled++) {
          const first = (y * width + x) * channels + c
          visit([first, first + channels, first + width * channels, first + (width + 1) * channels], pooled)
        }
      }
    }
  }
  return {
    unfold(image, height, width, channels, kernelHeight, kernelWidth, out) {
      const [from, to] = [image >>> 2, out >>> 2]
      eachWindowRow(height, width, channels, kernelHeight, kernelWidth, (at, window, floats) => f32.copyWithin(to + window, from + at, from + at + floats))
    },
    fold(windows, height, width, channels, kernelHeight, kernelWidth, image) {
      const [from, to] = [windows >>> 2, image >>> 2]
      eachWindowRow(height, width, channels, kernelHeight, kernelWidth, (at, window, floats) => {
        for (let i = 0; i < floats; i++) f32[to + at + i] = (f32[to + at + i] as number) + (f32[from + window + i] as number)
      })
    },
    maxPool(image, height, width, channels, out) {
      const [from, to] = [image >>> 2, out >>> 2]
      eachBlock(height, width, channels, (places, pooled) => (f32[to + pooled] = Math.max(...places.map((place) => f32[from + place] as number))))
    },
    unpool(image, height, width, channels, pooled, slopes, delta) {
      const [from, top, slope, to] = [image >>> 2, pooled >>> 2, slopes >>> 2, delta >>> 2]
      f32.fill(0, to, to + height * width * channels)
      eachBlock(height, width, channels, (places, at) => {
        const first = places.find((place) => f32[from + place] === f32[top + at])
        if (first !== undefined) f32[to + first] = f(f32[slope + at] as number)
      })
    },
  }
}
