import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { takeRows } from '../../src/core/data/matrix.ts'
import type { Matrix } from '../../src/core/data/matrix.ts'
import type { Prediction, Target } from '../../src/core/data/target.ts'
import { histGradientBoosting } from '../../src/core/estimators/hist-gradient-boosting.ts'
import { checkParams } from '../../src/core/params.ts'
import { nodeContext } from '../support/node-context.ts'

interface Golden {
  readonly name: string
  readonly task: 'binary' | 'multiclass' | 'regression'
  readonly params: { readonly max_iter: number; readonly learning_rate: number; readonly min_samples_leaf?: number; readonly max_leaf_nodes?: number; readonly l2_regularization?: number }
  readonly categories: number[]
  readonly columns: (number | null)[][]
  readonly target: number[]
  readonly fold: number[]
  /** Log loss or mean squared error of scikit-learn, one a fold. */
  readonly score: number[]
}

const load = (name: string): Golden => JSON.parse(readFileSync(new URL(`./boosting-${name}.json`, import.meta.url), 'utf8')) as Golden

function targetAt(golden: Golden, rows: readonly number[]): Target {
  const values = rows.map((row) => golden.target[row] as number)
  if (golden.task === 'regression') return { task: 'regression', column: 'y', values: Float64Array.from(values) }
  const classes = [...new Set(golden.target)].sort((a, b) => a - b).map(String)
  return { task: golden.task, column: 'y', classes, codes: Int32Array.from(values) }
}

function lossOf(prediction: Prediction, truth: Target): number {
  if (prediction.task === 'regression' && truth.task === 'regression') return prediction.values.reduce((sum, value, i) => sum + (value - (truth.values[i] as number)) ** 2, 0) / prediction.values.length
  if (prediction.task === 'regression' || truth.task === 'regression') throw new Error('mixed tasks')
  const k = prediction.classes.length
  return truth.codes.reduce((sum, code, i) => sum - Math.log(Math.max(1e-15, prediction.probabilities[i * k + code] as number)), 0) / truth.codes.length
}

/** Our scores on scikit-learn's folds. */
async function crossValidate(golden: Golden): Promise<number[]> {
  const X: Matrix = {
    rows: golden.target.length,
    features: golden.columns.map((column, i) => {
      const feature = { name: `x${i}`, source: `x${i}`, values: Float32Array.from(column, (value) => value ?? Number.NaN) }
      const count = golden.categories[i] as number
      return count > 0 ? { ...feature, categories: Array.from({ length: count }, (_, code) => `c${code}`) } : feature
    }),
  }
  const params = checkParams('boosting', histGradientBoosting.params, {
    earlyStopping: 'off',
    maxIter: golden.params.max_iter,
    learningRate: golden.params.learning_rate,
    minSamplesLeaf: golden.params.min_samples_leaf ?? 20,
    maxLeafNodes: golden.params.max_leaf_nodes ?? 31,
    l2Regularization: golden.params.l2_regularization ?? 0,
  })
  const scores: number[] = []
  for (let fold = 0; fold < golden.score.length; fold++) {
    const all = golden.fold.map((_, row) => row)
    const train = all.filter((row) => golden.fold[row] !== fold)
    const judge = all.filter((row) => golden.fold[row] === fold)
    const model = await histGradientBoosting.fit(takeRows(X, train), targetAt(golden, train), { params, seed: 1 }, nodeContext())
    scores.push(lossOf(await model.predict(takeRows(X, judge)), targetAt(golden, judge)))
  }
  return scores
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

describe("boosting is as good as scikit-learn's HistGradientBoosting, by 5-fold cross-validation on the same folds", () => {
  // Within noise: the mean of the paired differences is at most two of its standard errors, or 2 % of
  // the loss where folds agree so closely that their spread is no measure of noise.
  test.each(['cancer', 'wine', 'diabetes', 'digits', 'penguins', 'credit'])('%s', async (name) => {
    const golden = load(name)
    const scores = await crossValidate(golden)
    const differences = scores.map((score, fold) => score - (golden.score[fold] as number))
    const mean = meanOf(differences)
    const error = Math.sqrt(meanOf(differences.map((difference) => (difference - mean) ** 2)) / (differences.length - 1))
    const limit = Math.max(2 * error, 0.02 * meanOf(golden.score))
    expect(mean, `ours ${meanOf(scores)}, scikit-learn ${meanOf(golden.score)}`).toBeLessThanOrEqual(limit)
  })
})
