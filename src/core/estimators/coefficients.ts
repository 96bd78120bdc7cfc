/** The coefficients of a linear model as a table: as they are, for a standard deviation, and how sure they are. */
import { normalCumulative, studentCritical } from '../math/distributions.ts'
import type { LinearState } from './linear.ts'

export interface CoefficientRow {
  readonly feature: string
  /** Index into classes, or 0 where there is one output. */
  readonly output: number
  /** Change of the score for one unit of the feature as it enters the model. */
  readonly raw: number
  /** Change of the score for one standard deviation of the feature in training. */
  readonly standardised: number
  /** Bounds of `raw`; absent where the model has no intervals. */
  readonly interval?: readonly [low: number, high: number]
}

/**
 * @param features names in feature order
 * @param level of the intervals, in (0, 1)
 * @returns a row a feature and output, features first
 */
export function coefficientTable({ coefficients, featureScales, intercepts, standardErrors, degreesOfFreedom }: LinearState, features: readonly string[], level = 0.95): readonly CoefficientRow[] {
  const p = features.length
  const reach = degreesOfFreedom === undefined ? normalCritical(level) : studentCritical(1 - level, degreesOfFreedom)
  return features.flatMap((feature, j) =>
    Array.from(intercepts, (_, output): CoefficientRow => {
      const raw = coefficients[output * p + j] as number
      const error = standardErrors?.[output * p + j]
      const row = { feature, output, raw, standardised: raw * (featureScales[j] as number) }
      return error === undefined || !Number.isFinite(error) ? row : { ...row, interval: [raw - reach * error, raw + reach * error] }
    }),
  )
}

/** z with P(|Z| <= z) = level, by halving. */
function normalCritical(level: number): number {
  let [low, high] = [0, 40]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (2 * normalCumulative(middle) - 1 < level) low = middle
    else high = middle
  }
  return high
}
