/** Brightness of a picture, made smaller by averaging: what the measures of quality look at. */

/** Pixels row by row, 8 bits a channel; 3 channels RGB, or 4 with alpha, which is laid on white. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
  readonly data: Uint8Array | Uint8ClampedArray
}

/** Rec. 601 luma of one pixel, 0 to 255. */
function lumaAt({ data, channels }: Pixels, pixel: number): number {
  const at = pixel * channels
  const luma = 0.299 * (data[at] as number) + 0.587 * (data[at + 1] as number) + 0.114 * (data[at + 2] as number)
  if (channels === 3) return luma
  const alpha = (data[at + 3] as number) / 255
  return luma * alpha + 255 * (1 - alpha)
}

/** Luma averaged over the area of each new pixel, edges weighted by what they cover. @returns height x width, 0 to 255 */
export function lumaOf(pixels: Pixels, width: number, height: number): Float64Array {
  const narrow = new Float64Array(pixels.height * width)
  const spread = (from: number, to: number, add: (source: number, target: number, weight: number) => void): void => {
    const step = from / to
    for (let target = 0; target < to; target++) {
      const start = target * step
      const end = start + step
      for (let source = Math.floor(start); source < Math.min(from, Math.ceil(end - 1e-9)); source++) {
        add(source, target, (Math.min(end, source + 1) - Math.max(start, source)) / step)
      }
    }
  }
  spread(pixels.width, width, (source, target, weight) => {
    for (let y = 0; y < pixels.height; y++) narrow[y * width + target] = (narrow[y * width + target] as number) + weight * lumaAt(pixels, y * pixels.width + source)
  })
  const small = new Float64Array(height * width)
  spread(pixels.height, height, (source, target, weight) => {
    for (let x = 0; x < width; x++) small[target * width + x] = (small[target * width + x] as number) + weight * (narrow[source * width + x] as number)
  })
  return small
}

/** Red, green and blue, 8 bits each, as a served graph takes them; what is see-through lies on white. A copy. */
export function rgbOf({ width, height, channels, data }: Pixels): Uint8Array {
  if (channels === 3) return Uint8Array.from(data)
  const made = new Uint8Array(width * height * 3)
  for (let i = 0, at = 0; at < made.length; i += 4, at += 3) {
    const alpha = (data[i + 3] as number) / 255
    for (let c = 0; c < 3; c++) made[at + c] = Math.round((data[i + c] as number) * alpha + 255 * (1 - alpha))
  }
  return made
}
