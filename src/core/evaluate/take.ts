/** Some rows of truth and prediction. */
import type { Prediction, Target } from '../data/target.ts'

/** @param positions positions into the target (not dataset rows) */
export function takeTarget(target: Target, positions: ArrayLike<number>): Target {
  return target.task === 'regression'
    ? { ...target, values: Float64Array.from(positions, (i) => target.values[i] as number) }
    : { ...target, codes: Int32Array.from(positions, (i) => target.codes[i] as number) }
}

export function takePrediction(prediction: Prediction, positions: ArrayLike<number>): Prediction {
  if (prediction.task === 'regression') return { ...prediction, values: Float64Array.from(positions, (i) => prediction.values[i] as number) }
  const k = prediction.classes.length
  const probabilities = new Float64Array(positions.length * k)
  for (let i = 0; i < positions.length; i++) {
    const from = (positions[i] as number) * k
    probabilities.set(prediction.probabilities.subarray(from, from + k), i * k)
  }
  return { ...prediction, probabilities }
}
