/**
 * The one resize of pictures: training, prediction and the served graph (resize-nodes.ts) share it. Separable, with a
 * triangle as wide as a new pixel (what Pillow calls bilinear): two products with matrices whose weights are plain arithmetic.
 */
import { rgbOf, type Pixels } from './luma.ts'

/** The largest square from the middle; the whole picture with black bars; the whole picture, squeezed. */
export const cropPolicies = ['cover', 'contain', 'stretch'] as const
export type CropPolicy = (typeof cropPolicies)[number]

/** Brightness of red, green and blue (Rec. 601). */
export const greyWeights = [0.299, 0.587, 0.114] as const
/** A new pixel whose weights sum to less lies beside the picture, and is black. */
export const emptyWeight = 1e-6

/** For each new pixel the first old one it takes from, and the weights from there on. */
function axisWeights(size: number, extent: number, out: number): readonly { readonly first: number; readonly weights: Float64Array }[] {
  const scale = extent / out
  const reach = Math.max(scale, 1)
  return Array.from({ length: out }, (_, i) => {
    const centre = (i + 0.5) * scale + (size - extent) / 2
    const first = Math.min(Math.max(0, Math.floor(centre - reach)), size)
    const last = Math.min(Math.max(first, Math.ceil(centre + reach)), size)
    const weights = Float64Array.from({ length: last - first }, (_, k) => Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / reach))
    const sum = Math.max(weights.reduce((a, b) => a + b, 0), emptyWeight)
    return { first, weights: weights.map((weight) => weight / sum) }
  })
}

/**
 * @param pixels what is see-through lies on white
 * @returns height x width x channels in [0, 1], row by row; 1 channel is brightness
 */
export function resize(pixels: Pixels, height: number, width: number, crop: CropPolicy, channels: 1 | 3 = 3): Float32Array {
  // In whole levels, as the served graph gets them: half a level is a difference that a model can tell.
  const data = pixels.channels === 3 ? pixels.data : rgbOf(pixels)
  const square = crop === 'stretch' ? undefined : (crop === 'cover' ? Math.min : Math.max)(pixels.height, pixels.width)
  const columns = axisWeights(pixels.width, square ?? pixels.width, width)
  const rows = axisWeights(pixels.height, square ?? pixels.height, height)
  const line = width * 3
  const from = Math.min(...rows.map(({ first }) => first))
  const to = Math.max(...rows.map(({ first, weights }) => first + weights.length))
  const narrow = new Float64Array(pixels.height * line)
  for (let y = from; y < to; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = columns[x] as (typeof columns)[number]
      let [red, green, blue] = [0, 0, 0]
      for (let k = 0; k < weights.length; k++) {
        const at = (y * pixels.width + first + k) * 3
        const weight = weights[k] as number
        red += weight * (data[at] as number)
        green += weight * (data[at + 1] as number)
        blue += weight * (data[at + 2] as number)
      }
      const place = y * line + x * 3
      narrow[place] = red
      narrow[place + 1] = green
      narrow[place + 2] = blue
    }
  }
  const out = new Float32Array(height * width * channels)
  const sums = new Float64Array(line)
  rows.forEach(({ first, weights }, y) => {
    sums.fill(0)
    for (let k = 0; k < weights.length; k++) {
      const weight = (weights[k] as number) / 255
      for (let i = 0; i < line; i++) sums[i] = (sums[i] as number) + weight * (narrow[(first + k) * line + i] as number)
    }
    if (channels === 3) out.set(sums, y * line)
    else for (let x = 0; x < width; x++) out[y * width + x] = greyWeights[0] * (sums[x * 3] as number) + greyWeights[1] * (sums[x * 3 + 1] as number) + greyWeights[2] * (sums[x * 3 + 2] as number)
  })
  return out
}
