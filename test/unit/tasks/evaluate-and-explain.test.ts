import { beforeAll, describe, expect, test } from 'vitest'
import type { Cell } from '../../../src/core/data/column.ts'
import { readRun } from '../../../src/storage/runs.ts'
import { evaluateCell } from '../../../src/tasks/evaluate-cell.ts'
import { evaluateGroups } from '../../../src/tasks/evaluate-groups.ts'
import { evaluateTest } from '../../../src/tasks/evaluate-test.ts'
import { evaluateThreshold } from '../../../src/tasks/evaluate-threshold.ts'
import { explainPredict } from '../../../src/tasks/explain-predict.ts'
import { explainRow } from '../../../src/tasks/explain-row.ts'
import { explainRun } from '../../../src/tasks/explain-run.ts'
import { storedRun } from './stored-run.ts'
import type { StoredRun } from './stored-run.ts'

describe('a binary run', () => {
  let run: StoredRun
  beforeAll(async () => {
    run = await storedRun('binary', 'logistic-regression')
  })

  test('test figures stay sealed until opened, and every opening is counted', async () => {
    const { host, runId, token, store } = run
    const sealed = /sealed until it is opened/
    await expect(evaluateGroups({ runId, part: 'test', columns: ['town'], metric: 'accuracy' }, host)).rejects.toThrow(sealed)
    await expect(evaluateCell({ runId, part: 'test', actual: 1, predicted: 1, threshold: 0.5 }, host)).rejects.toThrow(sealed)
    await expect(explainRun({ runId, explainer: 'permutation-importance', params: {}, part: 'test' }, host)).rejects.toThrow(sealed)
    expect((await readRun(store, runId)).testOpenings).toBe(0)

    const first = await evaluateTest({ runId, token }, host)
    expect(first).toMatchObject({ part: 'test', n: 100, task: 'binary' })
    expect(await readRun(store, runId)).toMatchObject({ testOpenings: 1, testEvaluation: first })
    await evaluateTest({ runId, token }, host)
    expect((await readRun(store, runId)).testOpenings).toBe(2)
    expect((await evaluateCell({ runId, part: 'test', actual: 1, predicted: 1, threshold: 0.5 }, host)).rowNumbers.length).toBe(first.confusion?.[1]?.[1])
  })

  test('an old token may not open it', async () => {
    const before = (await readRun(run.store, run.runId)).testOpenings
    await expect(evaluateTest({ runId: run.runId, token: run.token - 1 }, run.host)).rejects.toMatchObject({ code: 'read-only' })
    expect((await readRun(run.store, run.runId)).testOpenings).toBe(before)
  })

  test('cells hold the rows that the table counts, all together the part', async () => {
    const { host, runId, store } = run
    const { evaluation } = await readRun(store, runId)
    const seen = new Set<number>()
    for (const actual of [0, 1]) {
      for (const predicted of [0, 1]) {
        const { rowNumbers } = await evaluateCell({ runId, part: 'valid', actual, predicted, threshold: 0.5 }, host)
        expect(rowNumbers.length).toBe(evaluation?.confusion?.[actual]?.[predicted])
        rowNumbers.forEach((row) => seen.add(row))
      }
    }
    expect(seen.size).toBe(100)
  })

  test('a threshold is stored, moves every label figure, and what-if follows', async () => {
    const { host, runId, token, store } = run
    const before = (await readRun(store, runId)).evaluation
    const evaluation = await evaluateThreshold({ runId, token, threshold: 0.9 }, host)
    const after = await readRun(store, runId)
    expect(after).toMatchObject({ threshold: 0.9, evaluation })
    expect(evaluation.confusion).not.toEqual(before?.confusion)
    const auc = (from: typeof before) => from?.scores.find((score) => score.metric === 'roc-auc')?.value
    expect(auc(evaluation)).toBe(auc(before))
    const { prediction, cells } = await explainRow({ runId, row: 3 }, host)
    expect(prediction.label).toBe((prediction.probabilities?.[1] ?? 0) >= 0.9 ? 'yes' : 'no')
    expect(cells.map(({ column }) => column)).not.toContain('buys')
    await evaluateThreshold({ runId, token, threshold: 0.5 }, host)
    await expect(evaluateThreshold({ runId, token, threshold: 1.5 }, host)).rejects.toThrow('invalid threshold; not in [0, 1]: 1.5')
  })

  test('groups over a part and over a slice of it', async () => {
    const { host, runId } = run
    const report = await evaluateGroups({ runId, part: 'valid', columns: ['town', 'owns'], metric: 'f1' }, host)
    expect(report.groups.reduce((sum, group) => sum + group.n, 0)).toBe(100)
    const town = report.groups.find((group) => group.values[0] === '__proto__')
    const within = await evaluateGroups({ runId, part: 'valid', columns: ['owns'], metric: 'f1', conditions: town?.conditions.slice(0, 1) ?? [] }, host)
    expect(within.groups.find((group) => group.values[0] === town?.values[1])?.score).toEqual(town?.score)
    expect((await evaluateGroups({ runId, part: 'train', columns: ['owns'], metric: 'accuracy' }, host)).groups.reduce((sum, group) => sum + group.n, 0)).toBe(200)
  })

  test('an edited row: an unedited one gives the same answer, an odd one warns', async () => {
    const { host, runId } = run
    const { cells, prediction, actual } = await explainRow({ runId, row: 12 }, host)
    expect(['yes', 'no']).toContain(actual)
    expect(await explainPredict({ runId, cells }, host)).toEqual(prediction)
    const edit = (column: string, cell: Cell) => cells.map((old) => (old.column === column ? { column, cell } : old))
    expect((await explainPredict({ runId, cells: edit('age', 200) }, host)).warnings).toEqual([{ column: 'age', text: expect.stringMatching(/^age was between \d+ and \d+ in training\.$/) }])
    expect((await explainPredict({ runId, cells: edit('town', 'Rome') }, host)).warnings[0]?.text).toBe('town was never Rome in training.')
    await expect(explainRow({ runId, row: 400 }, host)).rejects.toThrow('invalid row; not in [0, 399]: 400')
  })

  test('explanations of a real pipeline; importance is kept and found again', async () => {
    const { host, runId, token, store } = run
    const ask = { runId, explainer: 'permutation-importance', params: { repeats: 5 }, part: 'valid', token } as const
    const importance = await explainRun(ask, host)
    expect(importance).toMatchObject({ kind: 'permutation-importance', part: 'valid', n: 100 })
    expect((await store.read(['explanations'], (tx) => tx.getAllOfProject('explanations', run.spec.projectId))).length).toBe(1)
    expect(await explainRun({ ...ask, params: {} }, host)).toEqual(importance)

    const { cells } = await explainRow({ runId, row: 12 }, host)
    const curve = await explainRun({ runId, explainer: 'partial-dependence', params: { column: 'town' }, part: 'valid', row: cells }, host)
    if (curve.kind !== 'partial-dependence') throw new Error(curve.kind)
    const town = cells.find(({ column }) => column === 'town')?.cell
    const own = await explainPredict({ runId, cells }, host)
    // The curve passes through the row's own prediction, bit for bit.
    expect(curve.row[curve.grid.indexOf(String(town))]).toBe(own.probabilities?.[1])

    const nearest = await explainRun({ runId, explainer: 'nearest-counterfactual', params: {}, part: 'valid', row: cells, rowNumber: 12 }, host)
    expect(nearest).toMatchObject({ kind: 'nearest-counterfactual', found: true, outcome: own.label === 'yes' ? 'no' : 'yes' })
    await expect(explainRun({ runId, explainer: 'nearest-counterfactual', params: { distance: 'l3' }, part: 'valid', row: cells }, host)).rejects.toThrow('invalid distance of nearest-counterfactual')
  })
})

test('a regression run has residuals but no threshold and no cells', async () => {
  const { host, runId, token } = await storedRun('regression', 'ridge')
  expect((await evaluateTest({ runId, token }, host)).residuals?.row.length).toBe(100)
  await expect(evaluateThreshold({ runId, token, threshold: 0.5 }, host)).rejects.toThrow('unsupported threshold')
  await expect(evaluateCell({ runId, part: 'valid', actual: 0, predicted: 0, threshold: 0.5 }, host)).rejects.toThrow('unsupported confusion')
  const { prediction } = await explainRow({ runId, row: 0 }, host)
  expect(prediction.label).toBeTypeOf('number')
})

test('the truth of a sealed row stays unseen beside its prediction', async () => {
  const { host, runId, token, store } = await storedRun('binary', 'logistic-regression')
  const split = await store.read(['splits'], (tx) => tx.get('splits', runId))
  const sealedRow = split?.test[0] as number
  expect(await explainRow({ runId, row: sealedRow }, host)).toMatchObject({ sealed: true, actual: null })
  for (const rows of [split?.valid, split?.train]) expect(await explainRow({ runId, row: rows?.[0] as number }, host)).toMatchObject({ sealed: false, actual: expect.stringMatching(/yes|no/) })
  await evaluateTest({ runId, token }, host)
  expect(await explainRow({ runId, row: sealedRow }, host)).toMatchObject({ sealed: false, actual: expect.stringMatching(/yes|no/) })
})

test('test figures agree on the threshold they were opened with', async () => {
  const { host, runId, token } = await storedRun('binary', 'logistic-regression')
  const opened = await evaluateTest({ runId, token }, host)
  await evaluateThreshold({ runId, token, threshold: 0.9 }, host)
  const { overall } = await evaluateGroups({ runId, part: 'test', columns: ['town'], metric: 'accuracy' }, host)
  expect(overall.value).toBe(opened.scores.find(({ metric }) => metric === 'accuracy')?.value)
})

test('the baseline has nothing to explain, and says so', async () => {
  const { host, runId } = await storedRun('binary', 'baseline')
  await expect(explainRun({ runId, explainer: 'permutation-importance', params: {}, part: 'valid' }, host)).rejects.toThrow('unsupported explanation; The baseline predicts the same for every row')
})

test('an unknown run is a clear error, every time', async () => {
  const { host } = await storedRun('binary', 'baseline')
  for (let i = 0; i < 2; i++) await expect(explainRow({ runId: 'gone', row: 0 }, host)).rejects.toThrow('missing run')
})
