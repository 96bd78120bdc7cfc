import { expect, it } from 'vitest'
import { tune } from '../../../src/tasks/tune.ts'
import { ingestSample, specFor } from '../../support/host.ts'
import type { TuneSpec } from '../../../src/core/tune/tune.ts'

it('searches over training rows only, and is taken up again', async () => {
  const opened = await ingestSample('penguins.csv')
  const spec = specFor(opened, { column: 'species', task: 'multiclass' }, 'logistic-regression')
  const search: TuneSpec = { strategy: 'random', space: [{ kind: 'number', name: 'C', low: 0.001, high: 100, scale: 'log' }], trials: 4, metric: 'log-loss', folding: { strategy: { kind: 'stratified', column: 'species' }, folds: 3, seed: 1 }, seed: 1 }
  const whole = await tune({ spec, search }, opened.host)
  expect(whole).toMatchObject({ ended: 'plan', metric: 'log-loss' })
  expect(whole.trials.every(({ score }) => score !== null)).toBe(true)
  const known = whole.trials.slice(0, 2)
  const rest = await tune({ spec, search, done: known }, opened.host)
  expect(rest.trials.map(({ params, score }) => ({ params, score }))).toEqual(whole.trials.map(({ params, score }) => ({ params, score })))
  // The same folds of other rows would score otherwise: validation rows take no part.
  const other = await tune({ spec: { ...spec, split: { ...spec.split, validShare: 0.4 } }, search }, opened.host)
  expect(other.trials[0]!.score).not.toBe(whole.trials[0]!.score)
})
