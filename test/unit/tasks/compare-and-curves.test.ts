/** Runs against each other, and curves that are kept, as the page asks for them. */
import { beforeAll, describe, expect, test } from 'vitest'
import { quietContext } from '../../../src/core/context.ts'
import { mcNemar } from '../../../src/core/evaluate/compare.ts'
import { estimators } from '../../../src/core/estimators/registry.ts'
import { columnInfo } from '../../../src/core/data/dataset.ts'
import { defaultRecipe } from '../../../src/core/recipe/default-recipe.ts'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import { createRun, updateRun } from '../../../src/storage/runs.ts'
import { evaluateCompare, evaluateRanks } from '../../../src/tasks/evaluate-compare.ts'
import { evaluateCurve, evaluateCurves } from '../../../src/tasks/evaluate-curve.ts'
import { train } from '../../../src/tasks/train.ts'
import { ingestText, specFor } from '../../support/host.ts'
import { people, storedRun, type StoredRun } from './stored-run.ts'

let stored: StoredRun
const ids: string[] = []
async function also(estimator: string, change: Partial<RunSpec> = {}): Promise<string> {
  const recipe = { ...defaultRecipe(estimators.get(estimator).tags, people().columns.map(columnInfo), 'buys'), excluded: ['spends'] }
  const spec: RunSpec = { ...stored.spec, recipe, folds: 5, ...change, estimator: { id: estimator, params: {} } }
  const runId = `run-${estimator}-${ids.length}`
  await train({ runId, token: stored.token, spec }, stored.host)
  return runId
}
beforeAll(async () => {
  stored = await storedRun('binary', 'logistic-regression')
  for (const estimator of ['logistic-regression', 'decision-tree', 'baseline']) ids.push(await also(estimator))
})

describe('comparison', () => {
  test('every pair by every test, corrected among the pairs', async () => {
    const said = await evaluateCompare({ runIds: ids, metric: 'roc-auc' }, stored.host)
    expect(said).toMatchObject({ metric: 'roc-auc', n: 100, folds: { folds: 5, rows: 300 } })
    expect(said.pairs.map(({ first, second }) => [first, second])).toEqual([[0, 1], [0, 2], [1, 2]])
    for (const { tests } of said.pairs) {
      expect(tests.map(({ test }) => test)).toEqual(['corrected-resampled-t', 'paired-bootstrap', 'mcnemar'])
      for (const { p, corrected } of tests) {
        expect(corrected).toBeGreaterThanOrEqual(p)
        expect(corrected).toBeLessThanOrEqual(1)
      }
    }
    // The model has learnt something, and guessing has not: both tests see it.
    const [folds, rows] = said.pairs[1]!.tests
    expect(folds!.difference).toBeGreaterThan(0.1)
    expect(folds!.corrected).toBeLessThan(0.05)
    expect(rows!.corrected).toBeLessThan(0.05)
    expect(rows!.low).toBeGreaterThan(0)
  })
  test('a run is not told apart from itself', async () => {
    const { pairs } = await evaluateCompare({ runIds: [ids[0]!, ids[0]!], metric: 'accuracy' }, stored.host)
    for (const { difference, corrected } of pairs[0]!.tests) expect([difference, corrected]).toEqual([0, 1])
    expect(mcNemar([1, 0], [1, 0]).p).toBe(1)
  })
  test('runs of other rows or another question are refused, and so is one alone', async () => {
    const other = await also('decision-tree', { split: { ...stored.spec.split, seed: 2 } })
    await expect(evaluateCompare({ runIds: [ids[0]!, other], metric: 'roc-auc' }, stored.host)).rejects.toThrow('and the split differ')
    await expect(evaluateRanks({ runIds: [ids[0]!, other], metric: 'roc-auc' }, stored.host)).rejects.toMatchObject({ code: 'unsupported' })
    await expect(evaluateCompare({ runIds: [ids[0]!], metric: 'roc-auc' }, stored.host)).rejects.toThrow('not 2 to 12 runs: 1')
  })
  test('without common folds the rows still compare', async () => {
    const { pairs, folds } = await evaluateCompare({ runIds: [ids[0]!, stored.runId], metric: 'roc-auc' }, stored.host)
    expect(folds).toBeUndefined()
    expect(pairs[0]!.tests.map(({ test }) => test)).toEqual(['paired-bootstrap', 'mcnemar'])
  })
  test('ranks on rows are shared by equals, and guessing ranks last', async () => {
    const { ranks, n } = await evaluateRanks({ runIds: [ids[2]!, ids[0]!, stored.runId], metric: 'roc-auc' }, stored.host)
    expect(n).toBe(100)
    expect(ranks).toEqual([3, 1, 1])
  })
  test('a run that has no score has no rank', async () => {
    const failed = await createRun(stored.store, { spec: stored.spec, token: stored.token, dataHash: 'x', environment: { app: '0', userAgent: '', backend: 'cpu', threads: 1 } })
    await updateRun(stored.store, failed.id, stored.token, { status: 'failed' })
    expect((await evaluateRanks({ runIds: [ids[0]!, failed.id], metric: 'roc-auc' }, stored.host)).ranks).toEqual([1, null])
  })
})

test('a curve of a sampled run is of as many rows', async () => {
  // Folds of the 200 rows that the run has, of which it learnt from 100.
  const { points } = await evaluateCurve({ runId: await also('baseline', { sampleRows: 100 }), over: { by: 'rows' }, metric: 'f1' }, stored.host)
  expect(points.map(({ rows }) => rows)).toEqual([10, 33, 55, 78, 100])
})

test('a curve asks for the class that the run asks for, where another is rarer among its rows', async () => {
  // Of all rows "no" is rarer; without the sealed ones "yes" is.
  const text = ['x,part,sold', ...Array.from({ length: 120 }, (_, row) => `${(row * 7) % 31},${row < 40 ? 'test' : row % 5 === 0 ? 'valid' : 'train'},${row < 40 || (row * 7) % 31 > 20 ? 'yes' : 'no'}`)].join('\n')
  const opened = await ingestText(text)
  const spec: RunSpec = { ...specFor(opened, { column: 'sold', task: 'binary' }, 'decision-tree', { maxDepth: 2 }), split: { strategy: { kind: 'column', column: 'part' }, validShare: 0.2, testShare: 0.2, seed: 1 } }
  const curveOf = async (runId: string, positive: { positive?: string }) => {
    await train({ runId, token: opened.token, spec: { ...spec, target: { ...spec.target, ...positive } } }, opened.host)
    return evaluateCurve({ runId, over: { by: 'rows' }, metric: 'f1' }, opened.host)
  }
  expect(await curveOf('unset', {})).toEqual(await curveOf('named', { positive: 'no' }))
})

test('a curve uses no test row, is kept with the run, and the newest of a sort is the one that stays', async () => {
  const ask = (host = stored.host) => evaluateCurve({ runId: ids[1]!, over: { by: 'rows' }, metric: 'roc-auc', token: stored.token }, host)
  const curve = await ask()
  // 400 rows, 100 of them sealed.
  expect(curve.rows).toBe(300)
  expect(await evaluateCurves({ runId: ids[1]! }, stored.host)).toEqual([curve])
  let points = 0
  const context = quietContext({ report: (progress) => progress.kind === 'curve' && progress.series === 'held-out rows' && points++, stopping: () => points >= 2 })
  const short = await ask({ ...stored.host, context })
  expect(short.stopped).toBe(true)
  expect(await evaluateCurves({ runId: ids[1]! }, stored.host)).toEqual([short])
  const param = await evaluateCurve({ runId: ids[1]!, over: { by: 'parameter', name: 'maxDepth', values: [1, 3] }, metric: 'roc-auc', token: stored.token }, stored.host)
  expect((await evaluateCurves({ runId: ids[1]! }, stored.host)).length).toBe(2)
  expect(param.x).toEqual([1, 3])
  expect(await evaluateCurves({ runId: ids[0]! }, stored.host)).toEqual([])
})
