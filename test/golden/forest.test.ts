import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { takeRows } from '../../src/core/data/matrix.ts'
import type { Prediction, Target } from '../../src/core/data/target.ts'
import { extraTrees } from '../../src/core/estimators/extra-trees.ts'
import { randomForest } from '../../src/core/estimators/random-forest.ts'
import { checkParams } from '../../src/core/params.ts'
import { nodeContext } from '../support/node-context.ts'

interface Spread {
  readonly mean: number
  readonly sd: number
}
interface Case {
  readonly name: string
  readonly estimator: string
  readonly task: 'binary' | 'multiclass' | 'regression'
  readonly params: { readonly n_estimators: number; readonly min_samples_leaf?: number; readonly max_depth?: number; readonly criterion?: string; readonly class_weight?: string; readonly max_features?: number }
  readonly train: number
  readonly columns: number[][]
  readonly target: number[]
  readonly weights: number[] | null
  readonly loss: Spread
  readonly oob: Spread
}
const golden = JSON.parse(readFileSync(new URL('./forest.json', import.meta.url), 'utf8')) as { seeds: number; cases: Case[] }

function targetOf(one: Case, from: number, to: number): Target {
  if (one.task === 'regression') return { task: 'regression', column: 'y', values: Float64Array.from(one.target.slice(from, to)) }
  const classes = [...new Set(one.target)].sort().map(String)
  return { task: one.task, column: 'y', classes, codes: Int32Array.from(one.target.slice(from, to)) }
}

/** Log loss, or root mean squared error. */
function lossOf(prediction: Prediction, truth: number[]): number {
  if (prediction.task === 'regression') return Math.sqrt(truth.reduce((sum, y, i) => sum + (prediction.values[i]! - y) ** 2, 0) / truth.length)
  const k = prediction.classes.length
  return truth.reduce((sum, y, i) => sum - Math.log(Math.max(1e-6, prediction.probabilities[i * k + y]!)), 0) / truth.length
}

/**
 * Whether two means of `n` seeds each may differ by chance: four standard errors of their difference, ours taken
 * to spread as theirs does, and 1.5 % for quantiles instead of all values.
 */
function expectSameScore(ours: readonly number[], theirs: Spread): void {
  const mean = ours.reduce((a, b) => a + b) / ours.length
  const allowed = 4 * theirs.sd * Math.sqrt(2 / ours.length) + 0.015 * Math.abs(theirs.mean)
  expect(Math.abs(mean - theirs.mean), `${mean} against ${theirs.mean} with sd ${theirs.sd}`).toBeLessThan(allowed)
}

describe("forests score as scikit-learn's do", () => {
  test.each(golden.cases)('$name', async (one) => {
    const estimator = one.estimator === 'extra-trees' ? extraTrees : randomForest
    const rows = Array.from(one.target.keys())
    const all = { rows: rows.length, features: one.columns.map((values, i) => ({ name: `x${i}`, source: `x${i}`, values: Float32Array.from(values) })) }
    const train = takeRows(all, rows.slice(0, one.train))
    const held = takeRows(all, rows.slice(one.train))
    const params = checkParams(estimator.id, estimator.params, {
      nEstimators: one.params.n_estimators,
      maxDepth: one.params.max_depth ?? 0,
      minSamplesLeaf: one.params.min_samples_leaf ?? 1,
      criterion: one.params.criterion ?? 'gini',
      classWeight: one.params.class_weight === 'balanced_subsample' ? 'balanced-subsample' : 'none',
      maxFeatures: one.params.max_features ? 'third' : 'auto',
      bootstrap: true,
    })
    const weights = one.weights ? { weights: Float64Array.from(one.weights.slice(0, one.train)) } : {}
    const losses: number[] = []
    const oob: number[] = []
    for (let seed = 0; seed < golden.seeds; seed++) {
      const model = await estimator.fit(train, targetOf(one, 0, one.train), { params, seed, ...weights }, nodeContext())
      losses.push(lossOf(await model.predict(held), one.target.slice(one.train)))
      oob.push(model.facts['oobScore'] as number)
    }
    expectSameScore(losses, one.loss)
    expectSameScore(oob, one.oob)
  })
})
