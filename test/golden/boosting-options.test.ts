import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { takeRows } from '../../src/core/data/matrix.ts'
import type { Target } from '../../src/core/data/target.ts'
import { histGradientBoosting } from '../../src/core/estimators/hist-gradient-boosting.ts'
import { checkParams } from '../../src/core/params.ts'
import { nodeContext } from '../support/node-context.ts'

interface Case {
  readonly name: string
  readonly peer: string
  readonly params: { readonly loss?: string; readonly quantile?: number; readonly monotonic_cst?: number[]; readonly monotone_constraints?: string; readonly interaction_cst?: number[][]; readonly alpha?: number; readonly lambda?: number; readonly max_depth?: number; readonly min_child_weight?: number }
  readonly target: number[]
  readonly weighted: boolean
  readonly prediction: number[]
}
const golden = JSON.parse(readFileSync(new URL('./boosting_options.json', import.meta.url), 'utf8')) as { columns: number[][]; weights: number[]; train: number; cases: Case[] }
const losses: Readonly<Record<string, string>> = { absolute_error: 'absolute', quantile: 'quantile', poisson: 'poisson' }

function paramsOf(one: Case) {
  const { params } = one
  const signs = params.monotonic_cst ?? (params.monotone_constraints ? (JSON.parse(params.monotone_constraints.replace('(', '[').replace(')', ']')) as number[]) : [])
  return checkParams('boosting', histGradientBoosting.params, {
    earlyStopping: 'off',
    maxIter: 25,
    learningRate: 0.2,
    minSamplesLeaf: Math.max(1, one.params.min_child_weight ?? 8),
    maxLeafNodes: one.peer === 'XGBoost' ? 0 : 12,
    maxDepth: params.max_depth ?? 0,
    loss: losses[params.loss ?? ''] ?? 'squared',
    quantile: params.quantile ?? 0.5,
    l1Regularization: params.alpha ?? 0,
    l2Regularization: params.lambda ?? 0,
    monotonicCst: signs.length > 0 ? JSON.stringify(Object.fromEntries(signs.map((sign, i) => [`x${i}`, sign]))) : '',
    interactionCst: params.interaction_cst ? JSON.stringify(params.interaction_cst.map((group) => group.map((i) => `x${i}`))) : '',
  })
}

describe('boosting predicts what its peers predict', () => {
  test.each(golden.cases)('$peer: $name', async (one) => {
    const all = { rows: one.target.length, features: golden.columns.map((values, i) => ({ name: `x${i}`, source: `x${i}`, values: Float32Array.from(values) })) }
    const rows = Array.from(one.target.keys())
    const isClass = one.name.endsWith('classes')
    const y: Target = isClass
      ? { task: 'binary', column: 'y', classes: ['0', '1'], codes: Int32Array.from(one.target.slice(0, golden.train)) }
      : { task: 'regression', column: 'y', values: Float64Array.from(one.target.slice(0, golden.train)) }
    const weights = one.weighted ? { weights: Float64Array.from(golden.weights) } : {}
    const model = await histGradientBoosting.fit(takeRows(all, rows.slice(0, golden.train)), y, { params: paramsOf(one), seed: 1, ...weights }, nodeContext())
    const prediction = await model.predict(takeRows(all, one.peer === 'XGBoost' ? rows.slice(0, golden.train) : rows.slice(golden.train)))
    const ours = prediction.task === 'regression' ? prediction.values : prediction.probabilities.filter((_, i) => i % 2 === 1)
    const mean = one.prediction.reduce((a, b) => a + b) / one.prediction.length
    const spread = one.prediction.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    const apart = one.prediction.reduce((sum, value, i) => sum + (value - (ours[i] as number)) ** 2, 0)
    // Peers and we keep scores in float32 over 25 rounds; splits are the same ones.
    expect(Math.sqrt(apart / spread)).toBeLessThan(2e-6)
  })
})
