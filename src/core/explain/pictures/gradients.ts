/** Explanations by slopes through a network of our own: Grad-CAM, integrated gradients, and their check against random weights. */
import type { PredictContext } from '../../estimators/estimator.ts'
import { startWeights, trainable } from '../../estimators/neural/layer-table.ts'
import { networkScores, networkSlopes, type PictureNetworkParts } from '../../estimators/neural/picture-network.ts'
import { StudioError } from '../../errors.ts'
import { createRng } from '../../math/rng.ts'
import { channelMeans, enlarge, rankCorrelation, type HeatMap } from './heat.ts'
import { alongTheLine, midpoint, partsOf, type Parts } from './line.ts'

/** The last layer that still is a picture: more than one pixel. Undefined where there is none. */
export function lastPicture({ layers, shape, classes }: PictureNetworkParts): number | undefined {
  const { rows } = trainable(layers, shape, classes)
  const dense = layers.findIndex(({ type }) => type === 'dense')
  const end = dense < 0 ? rows.length : dense
  for (let i = end - 1; i >= 0; i--) {
    const [height, width] = rows[i]!.output
    if (height * width > 1) return i
  }
  return undefined
}

export interface GradCam {
  /** Not negative: only what speaks for the class, as the paper has it. */
  readonly heat: HeatMap
  /** The layer looked at, index into the table, and the size of its maps before they were drawn out. */
  readonly layer: number
  readonly mapSize: readonly [height: number, width: number]
}

/**
 * Grad-CAM (Selvaraju et al. 2017, equations 1 and 2): the maps of the last convolutional layer, each weighted by the
 * mean slope of the class's score by it.
 * @throws StudioError unsupported for a network without a layer of several pixels
 */
export async function gradCam(parts: PictureNetworkParts, pixels: Float32Array, target: number, context?: PredictContext): Promise<GradCam> {
  const layer = lastPicture(parts)
  if (layer === undefined) throw new StudioError({ code: 'unsupported', message: 'unsupported network; Grad-CAM needs a layer of several pixels before the dense ones' })
  const { shape, values, slopes } = await networkSlopes(parts, pixels, target, layer, context)
  const [height, width, channels] = shape
  const weights = new Float64Array(channels)
  for (let i = 0; i < slopes.length; i++) weights[i % channels] = (weights[i % channels] as number) + (slopes[i] as number) / (height * width)
  const map = new Float32Array(height * width)
  for (let p = 0; p < map.length; p++) {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += (weights[c] as number) * (values[p * channels + c] as number)
    map[p] = Math.max(0, sum)
  }
  return { heat: enlarge({ height, width, values: map }, parts.shape[0], parts.shape[1]), layer, mapSize: [height, width] }
}

export type Baseline = 'black' | 'white' | 'mean'
export interface IntegratedGradients extends Parts {
  /** Of the class (before softmax), for the picture and for the baseline. */
  readonly score: number
  readonly baselineScore: number
}

/** What a picture is compared with. @param range lowest and highest value that a pixel can have */
export function baselineOf(kind: Baseline, pixels: Float32Array, parts: PictureNetworkParts, range: readonly [number, number]): Float32Array {
  if (kind !== 'mean') return new Float32Array(pixels.length).fill(kind === 'black' ? range[0] : range[1])
  const means = channelMeans(pixels, parts.shape)
  return pixels.map((_, i) => means[i % means.length] as number)
}

/**
 * Integrated gradients (Sundararajan, Taly & Yan 2017, section 5): slopes by the pixels, averaged along the straight
 * line from a baseline to the picture (midpoints of equal steps), times the way.
 */
export async function integratedGradients(parts: PictureNetworkParts, pixels: Float32Array, baseline: Float32Array, target: number, count: number, context?: PredictContext): Promise<IntegratedGradients> {
  const sums = new Float64Array(pixels.length)
  const most = 16
  for (let from = 0; from < count; from += most) {
    const part = Math.min(most, count - from)
    const line = new Float32Array(part * pixels.length)
    for (let k = 0; k < part; k++) {
      line.set(alongTheLine(pixels, baseline, midpoint(from + k, count)), k * pixels.length)
    }
    const { slopes } = await networkSlopes(parts, line, target, 'pixels', context)
    for (let i = 0; i < slopes.length; i++) sums[i % pixels.length] = (sums[i % pixels.length] as number) + (slopes[i] as number) / count
  }
  const ends = new Float32Array(2 * pixels.length)
  ends.set(pixels)
  ends.set(baseline, pixels.length)
  const scores = await networkScores(parts, ends, context)
  const [score, baselineScore] = [scores[target] as number, scores[parts.classes + target] as number]
  return { ...partsOf(sums, pixels, baseline, parts.shape, score - baselineScore), score, baselineScore }
}

/**
 * The sanity check of Adebayo et al. 2018: the same explanation of the same network with random weights. One that
 * looks the same did not depend on what was learnt.
 * @returns rank correlation of the sizes of both maps, undefined where one is constant
 */
export async function againstRandom(parts: PictureNetworkParts, seed: number, heat: HeatMap, explain: (random: PictureNetworkParts) => Promise<HeatMap>): Promise<number | undefined> {
  const plan = trainable(parts.layers, parts.shape, parts.classes)
  const theta = startWeights(parts.layers, plan, parts.shape, createRng(seed).fork('random weights'))
  const other = await explain({ ...parts, theta })
  return rankCorrelation(heat.values.map(Math.abs), other.values.map(Math.abs))
}
