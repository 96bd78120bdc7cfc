/** The plain twin of assembly/shared/picture-layers.ts: it defines what the compiled kernels mean. */
import type { PictureLayerKernels } from './neural.ts'

const f = Math.fround

function scramble(x: number): number {
  let z = x ^ (x >>> 16)
  z = Math.imul(z, 0x85ebca6b)
  z ^= z >>> 13
  z = Math.imul(z, 0xc2b2ae35)
  return (z ^ (z >>> 16)) >>> 0
}

export function plainPictureLayerKernels(buffer: ArrayBuffer): PictureLayerKernels {
  const f32 = new Float32Array(buffer)
  const u8 = new Uint8Array(buffer)
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
    copyRows(from, fromRow, to, toRow, rowBytes, rows) {
      for (let i = 0; i < rows; i++) u8.copyWithin(to + i * toRow, from + i * fromRow, from + i * fromRow + rowBytes)
    },
    depthwise(image, height, width, channels, kernel, weights, out) {
      const [from, theta, to] = [image >>> 2, weights >>> 2, out >>> 2]
      const biases = theta + kernel * kernel * channels
      const outputs = (height - kernel + 1) * (width - kernel + 1) * channels
      for (let i = 0; i < outputs; i++) f32[to + i] = at(biases + (i % channels))
      eachTap(height, width, channels, kernel, (pixel, sum, weight) => (f32[to + sum] = f(at(to + sum) + f(at(from + pixel) * at(theta + weight)))))
    },
    depthwiseImageSlopes(delta, height, width, channels, kernel, weights, imageDelta) {
      const [slopes, theta, to] = [delta >>> 2, weights >>> 2, imageDelta >>> 2]
      eachTap(height, width, channels, kernel, (pixel, sum, weight) => (f32[to + pixel] = f(at(to + pixel) + f(at(slopes + sum) * at(theta + weight)))))
    },
    depthwiseWeightSlopes(image, height, width, channels, kernel, delta, gradient) {
      const [from, slopes, to] = [image >>> 2, delta >>> 2, gradient >>> 2]
      // Each weight meets its windows in the same order here as there: row by row.
      eachTap(height, width, channels, kernel, (pixel, sum, weight) => (f32[to + weight] = f(at(to + weight) + f(at(from + pixel) * at(slopes + sum)))))
    },
    averagePool(image, height, width, channels, out) {
      const [from, to] = [image >>> 2, out >>> 2]
      eachBlock(height, width, channels, ([a, b, c, d], pooled) => (f32[to + pooled] = f(f(at(from + a) + at(from + b)) + f(at(from + c) + at(from + d))) * 0.25))
    },
    averageUnpool(slopes, height, width, channels, delta) {
      const [from, to] = [slopes >>> 2, delta >>> 2]
      f32.fill(0, to, to + height * width * channels)
      eachBlock(height, width, channels, (places, pooled) => {
        for (const place of places) f32[to + place] = at(from + pooled) * 0.25
      })
    },
    moments(a, rows, columns, out) {
      const [from, to] = [a >>> 2, out >>> 2]
      for (let j = 0; j < columns; j++) {
        let sum = 0
        for (let i = 0; i < rows; i++) sum += at(from + i * columns + j)
        const mean = f(sum / rows)
        let squares = 0
        for (let i = 0; i < rows; i++) squares += (at(from + i * columns + j) - mean) ** 2
        f32[to + j] = mean
        f32[to + columns + j] = squares / rows
      }
    },
    scaleColumns(a, rows, columns, scale, shift, out) {
      const [from, factor, more, to] = [a >>> 2, scale >>> 2, shift >>> 2, out >>> 2]
      for (let i = 0; i < rows * columns; i++) f32[to + i] = f(at(from + i) * at(factor + (i % columns))) + at(more + (i % columns))
    },
    slopeSums(a, delta, rows, columns, mean, out) {
      const [from, slopes, centre, to] = [a >>> 2, delta >>> 2, mean >>> 2, out >>> 2]
      for (let j = 0; j < columns; j++) {
        let [plain, weighted] = [0, 0]
        for (let i = j; i < rows * columns; i += columns) {
          plain += at(slopes + i)
          weighted += at(slopes + i) * (at(from + i) - at(centre + j))
        }
        f32[to + j] = plain
        f32[to + columns + j] = weighted
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
      for (let i = 0; i < count; i++) f32[to + i] = scramble(Math.imul((i + seed) | 0, 0x9e3779b1)) >= rate >>> 0 ? at(from + i) * factor : 0
    },
  }
}
