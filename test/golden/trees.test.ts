import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import type { Target } from '../../src/core/data/target.ts'
import { decisionTree } from '../../src/core/estimators/decision-tree.ts'
import type { TreeModel } from '../../src/core/estimators/tree/head.ts'
import { gainImportance } from '../../src/core/estimators/tree/tree.ts'
import { checkParams } from '../../src/core/params.ts'
import { expectAllClose } from '../support/expect-all-close.ts'

interface Case {
  readonly name: string
  readonly task: 'binary' | 'multiclass' | 'regression'
  readonly params: { readonly max_depth?: number; readonly min_samples_leaf?: number; readonly min_samples_split?: number; readonly min_impurity_decrease?: number; readonly criterion?: string; readonly ccp_alpha?: number; readonly class_weight?: string }
  readonly feature: number[]
  readonly threshold: number[]
  readonly rows: number[]
  readonly left: number[]
  readonly right: number[]
  readonly value: number[][]
  readonly importance: number[]
  readonly weights: number[] | null
  readonly columns: number[][]
  readonly target: number[]
}
const golden = JSON.parse(readFileSync(new URL('./trees.json', import.meta.url), 'utf8')) as { cases: Case[] }

function targetOf(one: Case): Target {
  if (one.task === 'regression') return { task: 'regression', column: 'y', values: Float64Array.from(one.target) }
  const classes = [...new Set(one.target)].sort().map(String)
  return { task: one.task, column: 'y', classes, codes: Int32Array.from(one.target) }
}

describe('decision tree equals scikit-learn node by node', () => {
  test.each(golden.cases)('$name', async (one) => {
    const X = { rows: one.target.length, features: one.columns.map((values, i) => ({ name: `x${i}`, source: `x${i}`, values: Float32Array.from(values) })) }
    const params = checkParams('decision-tree', decisionTree.params, {
      maxDepth: one.params.max_depth ?? 0,
      minSamplesLeaf: one.params.min_samples_leaf ?? 1,
      minSamplesSplit: one.params.min_samples_split ?? 2,
      minImpurityDecrease: one.params.min_impurity_decrease ?? 0,
      criterion: one.params.criterion === 'entropy' ? 'entropy' : 'gini',
      errorCriterion: one.params.criterion === 'absolute_error' ? 'absolute' : 'squared',
      ccpAlpha: one.params.ccp_alpha ?? 0,
      classWeight: one.params.class_weight ?? 'none',
    })
    const weights = one.weights ? { weights: Float64Array.from(one.weights) } : {}
    const { trees } = (await decisionTree.fit(X, targetOf(one), { params, seed: 0, ...weights }, quietContext())) as TreeModel
    expect(Array.from(trees.feature)).toEqual(one.feature)
    expect(Array.from(trees.left)).toEqual(one.left)
    expect(Array.from(trees.right)).toEqual(one.right)
    expect(Array.from(trees.cover)).toEqual(one.rows)
    // scikit-learn keeps thresholds in double; ours are the same midpoints rounded to float32.
    const inner = one.feature.flatMap((feature, node) => (feature < 0 ? [] : [node]))
    expectAllClose(inner.map((node) => trees.threshold[node] as number), inner.map((node) => one.threshold[node] as number), { relative: 2 ** -23 })
    // Sums in another order: a few units of double precision over some hundred rows.
    expectAllClose(trees.value, one.value.flat(), { relative: 1e-12, absolute: 1e-12 })
    expectAllClose(gainImportance(trees, one.columns.length), one.importance, { relative: 1e-9, absolute: 1e-12 })
  })
})
