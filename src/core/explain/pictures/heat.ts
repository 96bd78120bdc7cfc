/** Heat maps over a picture: what explainers of pictures have in common. */
import type { PictureShape } from '../../data/matrix.ts'

/** A number for each pixel: what it does for the class that is explained. Positive speaks for it, negative against it. */
export interface HeatMap {
  readonly height: number
  readonly width: number
  /** Row-major, shape (height, width). */
  readonly values: Float32Array
}
/**
 * Probabilities of a batch of pictures, whatever makes them: a network, or an embedding with a head on it.
 * @param pixels shape (count, height x width x channels)
 * @returns shape (count, classes), row-major
 */
export type ScorePictures = (pixels: Float32Array, count: number) => Promise<ArrayLike<number>>

/** A small map drawn out to the size of a picture, linearly between centres. */
export function enlarge(map: HeatMap, height: number, width: number): HeatMap {
  const values = new Float32Array(height * width)
  const place = (at: number, to: number, from: number): readonly [number, number, number] => {
    const x = Math.min(Math.max(((at + 0.5) * from) / to - 0.5, 0), from - 1)
    const low = Math.floor(x)
    return [low, Math.min(low + 1, from - 1), x - low]
  }
  for (let y = 0; y < height; y++) {
    const [top, bottom, fy] = place(y, height, map.height)
    for (let x = 0; x < width; x++) {
      const [left, right, fx] = place(x, width, map.width)
      const at = (row: number, column: number): number => map.values[row * map.width + column] as number
      values[y * width + x] = (at(top, left) * (1 - fx) + at(top, right) * fx) * (1 - fy) + (at(bottom, left) * (1 - fx) + at(bottom, right) * fx) * fy
    }
  }
  return { height, width, values }
}

/** The mean of each channel over a picture: a grey that hides without adding an edge of its own. */
export function channelMeans(pixels: Float32Array, [height, width, channels]: PictureShape): Float32Array {
  const sums = new Float64Array(channels)
  for (let i = 0; i < pixels.length; i++) sums[i % channels] = (sums[i % channels] as number) + (pixels[i] as number)
  return Float32Array.from(sums, (sum) => sum / (height * width))
}

/** Ranks with ties at their mean. */
function ranks(values: ArrayLike<number>): Float64Array {
  const order = Uint32Array.from({ length: values.length }, (_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number))
  const out = new Float64Array(values.length)
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && values[order[to] as number] === values[order[from] as number]) to++
    for (let i = from; i < to; i++) out[order[i] as number] = (from + to - 1) / 2
    from = to
  }
  return out
}

/** Spearman's rank correlation, or undefined where one side is constant. */
export function rankCorrelation(a: ArrayLike<number>, b: ArrayLike<number>): number | undefined {
  const [x, y] = [ranks(a), ranks(b)]
  const mean = (x.length - 1) / 2
  let [xy, xx, yy] = [0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    const [u, v] = [(x[i] as number) - mean, (y[i] as number) - mean]
    xy += u * v
    xx += u * u
    yy += v * v
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : undefined
}
