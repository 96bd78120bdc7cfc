/**
 * Occlusion (Zeiler & Fergus 2014, section 4.2): a square of the picture is greyed out, and what the probability
 * loses is put down to the pixels under it. It asks for predictions only, so it works for every model of pictures.
 */
import type { Context } from '../../context.ts'
import type { PictureShape } from '../../data/matrix.ts'
import { channelMeans, type HeatMap, type ScorePictures } from './heat.ts'

export interface OcclusionOptions {
  /** Side of the square in pixels. */
  readonly window: number
  /** From one square to the next; at most the window, so that no pixel is left out. */
  readonly stride: number
  /** Index of the class that is explained. */
  readonly target: number
  readonly classes: number
}
export interface Occlusion {
  /** Mean loss of probability over the squares that hid a pixel. */
  readonly heat: HeatMap
  /** Of the whole picture. */
  readonly probability: number
  /** The square that mattered most: its top left corner and the probability without it. */
  readonly strongest: { readonly x: number; readonly y: number; readonly probability: number }
}

const batch = 32

/** Squares from edge to edge, the last one flush with the border. */
export function steps(length: number, window: number, stride: number): number[] {
  const out: number[] = []
  for (let at = 0; at + window < length; at += stride) out.push(at)
  out.push(Math.max(0, length - window))
  return out
}

/** @param pixels one picture, height x width x channels */
export async function occlusion(pixels: Float32Array, shape: PictureShape, score: ScorePictures, options: OcclusionOptions, context: Pick<Context, 'checkpoint' | 'report'>): Promise<Occlusion> {
  const [height, width, channels] = shape
  const { target, classes } = options
  const window = Math.min(options.window, height, width)
  const places = steps(height, window, options.stride).flatMap((y) => steps(width, window, options.stride).map((x) => ({ x, y })))
  const grey = channelMeans(pixels, shape)
  const probability = (await score(pixels, 1))[target] as number
  const sums = new Float64Array(height * width)
  const counts = new Uint32Array(height * width)
  let strongest = { x: 0, y: 0, probability: Number.POSITIVE_INFINITY }
  for (let from = 0; from < places.length; from += batch) {
    const part = places.slice(from, from + batch)
    const hidden = new Float32Array(part.length * pixels.length)
    part.forEach(({ x, y }, i) => {
      const picture = hidden.subarray(i * pixels.length, (i + 1) * pixels.length)
      picture.set(pixels)
      for (let row = y; row < y + window; row++) for (let column = x; column < x + window; column++) picture.set(grey, (row * width + column) * channels)
    })
    const answers = await score(hidden, part.length)
    part.forEach(({ x, y }, i) => {
      const left = answers[i * classes + target] as number
      if (left < strongest.probability) strongest = { x, y, probability: left }
      for (let row = y; row < y + window; row++) {
        for (let at = row * width + x; at < row * width + x + window; at++) {
          sums[at] = (sums[at] as number) + probability - left
          counts[at] = (counts[at] as number) + 1
        }
      }
    })
    context.report({ kind: 'step', phase: 'explain', done: from + part.length, total: places.length })
    await context.checkpoint()
  }
  return { heat: { height, width, values: Float32Array.from(sums, (sum, i) => sum / Math.max(1, counts[i] as number)) }, probability, strongest }
}
