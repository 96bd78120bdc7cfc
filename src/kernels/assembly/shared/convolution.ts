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
export function maxPool(image: usize, height: u32, width: u32, channels: u32, out: usize): void {
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
export function unpool(image: usize, height: u32, width: u32, channels: u32, pooled: usize, slopes: usize, delta: usize): void {
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
