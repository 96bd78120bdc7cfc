/** A model of another tool is evaluated and questioned like one of ours: every question of the Evaluate and Explain pages. */
import { beforeAll, expect, test } from 'vitest'
import type { Cell } from '../../../src/core/data/column.ts'
import type { Explanation, LocalAttribution, NearestCounterfactual, PartialDependence, PermutationImportance } from '../../../src/core/explain/explainer.ts'
import type { ParamValues } from '../../../src/core/params.ts'
import { readRun } from '../../../src/storage/runs.ts'
import { deployPredict } from '../../../src/tasks/deploy-predict.ts'
import { evaluateCell } from '../../../src/tasks/evaluate-cell.ts'
import { evaluateCompare } from '../../../src/tasks/evaluate-compare.ts'
import { evaluateGroups } from '../../../src/tasks/evaluate-groups.ts'
import { evaluateTest } from '../../../src/tasks/evaluate-test.ts'
import { evaluateThreshold } from '../../../src/tasks/evaluate-threshold.ts'
import { explainPredict } from '../../../src/tasks/explain-predict.ts'
import { explainRow } from '../../../src/tasks/explain-row.ts'
import { explainRun } from '../../../src/tasks/explain-run.ts'
import { train } from '../../../src/tasks/train.ts'
import { expectAllClose } from '../../support/expect-all-close.ts'
import { broughtRun } from './brought-run.ts'
import type { StoredRun } from './stored-run.ts'

let run: StoredRun
beforeAll(async () => {
  run = await broughtRun()
})
const ask = async <T extends Explanation>(kind: T['kind'], params: ParamValues = {}, row?: readonly { column: string; cell: Cell }[]) => {
  const said = await explainRun({ runId: run.runId, explainer: kind, params, part: 'valid', ...(row && { row, rowNumber: 12 }) }, run.host)
  if (said.kind !== kind) throw new Error(said.kind)
  return said as T
}

test('what-if, and why: parts follow an edit and add up to the model’s own answer', async () => {
  const { runId, host } = run
  const { cells, prediction } = await explainRow({ runId, row: 12 }, host)
  for (const row of [cells, cells.map(({ column, cell }) => ({ column, cell: column === 'size' ? 1.9 : cell }))]) {
    const { probabilities } = await explainPredict({ runId, cells: row }, host)
    const said = await ask<LocalAttribution>('sampled-shap', {}, row)
    expect(said).toMatchObject({ output: 'probability of yes', predicted: probabilities?.[1], sampling: { ended: 'exact', rows: 144, of: 144 } })
    expectAllClose([said.columns.reduce((sum, { part }) => sum + part, said.base)], [probabilities![1]!], { absolute: 1e-12 })
    expect(said.columns.map(({ column }) => column).sort()).toEqual(['place', 'size'])
  }
  expect((await explainPredict({ runId, cells: cells.map(({ column }) => ({ column, cell: column === 'size' ? 99 : 'moon' })) }, host)).warnings).toHaveLength(2)
  expect(prediction.probabilities).toHaveLength(2)
})

test('curves, importance and the nearest row with another outcome', async () => {
  const { runId, host } = run
  const { cells, prediction } = await explainRow({ runId, row: 12 }, host)
  const numbers = await ask<PartialDependence>('partial-dependence', { column: 'size' }, cells)
  expectAllClose([numbers.row[numbers.rowGrid!.indexOf(cells.find(({ column }) => column === 'size')!.cell as number)]!], [prediction.probabilities![1]!], { absolute: 1e-7 })
  const names = await ask<PartialDependence>('partial-dependence', { column: 'place' }, cells)
  expect([...names.grid].sort()).toEqual(['hill', 'shore', 'town'])
  const importance = await ask<PermutationImportance>('permutation-importance')
  expect(importance.columns.map(({ column }) => column).sort()).toEqual(['place', 'size'])
  expect(await ask<NearestCounterfactual>('nearest-counterfactual', {}, cells)).toMatchObject({ found: true, outcome: prediction.label === 'yes' ? 'no' : 'yes' })
})

test('groups, slices, cells, a threshold, calibration, the test part, and beside a run of ours', async () => {
  const { runId, host, token, store, spec } = run
  const { evaluation } = await readRun(store, runId)
  expect(evaluation?.calibration).toBeDefined()
  const groups = await evaluateGroups({ runId, part: 'valid', columns: ['place', 'size'], metric: 'accuracy' }, host)
  expect(groups.groups.reduce((sum, { n }) => sum + n, 0)).toBe(72)
  const slice = await evaluateGroups({ runId, part: 'valid', columns: ['size'], metric: 'f1', conditions: [{ column: 'place', op: 'is', value: 'shore' }] }, host)
  const shore = slice.groups.reduce((sum, { n }) => sum + n, 0)
  expect(shore).toBeGreaterThan(10)
  expect(shore).toBeLessThan(40)
  const cell = await evaluateCell({ runId, part: 'valid', actual: 1, predicted: 1, threshold: 0.5 }, host)
  expect(cell.rowNumbers.length).toBe(evaluation?.confusion?.[1]?.[1])
  expect((await evaluateThreshold({ runId, token, threshold: 0.4 }, host)).confusion).not.toEqual(evaluation?.confusion)
  expect((await evaluateTest({ runId, token }, host)).n).toBe(24)

  await train({ runId: 'ours', token, spec: { ...spec, estimator: { id: 'k-neighbors', params: {} }, recipe: { version: 1, excluded: ['place'], steps: [] } } }, host)
  const { pairs, n } = await evaluateCompare({ runIds: [runId, 'ours'], metric: 'roc-auc' }, host)
  expect(n).toBe(72)
  expect(pairs).toHaveLength(1)
})

test('a file of new rows is answered', async () => {
  const { runId, host } = run
  const answered = await deployPredict({ runId, source: { kind: 'paste', text: 'size,place\n1.5,hill\n-1.5,town\n' }, choices: {} }, host)
  expect(answered).toMatchObject({ rows: 2 })
})
