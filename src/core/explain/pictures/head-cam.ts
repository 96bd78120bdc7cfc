/**
 * Grad-CAM of a head on a trained network that describes a picture by the means of its last maps. The slope of a score
 * by a place of a map is then the slope by the map's mean, the same everywhere: so slopes are taken of the head alone,
 * by differences, and any head without jumps has them. For a linear head this is CAM (Zhou et al. 2016).
 */
import type { SeenMaps } from '../../images/backbone/maps.ts'
import { log } from '../../math/elementary.ts'
import type { Rng } from '../../math/rng.ts'
import { enlarge, rankCorrelation, type HeatMap } from './heat.ts'

/** Probabilities of what a network sees, shape (count, numbers). @returns shape (count, classes) */
export type ScoreSeen = (seen: Float32Array, count: number) => Promise<ArrayLike<number>>

/** Of a number's size: small for a head, large for float32. */
const step = 0.01

/** Of one class against all others. @param row of the probabilities */
export function logOdds(probabilities: ArrayLike<number>, row: number, target: number, classes: number): number {
  let others = 0
  for (let c = 0; c < classes; c++) if (c !== target) others += probabilities[row * classes + c] as number
  return log(Math.max(probabilities[row * classes + target] as number, 1e-300)) - log(Math.max(others, 1e-300))
}

/** Slopes of the class's log-odds by each number. */
export async function headSlopes(seen: Float32Array, target: number, classes: number, score: ScoreSeen): Promise<Float64Array> {
  const size = seen.length
  const mean = seen.reduce((sum, value) => sum + Math.abs(value) / size, 0) || 1
  const moved = new Float32Array(2 * size * size)
  for (let i = 0; i < size; i++) {
    for (const [side, sign] of [1, -1].entries()) {
      const from = (2 * i + side) * size
      moved.set(seen, from)
      moved[from + i] = (seen[i] as number) + sign * step * (Math.abs(seen[i] as number) + mean)
    }
  }
  const probabilities = await score(moved, 2 * size)
  const odds = (row: number): number => logOdds(probabilities, row, target, classes)
  return Float64Array.from({ length: size }, (_, i) => (odds(2 * i) - odds(2 * i + 1)) / ((moved[2 * i * size + i] as number) - (moved[(2 * i + 1) * size + i] as number)))
}

function headCam({ height, width, channels, values }: SeenMaps, slopes: ArrayLike<number>, [tall, wide]: readonly [number, number]): HeatMap {
  const map = new Float32Array(height * width)
  for (let p = 0; p < map.length; p++) {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += (slopes[c] as number) * (values[p * channels + c] as number)
    map[p] = Math.max(0, sum)
  }
  return enlarge({ height, width, values: map }, tall, wide)
}

/** Heads of random slopes that a map is held against: one by itself may be near by chance. */
const randomHeads = 15

/** @returns the heat, and how far maps of random heads follow it (Adebayo et al. 2018): the mean size of their rank correlations, null where all are flat */
export async function headGradCam(maps: SeenMaps, seen: Float32Array, target: number, classes: number, size: readonly [height: number, width: number], score: ScoreSeen, rng: Rng): Promise<{ readonly heat: HeatMap; readonly sanity: number | null }> {
  const slopes = await headSlopes(seen, target, classes, score)
  const own: readonly [number, number] = [maps.height, maps.width]
  const small = headCam(maps, slopes, own)
  const found = Array.from({ length: randomHeads }, () => rankCorrelation(small.values, headCam(maps, Array.from(slopes, () => rng.normal()), own).values)).flatMap((correlation) => (correlation === undefined ? [] : [Math.abs(correlation)]))
  return { heat: enlarge(small, ...size), sanity: found.length === 0 ? null : found.reduce((sum, correlation) => sum + correlation / found.length, 0) }
}
