/** out = a * scale where the number drawn for the place is at least `rate` of 2^32, else 0; the same seed draws the same. */
import { copyRows, enterFrame, framedBytes } from './frame'

/**
 * Inner loops of depthwise convolution, average pooling, batch normalisation and dropout; pictures are
 * channels-last, channels and columns a multiple of 4. Twins: src/kernels/picture-layers-plain.ts.
 */

/** Each channel by its own kernel, stride 1. Weights (kernel, kernel, channels), then biases; scratch: a framed image. */
export function depthwise(image: usize, images: u32, height: u32, width: u32, channels: u32, kernel: u32, before: u32, behind: u32, weights: usize, out: usize, scratch: usize): void {
  const high = height + before + behind
  const wide = width + before + behind
  const imageBytes = (<usize>(height * width * channels)) << 2
  const outBytes = (<usize>((high - kernel + 1) * (wide - kernel + 1) * channels)) << 2
  if (before + behind) memory.fill(scratch, 0, framedBytes(height, width, channels, before + behind))
  for (let i: u32 = 0; i < images; i++) {
    depthwiseImage(enterFrame(image, height, width, channels, before, behind, scratch), high, wide, channels, kernel, weights, out)
    image += imageBytes
    out += outBytes
  }
}

/** Slopes by the weights, summed over the images; biases are not among them. */
export function depthwiseWeightSlopes(image: usize, images: u32, height: u32, width: u32, channels: u32, kernel: u32, before: u32, behind: u32, delta: usize, gradient: usize, scratch: usize): void {
  const high = height + before + behind
  const wide = width + before + behind
  const imageBytes = (<usize>(height * width * channels)) << 2
  const outBytes = (<usize>((high - kernel + 1) * (wide - kernel + 1) * channels)) << 2
  memory.fill(gradient, 0, (<usize>(kernel * kernel * channels)) << 2)
  if (before + behind) memory.fill(scratch, 0, framedBytes(height, width, channels, before + behind))
  for (let i: u32 = 0; i < images; i++) {
    addWeightSlopes(enterFrame(image, height, width, channels, before, behind, scratch), high, wide, channels, kernel, delta, gradient)
    image += imageBytes
    delta += outBytes
  }
}

/** Slopes by the images. Height and width are theirs. */
export function depthwiseImageSlopes(delta: usize, images: u32, height: u32, width: u32, channels: u32, kernel: u32, before: u32, behind: u32, weights: usize, imageDelta: usize, scratch: usize): void {
  const sides = before + behind
  const high = height + sides
  const wide = width + sides
  const pixel = (<usize>channels) << 2
  const imageBytes = (<usize>(height * width)) * pixel
  const outBytes = (<usize>((high - kernel + 1) * (wide - kernel + 1))) * pixel
  const frameRow = (<usize>wide) * pixel
  for (let i: u32 = 0; i < images; i++) {
    const into = sides ? scratch : imageDelta
    memory.fill(into, 0, framedBytes(height, width, channels, sides))
    addImageSlopes(delta, high, wide, channels, kernel, weights, into)
    if (sides) copyRows(scratch + (<usize>before) * (frameRow + pixel), frameRow, imageDelta, (<usize>width) * pixel, (<usize>width) * pixel, height)
    delta += outBytes
    imageDelta += imageBytes
  }
}

function depthwiseImage(image: usize, height: u32, width: u32, channels: u32, kernel: u32, weights: usize, out: usize): void {
  const pixel = (<usize>channels) << 2
  const rowBytes = (<usize>width) * pixel
  const biases = weights + (<usize>(kernel * kernel)) * pixel
  for (let y: u32 = 0; y + kernel <= height; y++) {
    for (let x: u32 = 0; x + kernel <= width; x++) {
      const corner = image + (<usize>y) * rowBytes + (<usize>x) * pixel
      for (let c: usize = 0; c < pixel; c += 16) {
        let sum = v128.load(biases + c)
        let weight = weights + c
        for (let ky: u32 = 0; ky < kernel; ky++) {
          let at = corner + (<usize>ky) * rowBytes + c
          for (let kx: u32 = 0; kx < kernel; kx++) {
            sum = f32x4.add(sum, f32x4.mul(v128.load(at), v128.load(weight)))
            at += pixel
            weight += pixel
          }
        }
        v128.store(out + c, sum)
      }
      out += pixel
    }
  }
}

/** Adds to the slopes by a framed image what its windows' slopes send back. */
function addImageSlopes(delta: usize, height: u32, width: u32, channels: u32, kernel: u32, weights: usize, imageDelta: usize): void {
  const pixel = (<usize>channels) << 2
  const rowBytes = (<usize>width) * pixel
  for (let y: u32 = 0; y + kernel <= height; y++) {
    for (let x: u32 = 0; x + kernel <= width; x++) {
      const corner = imageDelta + (<usize>y) * rowBytes + (<usize>x) * pixel
      for (let c: usize = 0; c < pixel; c += 16) {
        const slope = v128.load(delta + c)
        let weight = weights + c
        for (let ky: u32 = 0; ky < kernel; ky++) {
          let at = corner + (<usize>ky) * rowBytes + c
          for (let kx: u32 = 0; kx < kernel; kx++) {
            v128.store(at, f32x4.add(v128.load(at), f32x4.mul(slope, v128.load(weight))))
            at += pixel
            weight += pixel
          }
        }
      }
      delta += pixel
    }
  }
}

/** Adds one image's share to the slopes by the weights. */
function addWeightSlopes(image: usize, height: u32, width: u32, channels: u32, kernel: u32, delta: usize, gradient: usize): void {
  const pixel = (<usize>channels) << 2
  const rowBytes = (<usize>width) * pixel
  const outRow = (<usize>(width - kernel + 1)) * pixel
  for (let ky: u32 = 0; ky < kernel; ky++) {
    for (let kx: u32 = 0; kx < kernel; kx++) {
      for (let c: usize = 0; c < pixel; c += 16) {
        let sum = v128.load(gradient + c)
        for (let y: u32 = 0; y + kernel <= height; y++) {
          let at = image + (<usize>(y + ky)) * rowBytes + (<usize>kx) * pixel + c
          let slope = delta + (<usize>y) * outRow + c
          for (let x: u32 = 0; x + kernel <= width; x++) {
            sum = f32x4.add(sum, f32x4.mul(v128.load(at), v128.load(slope)))
            at += pixel
            slope += pixel
          }
        }
        v128.store(gradient + c, sum)
      }
      gradient += pixel
    }
  }
}

/** Mean of each 2 x 2 block; an odd last row or column is left out. */
export function averagePool(image: usize, images: u32, height: u32, width: u32, channels: u32, out: usize): void {
  const bytes = (<usize>(height * width * channels)) << 2
  const outBytes = (<usize>((height >> 1) * (width >> 1) * channels)) << 2
  for (let i: u32 = 0; i < images; i++) averageImage(image + (<usize>i) * bytes, height, width, channels, out + (<usize>i) * outBytes)
}
function averageImage(image: usize, height: u32, width: u32, channels: u32, out: usize): void {
  const pixel = (<usize>channels) << 2
  const rowBytes = (<usize>width) * pixel
  const quarter = f32x4.splat(0.25)
  for (let y: u32 = 0; y + 2 <= height; y += 2) {
    for (let x: u32 = 0; x + 2 <= width; x += 2) {
      const a = image + (<usize>y) * rowBytes + (<usize>x) * pixel
      for (let at: usize = 0; at < pixel; at += 16) {
        const top = f32x4.add(v128.load(a + at), v128.load(a + pixel + at))
        const low = f32x4.add(v128.load(a + rowBytes + at), v128.load(a + rowBytes + pixel + at))
        v128.store(out + at, f32x4.mul(f32x4.add(top, low), quarter))
      }
      out += pixel
    }
  }
}

/** Shares each slope among the four of its block; the rest of `delta` becomes zero. */
export function averageUnpool(slopes: usize, images: u32, height: u32, width: u32, channels: u32, delta: usize): void {
  const bytes = (<usize>(height * width * channels)) << 2
  const outBytes = (<usize>((height >> 1) * (width >> 1) * channels)) << 2
  for (let i: u32 = 0; i < images; i++) averageBack(slopes + (<usize>i) * outBytes, height, width, channels, delta + (<usize>i) * bytes)
}
function averageBack(slopes: usize, height: u32, width: u32, channels: u32, delta: usize): void {
  const pixel = (<usize>channels) << 2
  const rowBytes = (<usize>width) * pixel
  const quarter = f32x4.splat(0.25)
  memory.fill(delta, 0, (<usize>height) * rowBytes)
  for (let y: u32 = 0; y + 2 <= height; y += 2) {
    for (let x: u32 = 0; x + 2 <= width; x += 2) {
      const a = delta + (<usize>y) * rowBytes + (<usize>x) * pixel
      for (let at: usize = 0; at < pixel; at += 16) {
        const share = f32x4.mul(v128.load(slopes + at), quarter)
        v128.store(a + at, share)
        v128.store(a + pixel + at, share)
        v128.store(a + rowBytes + at, share)
        v128.store(a + rowBytes + pixel + at, share)
      }
      slopes += pixel
    }
  }
}

/** Mean and variance (divided by rows) of each column, summed in double precision. */
export function moments(a: usize, rowBytes: usize, rows: u32, columns: u32, means: usize, variances: usize): void {
  const width = (<usize>columns) << 2
  const count = f64x2.splat(<f64>rows)
  for (let j: usize = 0; j < width; j += 8) {
    let sum = f64x2.splat(0)
    for (let i: u32 = 0; i < rows; i++) sum = f64x2.add(sum, f64x2.promote_low_f32x4(v128.load64_zero(a + (<usize>i) * rowBytes + j)))
    const mean = f32x4.demote_f64x2_zero(f64x2.div(sum, count))
    const centre = f64x2.promote_low_f32x4(mean)
    let squares = f64x2.splat(0)
    for (let i: u32 = 0; i < rows; i++) {
      const off = f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(a + (<usize>i) * rowBytes + j)), centre)
      squares = f64x2.add(squares, f64x2.mul(off, off))
    }
    v128.store64_lane(means + j, mean, 0)
    v128.store64_lane(variances + j, f32x4.demote_f64x2_zero(f64x2.div(squares, count)), 0)
  }
}

/** out = a * scale + shift, each column its own. */
export function scaleColumns(a: usize, rows: u32, columns: u32, scale: usize, shift: usize, out: usize): void {
  const rowBytes = (<usize>columns) << 2
  for (let j: usize = 0; j < rowBytes; j += 16) {
    const factor = v128.load(scale + j)
    const more = v128.load(shift + j)
    let at: usize = j
    for (let i: u32 = 0; i < rows; i++) {
      v128.store(out + at, f32x4.add(f32x4.mul(v128.load(a + at), factor), more))
      at += rowBytes
    }
  }
}

/** Sums by column, in double precision: of delta, and of delta * (a - mean). */
export function slopeSums(a: usize, delta: usize, rowBytes: usize, rows: u32, columns: u32, mean: usize, sums: usize, weightedSums: usize): void {
  const width = (<usize>columns) << 2
  for (let j: usize = 0; j < width; j += 8) {
    const centre = f64x2.promote_low_f32x4(v128.load64_zero(mean + j))
    let plain = f64x2.splat(0)
    let weighted = f64x2.splat(0)
    let at: usize = j
    for (let i: u32 = 0; i < rows; i++) {
      const slope = f64x2.promote_low_f32x4(v128.load64_zero(delta + at))
      plain = f64x2.add(plain, slope)
      weighted = f64x2.add(weighted, f64x2.mul(slope, f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(a + at)), centre)))
      at += rowBytes
    }
    v128.store64_lane(sums + j, f32x4.demote_f64x2_zero(plain), 0)
    v128.store64_lane(weightedSums + j, f32x4.demote_f64x2_zero(weighted), 0)
  }
}

/** out = (delta - offset - (a - mean) * pull) * factor, each column its own. */
export function normaliseSlopes(a: usize, delta: usize, rows: u32, columns: u32, mean: usize, offset: usize, pull: usize, factor: usize, out: usize): void {
  const rowBytes = (<usize>columns) << 2
  for (let j: usize = 0; j < rowBytes; j += 16) {
    const centre = v128.load(mean + j)
    const less = v128.load(offset + j)
    const pulls = v128.load(pull + j)
    const factors = v128.load(factor + j)
    let at: usize = j
    for (let i: u32 = 0; i < rows; i++) {
      const off = f32x4.mul(f32x4.sub(v128.load(a + at), centre), pulls)
      v128.store(out + at, f32x4.mul(f32x4.sub(f32x4.sub(v128.load(delta + at), less), off), factors))
      at += rowBytes
    }
  }
}

// @ts-ignore: decorator
@inline
function scramble(x: v128): v128 {
  let z = v128.xor(x, i32x4.shr_u(x, 16))
  z = i32x4.mul(z, i32x4.splat(0x85ebca6b))
  z = v128.xor(z, i32x4.shr_u(z, 13))
  z = i32x4.mul(z, i32x4.splat(0xc2b2ae35))
  return v128.xor(z, i32x4.shr_u(z, 16))
}
export function dropout(a: usize, count: u32, seed: u32, rate: u32, scale: f32, out: usize): void {
  const factor = f32x4.splat(scale)
  const least = i32x4.splat(rate)
  let place = i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(seed))
  const bytes = (<usize>count) << 2
  for (let at: usize = 0; at < bytes; at += 16) {
    const keep = notBelow(scramble(i32x4.mul(place, i32x4.splat(0x9e3779b1))), least)
    v128.store(out + at, v128.and(f32x4.mul(v128.load(a + at), factor), keep))
    place = i32x4.add(place, i32x4.splat(4))
  }
}

// @ts-ignore: decorator
@inline
function notBelow(a: v128, b: v128): v128 {
  return v128.ge<u32>(a, b)
}
