/** A run whose tab is lost goes on from what it had kept, to the same record and model; what does not fit is refused. */
import { describe, expect, it } from 'vitest'
import { cancelled, StudioError } from '../../../src/core/errors.ts'
import type { Progress } from '../../../src/core/context.ts'
import type { ParamValues } from '../../../src/core/params.ts'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import type { Store, WriteTransaction } from '../../../src/storage/port.ts'
import { fsck } from '../../../src/storage/fsck.ts'
import { deleteRun, eraseRun, failRun, markInterrupted, readRun } from '../../../src/storage/runs.ts'
import { train } from '../../../src/tasks/train.ts'
import type { Host } from '../../../src/tasks/task.ts'
import { ingestText, specFor, type Opened } from '../../support/host.ts'
import { readFileSync } from 'node:fs'

const penguins = readFileSync('public/samples/penguins.csv')
const open = (): Promise<Opened> => ingestText(penguins, {}, { ...createMemoryStore(), persistent: true })

/** Saves at every chance. @param parts after how many kept parts the tab is lost, or after which one */
function dying({ host, ...opened }: Opened, parts: number | ((part: { readonly stage?: string; readonly finished?: boolean }) => boolean)): Opened {
  let kept = 0
  let last = false
  let dead = false
  const store: Store = {
    ...host.store,
    write: (stores, body, durability) => {
      if (dead) return Promise.reject(new StudioError({ code: 'storage-lost', message: 'missing storage; the tab is gone' }))
      return host.store
        .write(stores, (tx) => body({ ...tx, put: (name, record) => (name === 'checkpointParts' && (kept++, (last ||= typeof parts === 'function' && parts(record as object))), tx.put(name, record)) } as WriteTransaction), durability)
        .finally(() => (dead ||= last || kept >= Number(parts)))
    },
  }
  return { ...opened, host: { ...host, store, context: { ...hurried(host).context, checkpoint: () => (dead ? Promise.reject(cancelled()) : host.context.checkpoint()) } } }
}
/** Each look at the clock is 25 seconds later, so that it is always time to save. */
function hurried(host: Host, report: (progress: Progress) => void = () => {}): Host {
  let clock = 0
  return { ...host, context: { ...host.context, now: () => (clock += 25_000), report } }
}
const everything = async (store: Store, runId: string) => {
  const { createdAt: _, timings: __, resumed, sequence: ___, id: ____, ...run } = await readRun(store, runId)
  const [model, split, predictions] = await store.read(['models', 'splits', 'predictions'], async (tx) => [await tx.get('models', runId), await tx.get('splits', runId), await tx.getAll('predictions')] as const)
  return { run, resumed, model: model?.model, recipe: model?.recipe, split: split?.valid, predictions: predictions.filter((entry) => entry.runId === runId).map(({ part, values }) => ({ part, values })) }
}
const leftOvers = (store: Store) => store.read(['checkpoints', 'checkpointParts'], async (tx) => [...(await tx.keys('checkpoints')), ...(await tx.keys('checkpointParts'))])

describe('a run that is broken off', () => {
  it.each<{ estimator: string; params: ParamValues; folds: number | undefined; deaths: number[] }>([
    { estimator: 'random-forest', params: { nEstimators: 6 }, folds: 3, deaths: [2, 4, 3] },
    { estimator: 'hist-gradient-boosting', params: { maxIter: 8, earlyStopping: 'on' }, folds: undefined, deaths: [3, 2] },
    { estimator: 'logistic-regression', params: {}, folds: 4, deaths: [1, 2] },
  ])('goes on: $estimator', async ({ estimator, params, folds, deaths }) => {
    const opened = await open()
    const spec: RunSpec = { ...specFor(opened, { column: 'species', task: 'multiclass' }, estimator, params), ...(folds && { folds }) }
    const { store } = opened.host
    const { token, projectId } = opened
    await train({ runId: 'whole', token, spec }, opened.host)
    for (const [i, parts] of deaths.entries()) {
      await expect(train({ runId: 'broken', token, spec, ...(i > 0 && { resume: true }) }, dying(opened, parts).host)).rejects.toMatchObject({ code: expect.stringMatching(/cancelled|storage-lost/) })
      const [marked] = await markInterrupted(store, projectId, token)
      expect(marked).toMatchObject({ id: 'broken', status: 'interrupted', error: { hint: expect.stringContaining('Go on') } })
      expect(await fsck(store)).toEqual([])
    }
    await train({ runId: 'broken', token, spec, resume: true }, opened.host)
    const { resumed, ...broken } = await everything(store, 'broken')
    const { resumed: none, ...whole } = await everything(store, 'whole')
    expect(broken).toEqual(whole)
    expect([none, resumed?.length]).toEqual([undefined, deaths.length])
    expect(await leftOvers(store)).toEqual([])
  })

  it('goes on in the middle of fold 3, in which its worker died', async () => {
    const opened = await open()
    const { store } = opened.host
    const spec: RunSpec = { ...specFor(opened, { column: 'species', task: 'multiclass' }, 'random-forest', { nEstimators: 6 }), folds: 3 }
    await train({ runId: 'whole', token: opened.token, spec }, opened.host)
    let inFold = 0
    await expect(train({ runId: 'broken', token: opened.token, spec }, dying(opened, ({ stage, finished }) => stage === 'fold 2' && !finished && ++inFold === 3).host)).rejects.toThrow()
    await markInterrupted(store, opened.projectId, opened.token)
    const parts = await store.read(['checkpointParts'], (tx) => tx.getAll('checkpointParts'))
    expect(parts.map(({ stage, finished }) => `${stage}${finished ? ', done' : ''}`)).toEqual(['fit, done', 'fold 0, done', 'fold 1, done', 'fold 2', 'fold 2', 'fold 2'])
    expect((await readRun(store, 'broken')).reached).toEqual({ unit: 'fold', done: 2, total: 3 })
    const grown: number[] = []
    const counting: Store = { ...store, write: (stores, body, durability) => store.write(stores, (tx) => body({ ...tx, put: (name, record) => (name === 'checkpointParts' && grown.push(1), tx.put(name, record)) } as WriteTransaction), durability) }
    await train({ runId: 'broken', token: opened.token, spec, resume: true }, { ...hurried(opened.host), store: counting })
    const { resumed, ...broken } = await everything(store, 'broken')
    const { resumed: _, ...whole } = await everything(store, 'whole')
    expect(broken).toEqual(whole)
    expect(resumed).toEqual([{ unit: 'fold', done: 2, total: 3 }])
    // Trees 4 to 6 of that fold and its end.
    expect(grown.length).toBeLessThanOrEqual(3 + 1)
  })

  it('is kept in memory, too, where the records outlive the worker', async () => {
    for (const outlived of [true, false]) {
      const opened = await ingestText(penguins, {}, createMemoryStore())
      const { host, token } = { ...opened, host: { ...opened.host, outlived } }
      const spec = specFor(opened, { column: 'species', task: 'multiclass' }, 'random-forest', { nEstimators: 4 })
      await train({ runId: 'a', token, spec }, { ...hurried(host), context: { ...hurried(host).context, report: (progress) => {
        if (progress.kind === 'step' && progress.phase === 'evaluate') throw new StudioError({ code: 'worker-lost', message: 'missing worker' })
      } } }).catch(() => {})
      expect((await readRun(host.store, 'a')).reached).toEqual(outlived ? { unit: 'tree', done: 4, total: 4 } : undefined)
    }
  })

  it.each([
    { what: 'another version of the studio', spoil: { of: { version: 1, app: '0.0.1' } }, says: /checkpoint; it must be of version test of the studio: 0\.0\.1/ },
    { what: 'another form', spoil: { of: { version: 7 } }, says: /checkpoint; its version must be 1: 7/ },
    { what: 'other data', spoil: { of: { data: 'f'.repeat(64) } }, says: /checkpoint; it must be of the data of this run/ },
    { what: 'other settings', spoil: { of: { spec: 'f'.repeat(64) } }, says: /checkpoint; it must be of the settings of this run/ },
    { what: 'broken trees', spoil: { part: { arrays: {} } }, says: /Trained from the beginning: invalid/ },
  ])('starts anew over a checkpoint of $what, and says so', async ({ spoil, says }) => {
    const opened = await open()
    const { store } = opened.host
    const spec = specFor(opened, { column: 'body_mass_g', task: 'regression' }, 'random-forest', { nEstimators: 5 })
    await train({ runId: 'whole', token: opened.token, spec }, opened.host)
    await expect(train({ runId: 'broken', token: opened.token, spec }, dying(opened, 3).host)).rejects.toThrow()
    await markInterrupted(store, opened.projectId, opened.token)
    await store.write(['checkpoints', 'checkpointParts'], async (tx) => {
      const head = (await tx.get('checkpoints', 'broken'))!
      await tx.put('checkpoints', { ...head, of: { ...head.of!, ...('of' in spoil ? spoil.of : {}) } })
      for (const part of await tx.getAll('checkpointParts')) await tx.put('checkpointParts', { ...part, ...('part' in spoil ? spoil.part : {}) })
    })
    await train({ runId: 'broken', token: opened.token, spec, resume: true }, hurried(opened.host))
    const broken = await everything(store, 'broken')
    expect(broken.run.warnings[0]).toMatch(says)
    expect(broken.model).toEqual((await everything(store, 'whole')).model)
    expect(await leftOvers(store)).toEqual([])
  })

  it('draws no curve twice where it begins anew', async () => {
    const opened = await open()
    const { store } = opened.host
    const spec = specFor(opened, { column: 'body_mass_g', task: 'regression' }, 'hist-gradient-boosting', { maxIter: 6 })
    await train({ runId: 'whole', token: opened.token, spec }, opened.host)
    await expect(train({ runId: 'broken', token: opened.token, spec }, dying(opened, 3).host)).rejects.toThrow()
    await markInterrupted(store, opened.projectId, opened.token)
    await store.write(['checkpointParts'], async (tx) => {
      for (const part of await tx.getAll('checkpointParts')) await tx.put('checkpointParts', { ...part, arrays: {} })
    })
    await train({ runId: 'broken', token: opened.token, spec, resume: true }, hurried(opened.host))
    const [broken, whole] = [await readRun(store, 'broken'), await readRun(store, 'whole')]
    expect(broken.warnings[0]).toMatch(/^Trained from the beginning/)
    expect(broken.history).toEqual(whole.history)
  })

  it('keeps nothing of what was cancelled or failed by itself, and all of what lost its worker', async () => {
    const opened = await open()
    const { store } = opened.host
    const spec = specFor(opened, { column: 'species', task: 'multiclass' }, 'random-forest', { nEstimators: 5 })
    const broken = async (runId: string) => {
      await expect(train({ runId, token: opened.token, spec }, dying(opened, 2).host)).rejects.toThrow()
      await expect(train({ runId, token: opened.token, spec, resume: true }, opened.host)).rejects.toMatchObject({ code: 'bad-data', message: 'invalid run; only one that was broken off goes on: running' })
      expect((await readRun(store, runId)).reached).toEqual({ unit: 'tree', done: 2, total: 5 })
    }
    await broken('a')
    expect(await failRun(store, 'a', opened.token, cancelled())).not.toHaveProperty('reached')
    expect(await leftOvers(store)).toEqual([])
    await broken('b')
    expect(await failRun(store, 'b', opened.token, new StudioError({ code: 'diverged', message: 'invalid loss' }))).not.toHaveProperty('reached')
    expect(await leftOvers(store)).toEqual([])
    await broken('c')
    expect(await failRun(store, 'c', opened.token, new StudioError({ code: 'worker-lost', message: 'missing worker' }))).toMatchObject({ status: 'failed', reached: { done: 2 } })
    expect(await leftOvers(store)).toHaveLength(3)
    await deleteRun(store, 'c', opened.token)
    await eraseRun(store, 'c', opened.token)
    expect(await leftOvers(store)).toEqual([])
  })

  it('goes on training where the disk is full, and says so', async () => {
    const opened = await open()
    const spec = specFor(opened, { column: 'species', task: 'multiclass' }, 'extra-trees', { nEstimators: 5 })
    const notes: string[] = []
    const host = hurried(opened.host, (progress) => progress.kind === 'note' && notes.push(progress.text))
    const full: Store = { ...host.store, write: (stores, body, durability) => (stores.includes('checkpointParts') && stores.length === 4 ? Promise.reject(new StudioError({ code: 'storage-full', message: 'missing room' })) : host.store.write(stores, body, durability)) }
    await train({ runId: 'whole', token: opened.token, spec }, { ...host, store: full })
    expect(notes).toContain('Training goes on, but how far it came could not be saved: the disk is full.')
    expect((await readRun(opened.host.store, 'whole')).status).toBe('succeeded')
  })
})
