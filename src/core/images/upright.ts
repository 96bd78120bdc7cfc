import type { Pixels } from './luma.ts'

/** EXIF 2.3: where the pixel of an upright picture lies in the stored one, of width w and height h. @param orientation 1 to 8 */
export function upright({ width: w, height: h, channels, data }: Pixels, orientation: number): Pixels {
  if (orientation < 2 || orientation > 8) return { width: w, height: h, channels, data }
  const turned = orientation >= 5
  const [width, height] = turned ? [h, w] : [w, h]
  const out = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [sx, sy] = turned ? [y, x] : [x, y]
      if (orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8) sx = w - 1 - sx
      if (orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7) sy = h - 1 - sy
      for (let c = 0; c < channels; c++) out[(y * width + x) * channels + c] = data[(sy * w + sx) * channels + c] as number
    }
  }
  return { width, height, channels, data: out }
}

/** Where a canvas draws a stored picture of width w and height h so that it stands upright: a b c d e f of setTransform. */
export function uprightTransform(orientation: number, w: number, h: number): readonly [number, number, number, number, number, number] {
  const all = [[1, 0, 0, 1, 0, 0], [-1, 0, 0, 1, w, 0], [-1, 0, 0, -1, w, h], [1, 0, 0, -1, 0, h], [0, 1, 1, 0, 0, 0], [0, 1, -1, 0, h, 0], [0, -1, -1, 0, h, w], [0, -1, 1, 0, 0, w]] as const
  return all[orientation - 1] ?? all[0]
}
