/** What a training cannot do with what it was given: one clear error each, nothing lost, and the next training works. */
import { describe, expect, it } from 'vitest'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import { listRuns, readRun } from '../../../src/storage/runs.ts'
import { deployPredict } from '../../../src/tasks/deploy-predict.ts'
import { train } from '../../../src/tasks/train.ts'
import { ingestText, specFor, type Opened } from '../../support/host.ts'

const rows = Array.from({ length: 40 }, (_, i) => `${i},${(i * 7) % 11},${i % 3 === 0 ? 'red' : 'blue'},${i % 2 === 0 ? 'yes' : 'no'},${i === 30 ? 'lonely' : i % 2 === 0 ? 'many' : 'more'},one,${i === 3 ? -1 : 1},0`)
const csv = ['a,b,colour,bought,kind,same,w,none', ...rows].join('\n')
const open = (): Promise<Opened> => ingestText(csv, { kinds: [{ column: 'same', kind: 'categorical' }, { column: 'w', kind: 'numeric' }, { column: 'none', kind: 'numeric' }] } as never)
const boosting = (params: object, more: Partial<RunSpec> = {}) => (opened: Opened): RunSpec => ({ ...specFor(opened, { column: 'bought', task: 'binary' }, 'hist-gradient-boosting', params as never), ...more })

describe('a training that cannot be', () => {
  it.each<[string, (opened: Opened) => RunSpec, string, RegExp]>([
    ['a parameter out of range', boosting({ maxIter: 0 }), 'bad-param', /^invalid maxIter of hist-gradient-boosting; not .*\[1, 2000\].*: 0$/],
    ['a parameter of the wrong kind', boosting({ maxIter: 'many' }), 'bad-param', /^invalid maxIter of hist-gradient-boosting; not .*: many$/],
    ['a parameter that is not there', boosting({ trees: 5 }), 'bad-param', /^unknown parameter.*trees/],
    ['a target with one class', (opened) => specFor(opened, { column: 'same', task: 'binary' }, 'logistic-regression'), 'bad-data', /^(invalid|missing) .*class/],
    ['two directions for one feature', boosting({ monotonicCst: '{"a": 1, "a": -1}' }), 'bad-param', /^invalid monotonicCst of hist-gradient-boosting; two directions for one feature: "a"$/],
    ['a direction for categories', boosting({ monotonicCst: '{"colour": 1}' }), 'bad-param', /^invalid monotonicCst of hist-gradient-boosting; categories have no direction: "colour"$/],
    ['a constraint on a feature that is not there', boosting({ interactionCst: '[["a", "gone"]]' }), 'bad-param', /^invalid interactionCst of hist-gradient-boosting; not the name of a feature: "gone"$/],
    ['directions for several classes', (opened) => specFor(opened, { column: 'kind', task: 'multiclass' }, 'hist-gradient-boosting', { monotonicCst: '{"a": 1}' }), 'unsupported', /^unsupported monotonicCst of hist-gradient-boosting; directions need two classes/],
    ['weights below zero', boosting({}, { sampleWeight: 'w', split: { strategy: { kind: 'random' }, validShare: 0.025, testShare: 0, seed: 1 } }), 'bad-data', /^invalid sample weight; w must be a finite number of at least 0 in every training row: -1 in row 4$/],
    ['weights that sum to zero', boosting({}, { sampleWeight: 'none' }), 'bad-data', /^invalid sample weight; none must be above 0 in some training row: all are 0$/],
    ['a sample of nothing', boosting({}, { sampleRows: 0 }), 'bad-param', /^invalid sampleRows; not a whole number from 1: 0$/],
  ])('%s', async (_what, specOf, code, message) => {
    const opened = await open()
    const spec = specOf(opened)
    await expect(train({ runId: 'bad', token: opened.token, spec }, opened.host)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    // It is on record with its settings, and stands in nobody's way.
    expect(await readRun(opened.host.store, 'bad')).toMatchObject({ status: 'failed', spec, error: { code } })
    await train({ runId: 'good', token: opened.token, spec: specFor(opened, { column: 'bought', task: 'binary' }, 'logistic-regression') }, opened.host)
    expect((await listRuns(opened.host.store, opened.projectId)).map(({ status }) => status)).toEqual(['failed', 'succeeded'])
  })

  it('settings of another form are refused by field before anything is on record', async () => {
    const opened = await open()
    const spec = boosting({})(opened)
    const wrong = { ...spec, split: { ...spec.split, strategy: { kind: 'shuffled' } } } as unknown as RunSpec
    await expect(train({ runId: 'bad', token: opened.token, spec: wrong }, opened.host)).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(/^invalid run; split\.strategy\.kind: expected .*, received "shuffled"$/) })
    expect(await listRuns(opened.host.store, opened.projectId)).toEqual([])
  })

  it.each<[string, Partial<RunSpec>, RegExp]>([
    ['a class in one row under stratified folds', { target: { column: 'kind', task: 'multiclass' }, folds: 3 }, /^Not cross-validated: invalid class; stratified folds need at least 2 rows of each: lonely has 1\.$/],
    ['more folds than rows', { target: { column: 'a', task: 'regression' }, folds: 33, split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 1 } }, /^Not cross-validated: invalid folds; more than there are rows \(32\): 33\.$/],
    ['too many repeats', { folds: 3, repeats: 101 }, /^Not cross-validated: invalid repeats; not a whole number in \[1, 100\]: 101\.$/],
  ])('%s: the model stands, and its record says why it has no folds', async (_what, over, says) => {
    const opened = await open()
    const target = over.target ?? { column: 'bought', task: 'binary' }
    const spec: RunSpec = { ...specFor(opened, target, target.task === 'regression' ? 'ridge' : 'logistic-regression'), ...over }
    await train({ runId: 'run', token: opened.token, spec }, opened.host)
    const run = await readRun(opened.host.store, 'run')
    expect(run.status).toBe('succeeded')
    expect(run.crossValidation).toBeUndefined()
    expect(run.warnings).toContainEqual(expect.stringMatching(says))
  })

  it('at prediction: a column that vanished is named, and a category never seen is told and answered', async () => {
    const opened = await open()
    const plain = specFor(opened, { column: 'bought', task: 'binary' }, 'logistic-regression')
    const excluded = ['kind', 'same', 'w', 'none']
    const onehot = plain.recipe.steps.filter(({ step }) => step === 'onehot')
    await train({ runId: 'run', token: opened.token, spec: { ...plain, recipe: { ...plain.recipe, excluded } } }, opened.host)
    await train({ runId: 'strict', token: opened.token, spec: { ...plain, recipe: { ...plain.recipe, steps: onehot, excluded } } }, opened.host)
    const ask = (text: string, runId = 'run') => deployPredict({ runId, source: { kind: 'paste', text }, choices: {} }, opened.host)
    const gone = 'a,colour\n1,red\n2,blue'
    // A recipe that fills holes fills these, and it is told; without one there is no answer.
    expect((await ask(gone)).issues).toContainEqual(expect.objectContaining({ level: 'warning', kind: 'missing-column', column: 'b' }))
    const strict = await ask(gone, 'strict')
    expect(strict.issues).toContainEqual(expect.objectContaining({ level: 'error', kind: 'missing-column', column: 'b', text: 'The file has no such column, and the model cannot answer without it.' }))
    expect(strict.csv).toBeNull()
    const unseen = await ask('a,b,colour\n1,2,green\n2,3,blue')
    expect(unseen.issues).toContainEqual(expect.objectContaining({ level: 'warning', kind: 'unseen', column: 'colour', text: 'Training never saw "green".' }))
    expect(new TextDecoder().decode(unseen.csv as Uint8Array).trim().split(/\r?\n/)).toHaveLength(3)
  })
})
