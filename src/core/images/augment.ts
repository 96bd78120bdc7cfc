/**
 * Random changes of pictures while a network learns, so that it knows each in many guises. The same seed
 * gives the same pictures; validation, test and new pictures are never changed.
 */
import type { Rng } from '../math/rng.ts'

export interface Augmentation {
  /** Mirror half of them left to right. */
  readonly flip: boolean
  /** Move by at most this share of height and width; what comes in is the edge drawn out. */
  readonly shift: number
  /** Turn by at most this many degrees. */
  readonly rotate: number
  /** Enlarge or shrink by at most this share. */
  readonly zoom: number
  /** Brightness and contrast, and each channel's brightness, by at most this share of a standard deviation. */
  readonly colour: number
  /** Standard deviation of noise on every value, as a share of a standard deviation. */
  readonly noise: number
}
export const noAugmentation: Augmentation = { flip: false, shift: 0, rotate: 0, zoom: 0, colour: 0, noise: 0 }
export const augments = ({ flip, shift, rotate, zoom, colour, noise }: Augmentation): boolean => flip || shift > 0 || rotate > 0 || zoom > 0 || colour > 0 || noise > 0

export interface PixelLayout {
  readonly height: number
  readonly width: number
  readonly channels: number
  /** Floats a pixel; channels where they are not padded. */
  readonly depth: number
  /** What counts as one standard deviation of the values, and their middle, about which contrast turns. */
  readonly deviation: number
  readonly centre: number
}

/** Cosine and sine of an angle given by its half's tangent, made of sums and products: the same bits in every engine. */
function turn(degrees: number): readonly [cos: number, sin: number] {
  const half = (degrees * 3.141592653589793) / 360
  const square = half * half
  // tan x to 1e-7 for x up to pi / 8; the turn is a true one whatever the tangent.
  const t = half * (1 + square * (1 / 3 + square * (2 / 15 + square * (17 / 315 + square * (62 / 2835 + square * (1382 / 155925))))))
  return [(1 - t * t) / (1 + t * t), (2 * t) / (1 + t * t)]
}

/**
 * One picture, changed by chance.
 * @param pixels height x width x depth, channels-last; not written to
 * @param out the same size, another array
 */
export function augment(pixels: Float32Array, out: Float32Array, layout: PixelLayout, how: Augmentation, rng: Rng): void {
  const { height, width, channels, depth, deviation, centre } = layout
  const within = (most: number): number => (2 * rng.next() - 1) * most
  const mirrored = how.flip && rng.next() < 0.5
  const [dy, dx] = how.shift > 0 ? [within(how.shift) * height, within(how.shift) * width] : [0, 0]
  const [cos, sin] = how.rotate > 0 ? turn(within(how.rotate)) : [1, 0]
  const scale = how.zoom > 0 ? 1 / (1 + within(how.zoom)) : 1
  if (dy === 0 && dx === 0 && sin === 0 && scale === 1) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const from = (y * width + (mirrored ? width - 1 - x : x)) * depth
        for (let c = 0; c < depth; c++) out[(y * width + x) * depth + c] = pixels[from + c] as number
      }
    }
  } else {
    const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2]
    const clamp = (value: number, most: number): number => (value < 0 ? 0 : value > most ? most : value)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        // Where this pixel comes from, between four.
        const [v, u] = [(y - middleY - dy) * scale, (x - middleX - dx) * scale]
        const sourceY = clamp(cos * v - sin * u + middleY, height - 1)
        const turnedX = clamp(sin * v + cos * u + middleX, width - 1)
        const sourceX = mirrored ? width - 1 - turnedX : turnedX
        const [top, left] = [Math.floor(sourceY), Math.floor(sourceX)]
        const [low, right] = [Math.min(top + 1, height - 1), Math.min(left + 1, width - 1)]
        const [fy, fx] = [sourceY - top, sourceX - left]
        const [a, b, c, d] = [(top * width + left) * depth, (top * width + right) * depth, (low * width + left) * depth, (low * width + right) * depth]
        for (let k = 0; k < channels; k++) {
          const upper = (pixels[a + k] as number) * (1 - fx) + (pixels[b + k] as number) * fx
          const lower = (pixels[c + k] as number) * (1 - fx) + (pixels[d + k] as number) * fx
          out[(y * width + x) * depth + k] = upper * (1 - fy) + lower * fy
        }
      }
    }
  }
  if (how.colour === 0 && how.noise === 0) return
  const contrast = 1 + (how.colour > 0 ? within(how.colour) : 0)
  const brightness = how.colour > 0 ? within(how.colour) * deviation : 0
  const tints = Array.from({ length: channels }, () => brightness + (how.colour > 0 && channels > 1 ? within(how.colour) * 0.5 * deviation : 0))
  for (let p = 0; p < height * width * depth; p += depth) {
    for (let k = 0; k < channels; k++) {
      const noise = how.noise > 0 ? rng.normal() * how.noise * deviation : 0
      out[p + k] = ((out[p + k] as number) - centre) * contrast + centre + (tints[k] as number) + noise
    }
  }
}
