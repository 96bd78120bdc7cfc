/** Slopes by the images. Turned: the weights transposed, (filters, window), of which the first `real` rows count. Scratch as in `convolve`. */
import { multiply } from './dense'
import { copyRows, enterFrame, framedBytes } from './frame'

/**
 * Inner loops of convolution and pooling; images are channels-last (height, width, channels), channels a
 * multiple of 4 but in `unfold`. Twins: src/kernels/convolution-plain.ts.
 */

/** One row a position of the kernel: the kernel's window, row by row (im2col). Valid padding, stride 1. */
export function unfold(image: usize, height: u32, width: u32, channels: u32, kernelHeight: u32, kernelWidth: u32, out: usize): void {
  const rowBytes = (<usize>(width * channels)) << 2
  const windowBytes = (<usize>(kernelWidth * channels)) << 2
  for (let y: u32 = 0; y + kernelHeight <= height; y++) {
    for (let x: u32 = 0; x + kernelWidth <= width; x++) {
      let from = image + (<usize>y) * rowBytes + ((<usize>(x * channels)) << 2)
      for (let ky: u32 = 0; ky < kernelHeight; ky++) {
        memory.copy(out, from, windowBytes)
        out += windowBytes
        from += rowBytes
      }
    }
  }
}

/** Adds each window back where `unfold` took it from; the image holds what it holds before. */
export function fold(windows: usize, height: u32, width: u32, channels: u32, kernelHeight: u32, kernelWidth: u32, image: usize): void {
  const rowBytes = (<usize>(width * channels)) << 2
  const windowBytes = (<usize>(kernelWidth * channels)) << 2
  for (let y: u32 = 0; y + kernelHeight <= height; y++) {
    for (let x: u32 = 0; x + kernelWidth <= width; x++) {
      let to = image + (<usize>y) * rowBytes + ((<usize>(x * channels)) << 2)
      for (let ky: u32 = 0; ky < kernelHeight; ky++) {
        for (let at: usize = 0; at < windowBytes; at += 16) v128.store(to + at, f32x4.add(v128.load(to + at), v128.load(windows + at)))
        windows += windowBytes
        to += rowBytes
      }
    }
  }
}

/** Largest of each 2 x 2 block; an odd last row or column is left out. */
export function maxPool(image: usize, images: u32, height: u32, width: u32, channels: u32, out: usize): void {
  const bytes = (<usize>(height * width * channels)) << 2
  const outBytes = (<usize>((height >> 1) * (width >> 1) * channels)) << 2
  for (let i: u32 = 0; i < images; i++) poolImage(image + (<usize>i) * bytes, height, width, channels, out + (<usize>i) * outBytes)
}
function poolImage(image: usize, height: u32, width: u32, channels: u32, out: usize): void {
  const pixel = (<usize>channels) << 2
  const rowBytes = (<usize>width) * pixel
  for (let y: u32 = 0; y + 2 <= height; y += 2) {
    for (let x: u32 = 0; x + 2 <= width; x += 2) {
      const a = image + (<usize>y) * rowBytes + (<usize>x) * pixel
      for (let at: usize = 0; at < pixel; at += 16) {
        const top = f32x4.max(v128.load(a + at), v128.load(a + pixel + at))
        const low = f32x4.max(v128.load(a + rowBytes + at), v128.load(a + rowBytes + pixel + at))
        v128.store(out + at, f32x4.max(top, low))
      }
      out += pixel
    }
  }
}

/** Sends each slope to the first of its block that was the largest; the rest of `delta` becomes zero. */
export function unpool(image: usize, images: u32, height: u32, width: u32, channels: u32, pooled: usize, slopes: usize, delta: usize): void {
  const bytes = (<usize>(height * width * channels)) << 2
  const outBytes = (<usize>((height >> 1) * (width >> 1) * channels)) << 2
  for (let i: u32 = 0; i < images; i++) {
    unpoolImage(image + (<usize>i) * bytes, height, width, channels, pooled + (<usize>i) * outBytes, slopes + (<usize>i) * outBytes, delta + (<usize>i) * bytes)
  }
}
function unpoolImage(image: usize, height: u32, width: u32, channels: u32, pooled: usize, slopes: usize, delta: usize): void {
  const pixel = (<usize>channels) << 2
  const rowBytes = (<usize>width) * pixel
  memory.fill(delta, 0, (<usize>height) * rowBytes)
  for (let y: u32 = 0; y + 2 <= height; y += 2) {
    for (let x: u32 = 0; x + 2 <= width; x += 2) {
      const block = (<usize>y) * rowBytes + (<usize>x) * pixel
      for (let at: usize = 0; at < pixel; at += 16) {
        const largest = v128.load(pooled + at)
        let left = v128.load(slopes + at)
        for (let k: u32 = 0; k < 4; k++) {
          const where = block + at + (k >> 1 ? rowBytes : 0) + (k & 1 ? pixel : 0)
          const hit = f32x4.eq(v128.load(image + where), largest)
          v128.store(delta + where, v128.and(left, hit))
          left = v128.andnot(left, hit)
        }
      }
      pooled += pixel
      slopes += pixel
    }
  }
}

/**
 * Images by `filters` kernels of size x size, stride 1, as products over unfolded windows. Weights (size, size, channels, filters),
 * biases behind them; scratch: unfolded windows, then a framed image.
 */
export function convolve(image: usize, images: u32, height: u32, width: u32, channels: u32, size: u32, before: u32, behind: u32, weights: usize, filters: u32, out: usize, scratch: usize): void {
  const window = size * size * channels
  const positions = (height + before + behind - size + 1) * (width + before + behind - size + 1)
  const rowBytes = (<usize>filters) << 2
  const windowBytes = (<usize>window) << 2
  const biases = weights + (<usize>window) * rowBytes
  if (size == 1) {
    multiply(image, windowBytes, 4, weights, rowBytes, out, rowBytes, biases, 0, images * positions, filters, window)
    return
  }
  const imageBytes = (<usize>(height * width * channels)) << 2
  const frame = scratch + (<usize>positions) * windowBytes
  if (before + behind) memory.fill(frame, 0, framedBytes(height, width, channels, before + behind))
  for (let i: u32 = 0; i < images; i++) {
    unfold(enterFrame(image, height, width, channels, before, behind, frame), height + before + behind, width + before + behind, channels, size, size, scratch)
    multiply(scratch, windowBytes, 4, weights, rowBytes, out, rowBytes, biases, 0, positions, filters, window)
    image += imageBytes
    out += (<usize>positions) * rowBytes
  }
}

/** Slopes by the weights, summed over the images; biases are not among them. Scratch as in `convolve`. */
export function convolveWeightSlopes(image: usize, images: u32, height: u32, width: u32, channels: u32, size: u32, before: u32, behind: u32, delta: usize, filters: u32, gradient: usize, scratch: usize): void {
  const window = size * size * channels
  const positions = (height + before + behind - size + 1) * (width + before + behind - size + 1)
  const rowBytes = (<usize>filters) << 2
  const windowBytes = (<usize>window) << 2
  if (size == 1) {
    multiply(image, 4, windowBytes, delta, rowBytes, gradient, rowBytes, 0, 0, window, filters, images * positions)
    return
  }
  const imageBytes = (<usize>(height * width * channels)) << 2
  const frame = scratch + (<usize>positions) * windowBytes
  if (before + behind) memory.fill(frame, 0, framedBytes(height, width, channels, before + behind))
  for (let i: u32 = 0; i < images; i++) {
    unfold(enterFrame(image, height, width, channels, before, behind, frame), height + before + behind, width + before + behind, channels, size, size, scratch)
    multiply(scratch, 4, windowBytes, delta, rowBytes, gradient, rowBytes, i ? gradient : 0, rowBytes, window, filters, positions)
    image += imageBytes
    delta += (<usize>positions) * rowBytes
  }
}
export function convolveImageSlopes(delta: usize, images: u32, height: u32, width: u32, channels: u32, size: u32, before: u32, behind: u32, turned: usize, filters: u32, real: u32, imageDelta: usize, scratch: usize): void {
  const window = size * size * channels
  const sides = before + behind
  const high = height + sides
  const wide = width + sides
  const positions = (high - size + 1) * (wide - size + 1)
  const rowBytes = (<usize>filters) << 2
  const windowBytes = (<usize>window) << 2
  if (size == 1) {
    multiply(delta, rowBytes, 4, turned, windowBytes, imageDelta, windowBytes, 0, 0, images * positions, window, real)
    return
  }
  const pixel = (<usize>channels) << 2
  const imageBytes = (<usize>(height * width)) * pixel
  const framed = scratch + (<usize>positions) * windowBytes
  const frameRow = (<usize>wide) * pixel
  for (let i: u32 = 0; i < images; i++) {
    multiply(delta, rowBytes, 4, turned, windowBytes, scratch, windowBytes, 0, 0, positions, window, real)
    const into = sides ? framed : imageDelta
    memory.fill(into, 0, framedBytes(height, width, channels, sides))
    fold(scratch, high, wide, channels, size, size, into)
    if (sides) copyRows(framed + (<usize>before) * (frameRow + pixel), frameRow, imageDelta, (<usize>width) * pixel, (<usize>width) * pixel, height)
    delta += (<usize>positions) * rowBytes
    imageDelta += imageBytes
  }
}
