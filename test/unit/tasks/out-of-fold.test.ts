import { expect, it } from 'vitest'
import { encodeTarget } from '../../../src/core/data/encode-target.ts'
import { columnNamed } from '../../../src/core/data/dataset.ts'
import { inClasses } from '../../../src/core/run/cross-validate.ts'
import { loadDataset } from '../../../src/storage/datasets.ts'
import { recordsOfRun } from '../../../src/storage/keys.ts'
import { readRun } from '../../../src/storage/runs.ts'
import { evaluateCell } from '../../../src/tasks/evaluate-cell.ts'
import { evaluateGroups } from '../../../src/tasks/evaluate-groups.ts'
import { evaluateThreshold } from '../../../src/tasks/evaluate-threshold.ts'
import { train } from '../../../src/tasks/train.ts'
import { ingestSample, specFor } from '../../support/host.ts'

it('keeps what each fold said of the rows it held out, and judges by it', async () => {
  const opened = await ingestSample('penguins.csv')
  const spec = { ...specFor(opened, { column: 'sex', task: 'binary' }, 'logistic-regression'), folds: 4 }
  const { host } = opened
  const token = opened.token
  const { runId } = await train({ runId: 'run-folds', token, spec }, host)
  const run = await readRun(host.store, runId)
  const unsealed = (run.rows?.train ?? 0) + (run.rows?.valid ?? 0)
  expect(run.foldEvaluation).toMatchObject({ part: 'folds', n: unsealed, classes: run.evaluation?.classes as string[] })
  expect(run.crossValidation).toMatchObject({ folds: 4, rows: unsealed })

  // Accuracy over all held-out rows, counted from the stored record.
  const stored = (await host.store.read(['predictions'], (tx) => tx.getAll('predictions', recordsOfRun(runId)))).find(({ part }) => part === 'folds')
  const dataset = await loadDataset(host.store, spec.datasetId)
  const truth = encodeTarget(columnNamed(dataset, 'sex'), spec.target, stored!.rows, run.evaluation?.classes as string[])
  if (truth.task === 'regression') throw new Error('classes expected')
  const right = truth.codes.filter((code, i) => code === (stored!.values[i * 2 + 1]! >= 0.5 ? 1 : 0)).length
  const accuracy = (scores: readonly { metric: string; value: number | null }[]) => scores.find(({ metric }) => metric === 'accuracy')?.value
  expect(accuracy(run.foldEvaluation!.scores)).toBe(right / unsealed)

  const report = await evaluateGroups({ runId, part: 'folds', columns: ['island'], metric: 'accuracy' }, host)
  expect(report.groups.reduce((sum, { n }) => sum + n, 0)).toBe(unsealed)
  const cell = await evaluateCell({ runId, part: 'folds', actual: 1, predicted: 1, threshold: 0.5 }, host)
  expect(cell.rowNumbers.length).toBe(run.foldEvaluation?.confusion?.[1]?.[1])
  await evaluateThreshold({ runId, token, threshold: 0.8 }, host)
  expect((await readRun(host.store, runId)).foldEvaluation).toMatchObject({ part: 'folds', n: unsealed, threshold: 0.8 })
})

it('says that a run without folds has none', async () => {
  const opened = await ingestSample('penguins.csv')
  const { runId } = await train({ runId: 'run-plain', token: opened.token, spec: specFor(opened, { column: 'sex', task: 'binary' }, 'gaussian-nb') }, opened.host)
  await expect(evaluateCell({ runId, part: 'folds', actual: 1, predicted: 1, threshold: 0.5 }, opened.host)).rejects.toThrow('missing out-of-fold predictions')
})

it('gives a class that folds never met the probability zero', () => {
  const prediction = { task: 'multiclass' as const, classes: ['c', 'a'], probabilities: Float64Array.of(0.75, 0.25, 0.5, 0.5) }
  expect(inClasses(prediction, ['a', 'b', 'c'])).toEqual({ task: 'multiclass', classes: ['a', 'b', 'c'], probabilities: Float64Array.of(0.25, 0, 0.75, 0.5, 0, 0.5) })
})
