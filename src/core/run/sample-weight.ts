/**
 * Weights of rows, from a column of the data. They weigh what the estimator learns and nothing else: the steps of
 * the recipe count each row once, as scikit-learn's do, and so does every score, so runs with and without weights compare.
 */
import { isValid } from '../data/column.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import type { RunSpec } from './run-spec.ts'

export type WeighedSpec = Pick<RunSpec, 'target' | 'sampleWeight'> & { readonly estimator: Pick<RunSpec['estimator'], 'id'> }

/** Why a column cannot weigh rows for this estimator; undefined where it can. */
export const weightProblem = (estimatorId: string): string | undefined => {
  const { label, tags } = estimators.get(estimatorId)
  return tags.ignoresWeights ? `${label} cannot weigh rows` : undefined
}

/**
 * @param rows training rows
 * @returns shape (rows), as FitOptions.weights; undefined where the spec names no column
 * @throws StudioError unsupported for an estimator that cannot use weights; bad-data for a column that is not there, not
 * numeric or the target, for a weight that is missing, negative or not finite, and where all are zero
 */
export function sampleWeights({ target, estimator, sampleWeight }: WeighedSpec, dataset: Pick<Dataset, 'columns'>, rows: Uint32Array): Float64Array | undefined {
  if (sampleWeight === undefined) return undefined
  const name = sampleWeight.slice(0, 100)
  const problem = weightProblem(estimator.id)
  if (problem) throw new StudioError({ code: 'unsupported', message: `unsupported sample weight; ${problem}: ${name}`, hint: 'Train without a sample weight, or choose another estimator.' })
  const bad = (message: string, row?: number): StudioError =>
    new StudioError({ code: 'bad-data', message, hint: 'Mend the column, or train without a sample weight.', details: { column: sampleWeight.slice(0, 200), ...(row === undefined ? {} : { row }) } })
  if (sampleWeight === target.column) throw bad(`invalid sample weight; the target cannot weigh its own rows: ${name}`)
  const column = columnNamed(dataset, sampleWeight)
  if (column.kind !== 'numeric') throw bad(`invalid sample weight; ${name} must be numeric: ${column.kind}`)
  const weights = new Float64Array(rows.length)
  let largest = 0
  rows.forEach((row, i) => {
    if (!isValid(column, row)) throw bad(`missing sample weight; every training row needs one in ${name}: row ${row + 1} has none`, row)
    const weight = column.values[row] as number
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) throw bad(`invalid sample weight; ${name} must be a finite number of at least 0 in every training row: ${weight} in row ${row + 1}`, row)
    weights[i] = weight
    largest = Math.max(largest, weight)
  })
  if (largest === 0) throw bad(`invalid sample weight; ${name} must be above 0 in some training row: all are 0`)
  return weights
}

/** What the record of a run says, since its scores do not show it. */
export const weightWords = (column: string): string => `Training weighs each row by ${column.slice(0, 100)}; every score counts each row once.`
