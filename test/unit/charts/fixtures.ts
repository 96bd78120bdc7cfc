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

export const attributionOf = {
  kind: 'tree-shap', output: 'log-odds of <b>yes</b>', link: 'log-odds', base: -0.5, score: 0.8, predicted: 0.69, gap: 1e-12,
  columns: [{ column: 'age', cell: 42, part: 1.5 }, { column: '__proto__', cell: 'red', part: -0.3 }, ...Array.from({ length: 14 }, (_, i) => ({ column: `c${i}`, cell: null, part: i === 0 ? 0.1 : 0 }))],
} as const
export const sampledOf = {
  kind: 'sampled-shap', output: 'probability of yes', link: 'identity', base: 0.4, score: 0.7, predicted: 0.7, gap: 0,
  columns: [{ column: 'age', cell: 42, part: 0.3218, band: 0.021 }, { column: '__proto__', cell: 'red', part: -0.0218, band: 0.03 }, { column: 'idle', cell: null, part: 0, band: 0 }],
  sampling: { questions: 3712, rows: 96, of: 420, ended: 'converged', baseBand: 0.04, tolerance: 0.1 },
} as const
export const shapSummaryOf = {
  kind: 'shap-summary', output: 'price', link: 'identity', base: 4, part: 'valid', n: 4,
  columns: [
    { column: 'age', mean: 0.5, parts: [0.5, 0.5, -0.5, 0.5], ranks: [0, 0.5, 1, null] },
    { column: '=cmd()', mean: 0.1, parts: [0.1, -0.1, 0.1, 0.1], ranks: [null, null, null, null] },
  ],
} as const
const node = { x: 0, gain: 1, hidden: 0 }
export const treeOf = {
  kind: 'tree-view', trees: 1, tree: 1, values: 'shares', output: 'probability of yes', averaged: false, classes: ['no', '<i>yes</i>'],
  nodes: [
    { ...node, node: 0, parent: -1, side: 'root', depth: 0, rows: 10, values: [0.5, 0.5], question: 'age ≤ 2.5', otherwise: 'age > 2.5' },
    { ...node, node: 1, parent: 0, side: 'left', depth: 1, rows: 6, values: [0.75, 0.25] },
    { ...node, node: 2, parent: 0, side: 'right', depth: 1, rows: 4, values: [0.25, 0.75], question: 'town is Ulm', otherwise: 'town is not Ulm' },
    { ...node, node: 3, parent: 2, side: 'left', depth: 2, rows: 1, values: [1, 0] },
    { ...node, node: 4, parent: 2, side: 'right', depth: 2, rows: 3, values: [0, 1], hidden: 4, question: 'deep ≤ 1', otherwise: 'deep > 1' },
  ],
  path: [0, 2, 4],
} as const
export const coefficientsOf = {
  kind: 'coefficients', outputs: ['log-odds of yes'], link: 'log-odds', intercepts: [0.25], level: 0.95,
  rows: [
    { feature: 'age', source: 'age', output: 0, raw: 0.02, own: true, standardised: 0.4, interval: [0.01, 0.03], standardisedInterval: [0.2, 0.6] },
    { feature: '__proto__', source: '__proto__', output: 0, raw: -1.5, own: false, standardised: -0.7 },
  ],
} as const
export const pathOf = { kind: 'coefficient-path', output: 'price', penalties: [10, 1, 0.1], chosen: 1, features: [{ feature: 'age', values: [0, 2, 3] }, { feature: '<b>x</b>', values: [0, 0, -1] }, { feature: 'never', values: [0, 0, 0] }] } as const
const numbers = { column: 'age', feature: 'age', edges: [0, 1.5, 4] }
const names = { column: 'town', feature: 'town', names: ['Ulm', '<b>Bonn</b>'] }
export const shapesOf = {
  kind: 'shapes', output: 'log-odds of yes', link: 'log-odds', part: 'valid', n: 20, intercept: 0.1, classes: [],
  terms: [
    { axes: [numbers], weight: 0.5, values: [-0.5, 0.5, 0.1], spread: [0.1, 0.1, 0], rows: [9, 9, 2], chosen: { at: [3], cells: [1], value: 0.5 } },
    { axes: [names], weight: 0.2, values: [0.2, -0.2, 0], spread: [0, 0.1, 0], rows: [10, 10, 0], chosen: { at: [null], cells: [2], value: 0 } },
    { axes: [names, numbers], weight: 0.1, values: [0.1, -0.1, 0, 0.2, -0.2, 0, 0, 0, 0], spread: [0, 0, 0, 0, 0, 0, 0, 0, 0], rows: [5, 5, 0, 5, 5, 0, 0, 0, 0], chosen: { at: [1, 2], cells: [1, 1], value: -0.2 } },
  ],
} as const

export const foldCurveOf = {
  kind: 'fold-curve', metric: 'roc-auc', folds: 2, rows: 100, x: [0.5, 1], current: 1, baseline: 0.5, stopped: false, over: { by: 'rows' },
  points: [{ rows: 40, train: [0.9, 1], held: [0.6, 0.7] }, { rows: 80, train: [0.9, 0.8], held: [0.75, null] }],
  verdict: { advice: 'unknown', because: 'A score is undefined.' },
} as const

const compared = { low: -0.02, high: 0.1, p: 0.01, corrected: 0.02, n: 5 }
export const differencesOf = {
  metric: 'ROC AUC', test: 'corrected-resampled-t', names: ['Boosting', '<b>x</b>', '__proto__'],
  pairs: [
    { first: 0, second: 1, tests: [{ ...compared, test: 'corrected-resampled-t', difference: 0.04 }] },
    { first: 0, second: 2, tests: [{ ...compared, test: 'corrected-resampled-t', difference: -0.01, corrected: 0.6 }, { ...compared, test: 'mcnemar', difference: 0.01, low: null, high: null }] },
  ],
} as const
