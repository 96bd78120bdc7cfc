/**
 * Variance of the Laplacian, in grey levels squared: small where nothing in a picture has an edge.
 * Source: J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy" (ICPR 2000).
 * Pictures are first made at most 256 pixels a side, so that large and small ones can be compared.
 */
import { lumaOf, type Pixels } from './luma.ts'

const side = 256

export function sharpness(pixels: Pixels): number {
  const scale = Math.min(1, side / Math.max(pixels.width, pixels.height))
  const width = Math.max(1, Math.round(pixels.width * scale))
  const height = Math.max(1, Math.round(pixels.height * scale))
  if (width < 3 || height < 3) return 0
  const grey = lumaOf(pixels, width, height)
  let sum = 0
  let squares = 0
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x
      const value = (grey[at - 1] as number) + (grey[at + 1] as number) + (grey[at - width] as number) + (grey[at + width] as number) - 4 * (grey[at] as number)
      sum += value
      squares += value * value
    }
  }
  const n = (width - 2) * (height - 2)
  return Math.max(0, squares / n - (sum / n) ** 2)
}
