/** What integrated gradients have in common, whatever network the slopes go through: the line that they are taken on, and their sum. */
import type { PictureShape } from '../../data/matrix.ts'
import type { HeatMap } from './heat.ts'

/** The middle of one of `count` equal steps, in (0, 1). */
export const midpoint = (step: number, count: number): number => (step + 0.5) / count

/** @param share 0 is the baseline, 1 the picture */
export const alongTheLine = (pixels: Float32Array, baseline: Float32Array, share: number): Float32Array => pixels.map((value, i) => (baseline[i] as number) + share * (value - (baseline[i] as number)))

export interface Parts {
  /** Sum over the channels of a pixel. */
  readonly heat: HeatMap
  /** Sum of all parts; completeness says that it is the difference of the scores. */
  readonly total: number
  /** How far it is from that, as a share of the difference. */
  readonly gap: number
}
/**
 * @param slopes mean slope of the score by each number on the line from the baseline to the picture
 * @param difference of the scores of both
 */
export function partsOf(slopes: ArrayLike<number>, pixels: Float32Array, baseline: Float32Array, [height, width, channels]: PictureShape, difference: number): Parts {
  const values = new Float32Array(height * width)
  let total = 0
  for (let i = 0; i < pixels.length; i++) {
    const share = (slopes[i] as number) * ((pixels[i] as number) - (baseline[i] as number))
    total += share
    const pixel = Math.floor(i / channels)
    values[pixel] = (values[pixel] as number) + share
  }
  return { heat: { height, width, values }, total, gap: Math.abs(total - difference) / Math.max(1e-6, Math.abs(difference)) }
}
