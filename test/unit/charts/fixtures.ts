/** One small input a chart kind; evaluations come from the real evaluate, so charts and data cannot part. */
import { evaluate } from '../../../src/core/evaluate/evaluate.ts'
import type { Evaluation } from '../../../src/core/evaluate/evaluation.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { nodeContext } from '../../support/node-context.ts'

const hostile = ['__proto__', '<img src=x onerror=alert(1)>', 'a "quoted"\nname & <b>bold</b>'] as const

export async function classEvaluation(k: number, rows = 60): Promise<Evaluation> {
  const rng = createRng(k).fork('charts')
  const classes = k === 2 ? ['no', 'yes'] : [...hostile]
  const codes = Int32Array.from({ length: rows }, (_, i) => i % k)
  const probabilities = new Float64Array(rows * k)
  for (let row = 0; row < rows; row++) {
    let sum = 0
    for (let c = 0; c < k; c++) {
      const weight = rng.next() + (codes[row] === c ? 0.8 : 0)
      probabilities[row * k + c] = weight
      sum += weight
    }
    for (let c = 0; c < k; c++) probabilities[row * k + c] = (probabilities[row * k + c] as number) / sum
  }
  const task = k === 2 ? ('binary' as const) : ('multiclass' as const)
  return evaluate(
    { part: 'valid', rows: Uint32Array.from({ length: rows }, (_, i) => i), target: { task, column: 'y', classes, codes }, prediction: { task, classes, probabilities }, threshold: 0.5, seed: 1 },
    nodeContext(),
  )
}

export async function regressionEvaluation(rows = 50): Promise<Evaluation> {
  const rng = createRng(9).fork('charts')
  const values = Float64Array.from({ length: rows }, (_, i) => i + rng.next() * 4)
  return evaluate(
    {
      part: 'valid',
      rows: Uint32Array.from({ length: rows }, (_, i) => i * 2),
      target: { task: 'regression', column: 'y', values },
      prediction: { task: 'regression', values: values.map((value) => value + (rng.next() - 0.5) * 6) },
      threshold: 0.5,
      seed: 1,
    },
    nodeContext(),
  )
}

export const groupReport = {
  columns: ['sex', '__proto__'],
  metric: 'accuracy',
  part: 'valid',
  overall: { metric: 'accuracy', value: 0.8, low: 0.75, high: 0.85 },
  groups: [
    { values: ['female', null], n: 40, score: { metric: 'accuracy', value: 0.85, low: 0.7, high: 0.95 }, conditions: [] },
    { values: ['<b>male</b>', ''], n: 5, score: { metric: 'accuracy', value: null, reason: 'too few rows', low: null, high: null }, conditions: [] },
  ],
  omitted: { groups: 0, rows: 0 },
} as const
export const importanceOf = {
  kind: 'permutation-importance',
  metric: 'roc-auc',
  part: 'valid',
  n: 120,
  baseline: 0.9,
  columns: [
    { column: 'age', drops: [0.2, 0.1], mean: 0.15, sd: 0.05 },
    { column: '=HYPERLINK("x")', drops: [-0.01, 0.01], mean: 0, sd: 0.01 },
  ],
} as const
export const dependenceOf = { kind: 'partial-dependence', part: 'valid', column: 'age', output: 'probability of yes', grid: [20, 30, 40], mean: [0.2, 0.4, 0.5], ice: [[0.1, 0.2, 0.3], [0.5, 0.6, 0.9]], row: [0.2, 0.5, 0.8], n: 2 } as const
export const historyOf = { name: 'run', history: [{ name: 'training loss', x: [1, 2, 3], y: [0.9, 0.5, 0.4] }, { name: 'validation loss', x: [1, 2, 3], y: [0.95, 0.7, 0.72] }] } as const
export const leaderboardOf = {
  metric: { label: 'ROC AUC', greaterIsBetter: true },
  part: 'validation',
  n: 100,
  rows: [
    { name: 'Boosting', estimator: 'Gradient boosting', value: 0.9, low: 0.85, high: 0.94, isBaseline: false },
    { name: '__proto__', estimator: 'Baseline', value: 0.5, low: null, high: null, isBaseline: true },
    { name: 'Broken', estimator: 'Ridge', value: null, low: null, high: null, isBaseline: false },
  ],
} as const
export const histogramOf = { name: 'age', histogram: { edges: [0, 10, 20, 30], counts: [4, 9, 2] } } as const
