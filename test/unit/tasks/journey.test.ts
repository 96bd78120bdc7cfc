/** From bytes to judged runs through the task handlers, over the memory store. */
import { describe, expect, it } from 'vitest'
import type { TargetSpec } from '../../../src/core/data/target.ts'
import { tableEstimators } from '../../../src/core/estimators/registry.ts'
import { readRun } from '../../../src/storage/runs.ts'
import { evaluateTest } from '../../../src/tasks/evaluate-test.ts'
import { preparePreview } from '../../../src/tasks/prepare-preview.ts'
import { train } from '../../../src/tasks/train.ts'
import { expectConsole } from '../../support/fail-on-console.ts'
import { ingestSample, ingestText, specFor, type Opened } from '../../support/host.ts'

const score = (run: Awaited<ReturnType<typeof readRun>>, metric: string): number => {
  const row = run.evaluation?.scores.find((item) => item.metric === metric)
  if (row?.value == null) throw new Error(`no ${metric}: ${row?.reason ?? 'not there'}`)
  return row.value
}
async function trainAll(opened: Opened, target: TargetSpec, params: Readonly<Record<string, Record<string, number | string>>> = {}) {
  const runs = new Map<string, Awaited<ReturnType<typeof readRun>>>()
  for (const estimator of tableEstimators) {
    if (!estimator.tasks.includes(target.task)) continue
    const runId = `run-${estimator.id}`
    await train({ runId, token: opened.token, spec: specFor(opened, target, estimator.id, params[estimator.id]) }, opened.host)
    runs.set(estimator.id, await readRun(opened.host.store, runId))
  }
  return runs
}
const quickMlp = { mlp: { backend: 'cpu', hiddenLayerSizes: '16', maxIter: 30, learningRateInit: 0.01 } }

describe('the journey on real samples', () => {
  it('penguins: every estimator beats the baseline by far, and the island helps', async () => {
    expectConsole(/TensorFlow\.js in Node|Platform node/)
    const opened = await ingestSample('penguins.csv')
    expect(opened.rows).toBe(344)
    expect(opened.columns.map(({ name, kind }) => `${name}: ${kind}`)).toEqual(['species: categorical', 'island: categorical', 'bill_length_mm: numeric', 'bill_depth_mm: numeric', 'flipper_length_mm: numeric', 'body_mass_g: numeric', 'sex: categorical', 'year: numeric'])
    const runs = await trainAll(opened, { column: 'species', task: 'multiclass' }, quickMlp)
    expect([...runs.keys()]).toEqual(tableEstimators.filter(({ tasks }) => tasks.includes('multiclass')).map(({ id }) => id))
    expect(score(runs.get('baseline') as never, 'accuracy')).toBeLessThan(0.5)
    for (const [id, run] of runs) {
      expect(run.status).toBe('succeeded')
      expect(run.rows).toEqual({ train: 206, valid: 69, test: 69, leftOut: 0 })
      if (id !== 'baseline') expect(score(run, 'accuracy'), id).toBeGreaterThan(0.85)
    }
    const evaluation = await evaluateTest({ runId: 'run-logistic-regression', token: opened.token }, opened.host)
    expect(evaluation).toMatchObject({ part: 'test', n: 69 })
    expect(await readRun(opened.host.store, 'run-logistic-regression')).toMatchObject({ testOpenings: 1, testEvaluation: { part: 'test' } })
  })

  it('German credit: models rank above chance', async () => {
    expectConsole(/TensorFlow\.js in Node|Platform node/)
    const opened = await ingestSample('german-credit.csv')
    const runs = await trainAll(opened, { column: 'credit_risk', task: 'binary' }, quickMlp)
    for (const id of ['logistic-regression', 'hist-gradient-boosting', 'mlp']) expect(score(runs.get(id) as never, 'roc-auc'), id).toBeGreaterThan(0.7)
    expect(runs.get('logistic-regression')?.evaluation?.classes).toEqual(['good', 'bad'])
  })

  it('diamonds: boosting explains nearly all of the price, ridge most of it', async () => {
    const opened = await ingestSample('diamonds.csv')
    const target: TargetSpec = { column: 'price', task: 'regression' }
    for (const [id, least] of [['baseline', -0.01], ['ridge', 0.9], ['hist-gradient-boosting', 0.975]] as const) {
      await train({ runId: id, token: opened.token, spec: specFor(opened, target, id) }, opened.host)
      expect(score(await readRun(opened.host.store, id), 'r2'), id).toBeGreaterThan(least)
    }
  })

  it('shows what the recipe does to the training rows only', async () => {
    const opened = await ingestSample('penguins.csv')
    const spec = specFor(opened, { column: 'species', task: 'multiclass' }, 'logistic-regression')
    const preview = await preparePreview({ datasetId: opened.datasetId, target: spec.target, split: spec.split, recipe: spec.recipe }, opened.host)
    expect(preview.trainRows).toBe(206)
    expect(preview.features).toContain('island = Biscoe')
    const scaled = preview.steps.at(-2)?.after.find(({ name }) => name === 'body_mass_g')
    expect(scaled?.mean).toBeCloseTo(0, 5)
    expect(scaled?.sd).toBeCloseTo(1, 5)
    expect(preview.before.find(({ name }) => name === 'bill_length_mm')?.missing).toBeGreaterThanOrEqual(0)
  })

  it('records a failed run with what went wrong', async () => {
    const opened = await ingestText('a,b\n1,x\n2,x\n3,x\n4,x\n5,y\n')
    const spec = specFor(opened, { column: 'b', task: 'binary' }, 'logistic-regression')
    await expect(train({ runId: 'r', token: opened.token, spec: { ...spec, split: { strategy: { kind: 'random' }, validShare: 0.9, testShare: 0, seed: 1 } } }, opened.host)).rejects.toMatchObject({ code: 'bad-data' })
    expect(await readRun(opened.host.store, 'r')).toMatchObject({ status: 'failed', error: { code: 'bad-data' } })
  })
})
