/**
 * Integrated gradients (Sundararajan, Taly & Yan 2017) of a head on the network that ships: of the log-odds of a class,
 * by the pixels. On each step slopes of the head are taken by differences, as for its Grad-CAM, and go back through the
 * network by the chain rule.
 */
import type { Context } from '../../context.ts'
import type { PictureShape } from '../../data/matrix.ts'
import type { SlopeFinder } from '../../images/backbone/slopes.ts'
import type { Rng } from '../../math/rng.ts'
import { headSlopes, logOdds, type ScoreSeen } from './head-cam.ts'
import { channelMeans, rankCorrelation } from './heat.ts'
import { alongTheLine, midpoint, partsOf, type Parts } from './line.ts'

/** Heads of random slopes that the map is held against; tens of thousands of pixels tell more than a map of the last layer. */
const randomHeads = 3
/** They take every third step, which is the midpoint of a line of a third of the steps. */
const randomEvery = 3

export interface HeadOnBackbone {
  /** Numbers that describe one picture. */
  see(pixels: Float32Array): Promise<Float32Array>
  readonly score: ScoreSeen
  readonly back: Pick<SlopeFinder, 'find'>
  readonly classes: number
}

/**
 * @param shape of the picture
 * @param steps of the line, a multiple of 3
 * @returns the parts, and how far those of random heads follow them (Adebayo et al. 2018): the mean size of the rank correlations of their sizes, null where all are flat
 */
export async function headIntegratedGradients({ see, score, back, classes }: HeadOnBackbone, pixels: Float32Array, shape: PictureShape, target: number, steps: number, rng: Rng, context: Context): Promise<Parts & { readonly sanity: number | null }> {
  const means = channelMeans(pixels, shape)
  const baseline = pixels.map((_, i) => means[i % means.length] as number)
  const seen = await see(pixels)
  const random = Float32Array.from({ length: randomHeads * seen.length }, () => rng.normal())
  const sums = Array.from({ length: 1 + randomHeads }, () => new Float64Array(pixels.length))
  const phase = 'integrated-gradients'
  for (let step = 0; step < steps; step++) {
    context.report({ kind: 'step', phase, done: step, total: steps })
    const at = alongTheLine(pixels, baseline, midpoint(step, steps))
    const own = Float32Array.from(await headSlopes(await see(at), target, classes, score))
    const heads = step % randomEvery === (randomEvery - 1) / 2 ? [...own, ...random] : own
    const count = heads.length / seen.length
    const slopes = await back.find(at, Float32Array.from(heads), count)
    for (let head = 0; head < count; head++) {
      const sum = sums[head] as Float64Array
      const share = (head === 0 ? 1 : randomEvery) / steps
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + share * (slopes[head * sum.length + i] as number)
    }
    await context.checkpoint()
  }
  const odds = async (numbers: Float32Array): Promise<number> => logOdds(await score(numbers, 1), 0, target, classes)
  const difference = (await odds(seen)) - (await odds(await see(baseline)))
  const [own, ...others] = sums.map((sum) => partsOf(sum, pixels, baseline, shape, difference)) as [Parts, ...Parts[]]
  const sizes = ({ heat }: Parts): Float32Array => heat.values.map(Math.abs)
  const found = others.flatMap((other) => rankCorrelation(sizes(own), sizes(other)) ?? [])
  context.report({ kind: 'step', phase, done: steps, total: steps })
  return { ...own, sanity: found.length === 0 ? null : found.reduce((sum, correlation) => sum + Math.abs(correlation) / found.length, 0) }
}
