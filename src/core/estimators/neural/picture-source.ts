/** Pictures as a network gets them: standardised by channel, and changed by chance where they are learnt from. */
import type { PictureShape } from '../../data/matrix.ts'
import { augment, augments, type Augmentation } from '../../images/augment.ts'
import { createRng } from '../../math/rng.ts'

export interface PictureSource {
  /** Row-major, shape (rows, height x width x channels), as the estimator got them. */
  readonly pixels: Float32Array
  readonly shape: PictureShape
  /** What is taken from each channel, and what it is then divided by. */
  readonly means: readonly number[]
  readonly deviations: readonly number[]
}

/**
 * Writes standardised pictures of some rows into a batch.
 * @returns depth: numbers a pixel has there, those behind its channels zero; step: absent = as they are, for judging and answering
 */
export function filler({ pixels, shape: [height, width, channels], means, deviations }: PictureSource, augmentation: Augmentation, seed: number) {
  const count = height * width
  const factors = deviations.map((deviation) => Math.fround(1 / deviation))
  return (rows: ArrayLike<number>, into: Float32Array, depth: number, step: number | undefined): void => {
    const standard = new Float32Array(count * depth)
    const layout = { height, width, channels, depth, deviation: 1, centre: 0 }
    const rng = step !== undefined && augments(augmentation) ? createRng(seed).fork(`augmentation ${step}`) : undefined
    for (let i = 0; i < rows.length; i++) {
      const from = (rows[i] as number) * count * channels
      const to = into.subarray(i * standard.length, (i + 1) * standard.length)
      const out = rng ? standard : to
      if (depth > channels) out.fill(0)
      for (let p = 0; p < count; p++) {
        // Float32 in each step, as in the graph.
        for (let c = 0; c < channels; c++) out[p * depth + c] = Math.fround((pixels[from + p * channels + c] as number) - (means[c] as number)) * (factors[c] as number)
      }
      if (rng) {
        if (depth > channels) to.fill(0)
        augment(standard, to, layout, augmentation, rng)
      }
    }
  }
}
