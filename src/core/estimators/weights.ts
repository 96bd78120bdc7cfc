/** Weights of rows: checked once, in one place, for every estimator that takes them. */
import type { ClassTarget } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import type { Param } from '../params.ts'

/** The parameter of every classifier that can lift its rare classes. */
export const classWeightParam = {
  kind: 'choice',
  default: 'none',
  options: [
    { value: 'none', label: 'As they are' },
    { value: 'balanced', label: 'Balanced' },
  ],
  label: 'Class weights',
  help: 'Balanced gives rare classes the same say as common ones.',
  only: 'classes',
} as const satisfies Param

/**
 * @returns a fresh array, shape (rows); ones where none were given
 * @throws StudioError bad-data for another length, a weight that is negative or not finite, or a sum of zero
 */
export function rowWeights(owner: string, rows: number, given: Float64Array | undefined): Float64Array {
  if (!given) return new Float64Array(rows).fill(1)
  if (given.length !== rows) throw new StudioError({ code: 'bad-data', message: `invalid weights of ${owner}; one for each of ${rows} rows: ${given.length}` })
  let total = 0
  for (let row = 0; row < rows; row++) {
    const weight = given[row] as number
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new StudioError({ code: 'bad-data', message: `invalid weight of ${owner}; not a finite number of at least 0: ${weight}`, details: { row } })
    }
    total += weight
  }
  if (!(total > 0)) throw new StudioError({ code: 'bad-data', message: `invalid weights of ${owner}; their sum must be above 0: ${total}` })
  return Float64Array.from(given)
}

/** Weights as networks take them: 1 on average, so that the learning rate means the same; undefined where all are alike. */
export function meanOne(weights: Float64Array): Float32Array | undefined {
  if (weights.every((weight) => weight === weights[0])) return undefined
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length
  return Float32Array.from(weights, (weight) => weight / mean)
}

/** `rowWeights` times rows / (classes that occur x rows of the own class), as scikit-learn's class_weight='balanced'. */
export function classRowWeights(owner: string, y: ClassTarget, classWeight: string, given: Float64Array | undefined): Float64Array {
  const weights = rowWeights(owner, y.codes.length, given)
  if (classWeight !== 'balanced') return weights
  const counts = new Float64Array(y.classes.length)
  for (const code of y.codes) counts[code] = (counts[code] as number) + 1
  const present = counts.filter((count) => count > 0).length
  y.codes.forEach((code, row) => (weights[row] = (weights[row] as number) * (y.codes.length / (present * (counts[code] as number)))))
  return weights
}
