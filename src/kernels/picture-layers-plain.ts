/** The plain twin of assembly/shared/picture-layers.ts: it defines what the compiled kernels mean. */
import { eachBlock, plainFrames } from './frame-plain.ts'
import type { PictureLayerKernels } from './neural.ts'

const f = Math.fround

function scramble(x: number): number {
  let z = x ^ (x >>> 16)
  z = Math.imul(z, 0x85ebca6b)
  z ^= z >>> 13
  z = Math.imul(z, 0xc2b2ae35)
  return (z ^ (z >>> 16)) >>> 0
}

/** Whether dropout keeps the number at a place. @param seed u32, @param rate of 2^32 */
export const keeps = (place: number, seed: number, rate: number): boolean => scramble(Math.imul((place + seed) | 0, 0x9e3779b1)) >= rate >>> 0

export function plainPictureLayerKernels(buffer: ArrayBuffer): PictureLayerKernels {
  const f32 = new Float32Array(buffer)
  const frames = plainFrames(buffer)
  const { copyRows } = frames
  const at = (place: number): number => f32[place] as number
  /** Each weight of each window: where it meets the image, the window's output and the weight itself. */
  function eachTap(height: number, width: number, channels: number, kernel: number, visit: (image: number, out: number, weight: number) => void): void {
    let out = 0
    for (let y = 0; y + kernel <= height; y++) {
      for (let x = 0; x + kernel <= width; x++, out += channels) {
        for (let c = 0; c < channels; c++) {
          for (let ky = 0; ky < kernel; ky++) {
            for (let kx = 0; kx < kernel; kx++) visit(((y + ky) * width + x + kx) * channels + c, out + c, (ky * kernel + kx) * channels + c)
          }
        }
      }
    }
  }
  return {
    copyRows,
    depthwise(image, images, height, width, channels, kernel, before, behind, weights, out, scratch) {
      const [high, wide] = [height + before + behind, width + before + behind]
      const [theta, to, outputs] = [weights >>> 2, out >>> 2, (high - kernel + 1) * (wide - kernel + 1) * channels]
      const biases = theta + kernel * kernel * channels
      for (let n = 0; n < images; n++) {
        const from = frames.enter(image, n, height, width, channels, before, behind, scratch) >>> 2
        const first = to + n * outputs
        for (let i = 0; i < outputs; i++) f32[first + i] = at(biases + (i % channels))
        eachTap(high, wide, channels, kernel, (pixel, sum, weight) => (f32[first + sum] = f(at(first + sum) + f(at(from + pixel) * at(theta + weight)))))
      }
    },
    depthwiseImageSlopes(delta, images, height, width, channels, kernel, before, behind, weights, imageDelta, scratch) {
      const [high, wide] = [height + before + behind, width + before + behind]
      const [theta, outputs] = [weights >>> 2, (high - kernel + 1) * (wide - kernel + 1) * channels]
      for (let i = 0; i < images; i++) {
        const slopes = (delta >>> 2) + i * outputs
        frames.collect(imageDelta, i, height, width, channels, before, behind, scratch, (framed) => {
          const to = framed >>> 2
          eachTap(high, wide, channels, kernel, (pixel, sum, weight) => (f32[to + pixel] = f(at(to + pixel) + f(at(slopes + sum) * at(theta + weight)))))
        })
      }
    },
    depthwiseWeightSlopes(image, images, height, width, channels, kernel, before, behind, delta, gradient, scratch) {
      const [high, wide] = [height + before + behind, width + before + behind]
      const [to, outputs] = [gradient >>> 2, (high - kernel + 1) * (wide - kernel + 1) * channels]
      f32.fill(0, to, to + kernel * kernel * channels)
      for (let i = 0; i < images; i++) {
        const from = frames.enter(image, i, height, width, channels, before, behind, scratch) >>> 2
        const slopes = (delta >>> 2) + i * outputs
        // Each weight meets its windows in the same order here as there: row by row.
        eachTap(high, wide, channels, kernel, (pixel, sum, weight) => (f32[to + weight] = f(at(to + weight) + f(at(from + pixel) * at(slopes + sum)))))
      }
    },
    averagePool(image, images, height, width, channels, out) {
      const [from, to] = [image >>> 2, out >>> 2]
      eachBlock(images, height, width, channels, ([a, b, c, d], pooled) => (f32[to + pooled] = f(f(at(from + a) + at(from + b)) + f(at(from + c) + at(from + d))) * 0.25))
    },
    averageUnpool(slopes, images, height, width, channels, delta) {
      const [from, to] = [slopes >>> 2, delta >>> 2]
      f32.fill(0, to, to + images * height * width * channels)
      eachBlock(images, height, width, channels, (places, pooled) => {
        for (const place of places) f32[to + place] = at(from + pooled) * 0.25
      })
    },
    moments(a, rowBytes, rows, columns, means, variances) {
      const [from, step] = [a >>> 2, rowBytes >>> 2]
      for (let j = 0; j < columns; j++) {
        let sum = 0
        for (let i = 0; i < rows; i++) sum += at(from + i * step + j)
        const mean = f(sum / rows)
        let squares = 0
        for (let i = 0; i < rows; i++) squares += (at(from + i * step + j) - mean) ** 2
        f32[(means >>> 2) + j] = mean
        f32[(variances >>> 2) + j] = squares / rows
      }
    },
    scaleColumns(a, rows, columns, scale, shift, out) {
      const [from, factor, more, to] = [a >>> 2, scale >>> 2, shift >>> 2, out >>> 2]
      for (let i = 0; i < rows * columns; i++) f32[to + i] = f(at(from + i) * at(factor + (i % columns))) + at(more + (i % columns))
    },
    slopeSums(a, delta, rowBytes, rows, columns, mean, sums, weightedSums) {
      const [from, slopes, centre, step] = [a >>> 2, delta >>> 2, mean >>> 2, rowBytes >>> 2]
      for (let j = 0; j < columns; j++) {
        let [plain, weighted] = [0, 0]
        for (let i = j; i < rows * step; i += step) {
          plain += at(slopes + i)
          weighted += at(slopes + i) * (at(from + i) - at(centre + j))
        }
        f32[(sums >>> 2) + j] = plain
        f32[(weightedSums >>> 2) + j] = weighted
      }
    },
    normaliseSlopes(a, delta, rows, columns, mean, offset, pull, factor, out) {
      const [from, slopes, centre, less, pulls, factors, to] = [a, delta, mean, offset, pull, factor, out].map((pointer) => pointer >>> 2) as [number, number, number, number, number, number, number]
      for (let i = 0; i < rows * columns; i++) {
        const j = i % columns
        const off = f(f(at(from + i) - at(centre + j)) * at(pulls + j))
        f32[to + i] = f(f(at(slopes + i) - at(less + j)) - off) * at(factors + j)
      }
    },
    dropout(a, count, seed, rate, scale, out) {
      const [from, to] = [a >>> 2, out >>> 2]
      const factor = f(scale)
      for (let i = 0; i < count; i++) f32[to + i] = keeps(i, seed, rate) ? at(from + i) * factor : 0
    },
  }
}
