/** Where the training of a network stands between two steps, and what is kept of it. */
import { StudioError } from '../../errors.ts'
import type { FitState, Reached, Savepoint } from '../../savepoint.ts'
import type { AdamArrays } from './trainer.ts'

export interface TrainingPlace {
  checkpoint: AdamArrays
  /** Epochs done. */
  epoch: number
  /** Of the epoch under way: rows learnt from, the sum of their losses, and how many were right. */
  from: number
  loss: number
  right: number
  best: { readonly theta: Float32Array; readonly loss: number; readonly epoch: number }
  /** Epochs since there was progress. */
  stale: number
}

/** Weights that have not learnt yet. */
export const firstPlace = (theta: Float32Array): TrainingPlace => ({
  checkpoint: { theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 },
  epoch: 0,
  from: 0,
  loss: 0,
  right: 0,
  best: { theta, loss: Number.POSITIVE_INFINITY, epoch: 0 },
  stale: 0,
})

function stateOf({ checkpoint: { theta, m, v, steps }, epoch, from, loss, right, best, stale }: TrainingPlace): FitState {
  return { json: {}, arrays: { theta, m, v, best: best.theta, place: Float64Array.of(steps, epoch, from, loss, right, best.loss, best.epoch, stale) } }
}

/** Where an interrupted training of the same network stood, or the first place. @throws StudioError bundle-mismatch where it was of another */
export function placeLeft(savepoint: Savepoint | undefined, start: Float32Array): TrainingPlace {
  const state = savepoint?.left.at(-1)
  if (!state) return firstPlace(start)
  const { theta, m, v, best, place } = state.arrays
  const fits = (array: unknown): array is Float32Array => array instanceof Float32Array && array.length === start.length && array.every(Number.isFinite)
  if (!fits(theta) || !fits(m) || !fits(v) || !fits(best) || !(place instanceof Float64Array) || place.length !== 8) {
    throw new StudioError({ code: 'bundle-mismatch', message: `invalid checkpoint of a network; not finite weights of ${start.length}` })
  }
  const [steps, epoch, from, loss, right, bestLoss, bestEpoch, stale] = place as unknown as [number, number, number, number, number, number, number, number]
  return { checkpoint: { theta, m, v, steps }, epoch, from, loss, right, best: { theta: best, loss: bestLoss, epoch: bestEpoch }, stale }
}

export const keepPlace = (savepoint: Savepoint, place: TrainingPlace, epochs: number): Promise<boolean> => {
  const reached: Reached = { unit: 'epoch', done: place.epoch, total: epochs }
  return savepoint.save(reached, stateOf(place), 'replace')
}
