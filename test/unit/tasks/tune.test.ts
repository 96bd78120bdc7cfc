import { describe, expect, it } from 'vitest'
import { tune } from '../../../src/tasks/tune.ts'
import { ingestSample, specFor } from '../../support/host.ts'
import { cancelled } from '../../../src/core/errors.ts'
import { fsck } from '../../../src/storage/fsck.ts'
import type { Store, WriteTransaction } from '../../../src/storage/port.ts'
import type { Host } from '../../../src/tasks/task.ts'
import { eraseProject } from '../../../src/storage/projects.ts'
import { listSearches } from '../../../src/storage/searches.ts'
import type { TuneResult, TuneSpec } from '../../../src/core/tune/tune.ts'

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

describe('a search that is broken off in the middle of a training', () => {
  const space = [{ kind: 'integer', name: 'maxDepth', low: 2, high: 6, scale: 'linear' }] as const
  const search: TuneSpec = { strategy: 'random', space, trials: 3, metric: 'log-loss', folding: { strategy: { kind: 'stratified', column: 'sex' }, folds: 3, seed: 1 }, seed: 1 }
  const plain = ({ best, nested, trials }: TuneResult) => ({ best, nested, trials: trials.map(({ point, params, score, folds }) => ({ point, params, score, folds })) })

  it.each<{ dies: string; outer?: number }>([{ dies: 'trial 1 fold 1' }, { dies: 'outer 1 trial 2 fold 0', outer: 3 }, { dies: 'outer 2 model', outer: 3 }])('goes on there, to the same bits: $dies', async ({ dies, outer }) => {
    const opened = await ingestSample('penguins.csv')
    const { token, projectId } = opened
    // Each look at the clock is 25 seconds later, so that it is always time to save.
    let clock = 0
    const host = { ...opened.host, outlived: true, context: { ...opened.host.context, now: () => (clock += 25_000) } }
    const { store } = host
    const spec = specFor(opened, { column: 'sex', task: 'binary' }, 'random-forest', { nEstimators: 6 })
    const wanted: TuneSpec = { ...search, ...(outer && { outerFolds: outer }) }
    const whole = await tune({ spec, search: wanted }, host)
    const parts = () => store.read(['checkpointParts'], (tx) => tx.getAll('checkpointParts'))
    const isThere = async () => (await parts()).filter(({ stage, finished }) => stage === dies && !finished).length >= 3
    const dying = { ...host.context, checkpoint: async () => { if (await isThere()) throw cancelled() } }
    await expect(tune({ spec, search: wanted, keep: { id: 'a', token } }, { ...host, context: dying })).rejects.toMatchObject({ code: 'cancelled' })
    expect(await fsck(store)).toEqual([])
    const [left] = await listSearches(store, projectId)
    expect(left?.result.ended).toBe('interrupted')
    // Trees that were kept are not grown again: of the fold under way three of six are left to grow.
    let grown = 0
    const counting: Store = { ...store, write: (stores, body, durability) => store.write(stores, (tx) => body({ ...tx, put: (name, record) => (name === 'checkpointParts' && (record as { stage?: string; finished?: boolean }).stage === dies && !(record as { finished?: boolean }).finished && grown++, tx.put(name, record)) } as WriteTransaction), durability) }
    const resumed = await tune({ spec, search: wanted, done: left!.result.trials, ...(left!.result.nested && { nested: left!.result.nested }), keep: { id: 'a', token } }, { ...host, store: counting })
    expect(grown).toBeLessThanOrEqual(3)
    expect(plain(resumed)).toEqual(plain(whole))
    expect(plain((await listSearches(store, projectId))[0]!.result)).toEqual(plain(whole))
    expect(await parts()).toEqual([])
  })

  it('counts the time before a crash to the limit, and keeps what had finished', async () => {
    const opened = await ingestSample('penguins.csv')
    const { token, projectId } = opened
    let clock = 0
    const host = { ...opened.host, outlived: true, context: { ...opened.host.context, now: () => (clock += 2000) } }
    const { store } = host
    const spec = specFor(opened, { column: 'sex', task: 'binary' }, 'random-forest', { nEstimators: 4 })
    const wanted: TuneSpec = { ...search, timeLimit: 1e8 }
    const dying = { ...host.context, checkpoint: async () => { if ((await store.read(['checkpointParts'], (tx) => tx.getAll('checkpointParts'))).some(({ stage }) => stage.startsWith('trial 2'))) throw cancelled() } }
    await expect(tune({ spec, search: wanted, keep: { id: 'a', token } }, { ...host, context: dying })).rejects.toMatchObject({ code: 'cancelled' })
    const [left] = await listSearches(store, projectId)
    // As if it had come that far only just before the limit.
    await store.write(['checkpoints'], async (tx) => {
      const record = (await tx.get('checkpoints', 'a'))!
      expect(record.head!.spent).toBeGreaterThan(0)
      await tx.put('checkpoints', { ...record, head: { ...record.head!, spent: 1e8 } })
    }, 'strict')
    const resumed = await tune({ spec, search: wanted, done: left!.result.trials, keep: { id: 'a', token } }, host)
    expect(resumed).toMatchObject({ ended: 'time', trials: left!.result.trials })
    expect(resumed.trials.length).toBeGreaterThan(0)
  })

  it('counts the time that a worker took to start', async () => {
    const opened = await ingestSample('penguins.csv')
    const spec = specFor(opened, { column: 'sex', task: 'binary' }, 'random-forest', { nEstimators: 4 })
    const wanted: TuneSpec = { ...search, timeLimit: 3000 }
    // A clock that stands still: only what was before its first look can use the time up.
    const host = { ...opened.host, context: { ...opened.host.context, now: () => 0 } }
    expect(await tune({ spec, search: wanted, askedAt: Date.now() - 4000 }, host)).toMatchObject({ ended: 'time', trials: [] })
    expect((await tune({ spec, search: wanted, askedAt: Date.now() + 4000 }, host)).ended).toBe('plan')
  })

  it('keeps trials that overtook another', async () => {
    const opened = await ingestSample('penguins.csv')
    const { token, projectId } = opened
    let clock = 0
    const host = { ...opened.host, outlived: true, context: { ...opened.host.context, now: () => (clock += 2000) } }
    const spec = specFor(opened, { column: 'sex', task: 'binary' }, 'logistic-regression')
    const wanted: TuneSpec = { ...search, space: [{ kind: 'number', name: 'C', low: 0.001, high: 100, scale: 'log' }], trials: 6 }
    const whole = await tune({ spec, search: wanted }, host)
    // The first fold of all never ends; the others go past it until the tab is lost.
    let dead = false
    let asked = 0
    const openPool: Host['openPool'] = (_, here) => ({
      lanes: 2,
      fold: (task, context) => (asked++ === 0 ? new Promise((_resolve, reject) => void (async () => { while (!dead) await new Promise((resolve) => setTimeout(resolve, 1)); reject(cancelled()) })()) : asked > 14 ? ((dead = true), Promise.reject(cancelled())) : here(task, context)),
    })
    await expect(tune({ spec, search: wanted, keep: { id: 'a', token } }, { ...host, openPool })).rejects.toMatchObject({ code: 'cancelled' })
    const [left] = await listSearches(host.store, projectId)
    expect(left?.result).toMatchObject({ ended: 'interrupted', trials: [] })
    let folds = 0
    const again: Host['openPool'] = (_, here) => ({ lanes: 1, fold: (task, context) => (folds++, here(task, context)) })
    const goOn = { spec, done: left!.result.trials, keep: { id: 'a', token } }
    expect(plain(await tune({ ...goOn, search: wanted }, { ...host, openPool: again }))).toEqual(plain(whole))
    expect(folds).toBeLessThan(3 * 6 - 6)
  })
})

it('judges trials by the class that a run looks for, where among their rows the other one is rarer', async () => {
  const opened = await ingestSample('penguins.csv')
  // 165 females and 168 males; dealt by chance, training rows often have fewer males.
  const inTraining = async (seed: number, positive?: string) => {
    const spec = { ...specFor(opened, { column: 'sex', task: 'binary', ...(positive ? { positive } : {}) }, 'logistic-regression'), split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed } as const }
    const search: TuneSpec = { strategy: 'random', space: [{ kind: 'number', name: 'C', low: 0.001, high: 100, scale: 'log' }], trials: 1, metric: 'precision', folding: { strategy: { kind: 'random' }, folds: 2, seed: 1 }, seed: 1 }
    return (await tune({ spec, search }, opened.host)).trials[0]?.score
  }
  for (const seed of [1, 2, 3, 4]) expect(await inTraining(seed)).toBe(await inTraining(seed, 'female'))
})
