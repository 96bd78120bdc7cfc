import { expect, it } from 'vitest'
import { tune } from '../../../src/tasks/tune.ts'
import { ingestSample, specFor } from '../../support/host.ts'
import { cancelled } from '../../../src/core/errors.ts'
import { eraseProject } from '../../../src/storage/projects.ts'
import { listSearches } from '../../../src/storage/searches.ts'
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

it('keeps every finished trial; one that broke off goes on to the same result', async () => {
  const opened = await ingestSample('penguins.csv')
  const { host, token, projectId } = opened
  const spec = specFor(opened, { column: 'sex', task: 'binary' }, 'logistic-regression')
  const search: TuneSpec = { strategy: 'random', space: [{ kind: 'number', name: 'C', low: 0.001, high: 100, scale: 'log' }], trials: 5, metric: 'log-loss', folding: { strategy: { kind: 'stratified', column: 'sex' }, folds: 3, seed: 1 }, seed: 1 }
  const whole = await tune({ spec, search }, host)
  let clock = 0
  let trials = 0
  // Each look at the clock is two seconds later, so that every trial is saved.
  const dying = { ...host.context, signal: host.context.signal, now: () => (clock += 2000), report: (progress: { kind: string; phase?: string; done?: number }) => void (progress.phase === 'tune' && (trials = progress.done ?? 0)), checkpoint: async () => { if (trials >= 2) throw cancelled() } }
  await expect(tune({ spec, search, keep: { id: 'search-a', token } }, { ...host, context: dying })).rejects.toMatchObject({ code: 'cancelled' })
  const [left] = await listSearches(host.store, projectId)
  expect(left).toMatchObject({ id: 'search-a', wanted: search, result: { ended: 'interrupted', metric: 'log-loss' } })
  expect(left!.result.trials.length).toBe(2)
  await tune({ spec, search, done: left!.result.trials, keep: { id: 'search-a', token } }, host)
  const [ended, ...others] = await listSearches(host.store, projectId)
  expect(others).toEqual([])
  const plain = ({ best, trials: list }: typeof whole) => ({ best, trials: list.map(({ point, params, score, folds }) => ({ point, params, score, folds })) })
  expect(ended!.result.ended).toBe('plan')
  expect(plain(ended!.result)).toEqual(plain(whole))
  await eraseProject(host.store, projectId)
  expect(await listSearches(host.store, projectId)).toEqual([])
})

it('judges the search itself over outer folds, keeps them as they come, and goes on from them', async () => {
  const opened = await ingestSample('penguins.csv')
  const { host, token, projectId } = opened
  const spec = specFor(opened, { column: 'sex', task: 'binary' }, 'logistic-regression')
  const search: TuneSpec = { strategy: 'random', space: [{ kind: 'number', name: 'C', low: 0.001, high: 100, scale: 'log' }], trials: 2, metric: 'log-loss', folding: { strategy: { kind: 'stratified', column: 'sex' }, folds: 3, seed: 1 }, seed: 1, outerFolds: 3 }
  const whole = await tune({ spec, search }, host)
  expect(whole.nested).toHaveLength(3)
  expect(whole.nested?.every(({ score }) => score !== null && score > 0)).toBe(true)
  const dying = { ...host.context, report: () => {}, checkpoint: async () => { if (((await listSearches(host.store, projectId))[0]?.result.nested?.length ?? 0) >= 1) throw cancelled() } }
  await expect(tune({ spec, search, keep: { id: 'nested', token } }, { ...host, context: dying })).rejects.toMatchObject({ code: 'cancelled' })
  const [left] = await listSearches(host.store, projectId)
  expect(left).toMatchObject({ result: { ended: 'interrupted', nested: [whole.nested?.[0]] } })
  const resumed = await tune({ spec, search, done: left!.result.trials, nested: left!.result.nested!, keep: { id: 'nested', token } }, host)
  expect(resumed.nested).toEqual(whole.nested)
  expect((await listSearches(host.store, projectId))[0]?.result).toEqual(resumed)
})
