/** A run that goes on from an earlier one: the same model as one long run, and clear refusals where the two do not fit. */
import { beforeAll, expect, test } from 'vitest'
import { asOneTraining } from '../../../src/core/run/continue-from.ts'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import { openEarlier } from '../../../src/cli/earlier.ts'
import { readFileSync } from 'node:fs'
import { readRun } from '../../../src/storage/runs.ts'
import { deployTwin } from '../../../src/tasks/deploy-twin.ts'
import { evaluateCurve } from '../../../src/tasks/evaluate-curve.ts'
import { monitorRetrain } from '../../../src/tasks/monitor-retrain.ts'
import { train } from '../../../src/tasks/train.ts'
import { ingestSample, type Opened, specFor } from '../../support/host.ts'

let opened: Opened
let spec: RunSpec
const target = { column: 'species', task: 'multiclass' } as const
const run = async (runId: string, over: Partial<RunSpec> = {}) => {
  await train({ runId, token: opened.token, spec: { ...spec, ...over } }, opened.host)
  const model = await opened.host.store.read(['models'], (tx) => tx.get('models', runId))
  return { model: model?.model, run: await readRun(opened.host.store, runId) }
}
/** Its files by name. */
const twin = async (runId: string): Promise<Readonly<Record<string, string>>> => Object.fromEntries((await deployTwin({ runId }, opened.host)).files.map(({ path, text }) => [path, text]))
const rounds = (maxIter: number): RunSpec['estimator'] => ({ id: 'hist-gradient-boosting', params: { maxIter, minSamplesLeaf: 5, subsample: 0.8 } })

beforeAll(async () => {
  opened = await ingestSample('penguins.csv')
  spec = specFor(opened, target, 'hist-gradient-boosting', rounds(6).params)
  await run('first')
})

test('6 rounds and 4 more are 10', async () => {
  const whole = await run('whole', { estimator: rounds(10) })
  const more = await run('more', { estimator: rounds(4), continueFrom: 'first' })
  expect(more.model?.arrays).toEqual(whole.model?.arrays)
  expect(more.run.evaluation?.scores).toEqual(whole.run.evaluation?.scores)
  expect(more.run.facts).toMatchObject({ rounds: 10, roundsBefore: 6 })
  expect(more.run.warnings).toEqual(whole.run.warnings)
  // Whoever lacks the first model trains all rounds at once: the twin, and the terminal on new data.
  const once = asOneTraining(more.run)
  expect(once).not.toHaveProperty('continueFrom')
  expect((await run('once', { ...once })).model?.arrays).toEqual(whole.model?.arrays)
  expect(await twin('more')).toEqual(await twin('whole'))
  // The curve goes on where the earlier one ended.
  expect(more.run.history[0]?.x).toEqual([6, 7, 8, 9, 10])
})

test('its curves, and what new rows are learnt with, are of all rounds', async () => {
  const curveOf = (runId: string) => evaluateCurve({ runId, over: { by: 'rows' }, metric: 'accuracy' }, opened.host)
  expect(await curveOf('more')).toEqual(await curveOf('whole'))
  const [header, ...lines] = readFileSync('public/samples/penguins.csv', 'utf8').trim().split('\n') as [string, ...string[]]
  // Other penguins: half a millimetre more of a beak.
  const text = [header, ...lines.slice(0, 60).map((line) => line.replace(/\.(\d)/, '.$15'))].join('\n')
  await monitorRetrain({ runId: 'more', token: opened.token, newRunId: 'grown', source: { kind: 'paste', text }, choices: {} }, opened.host)
  expect((await readRun(opened.host.store, 'grown')).facts).toMatchObject({ rounds: 10 })
})

test('rows dealt otherwise cost a warning', async () => {
  const { run: other } = await run('dealt', { split: { ...spec.split, seed: 8 }, estimator: rounds(2), continueFrom: 'first' })
  expect(other.warnings.join()).toMatch(/every figure flatters it/)
  // No program could learn both parts again from these rows: its twin asks the model itself.
  expect(await twin('dealt')).toMatchObject({ 'twin.py': expect.stringContaining('# It does not learn: the model that it went on from was trained on other rows.') as string, 'twin.ts': expect.stringContaining('await judge({') as string })
})

test.each([
  [/^unsupported earlier model; .* hist-gradient-boosting: random-forest$/, { estimator: { id: 'random-forest', params: { nEstimators: 2 } } }],
  [/^unsupported folds; .*: 3$/, { folds: 3 }],
  [/its recipe must be that of this run/, { recipe: { version: 1 as const, excluded: ['island'], steps: [] } }],
  [/its target must be that of this run/, { target: { column: 'sex', task: 'binary' as const } }],
  [/^invalid seed/, { seed: 9 }],
  [/^unknown run|^missing run/, { continueFrom: 'gone' }],
] as const)('refused: %s', async (message, over) => {
  await expect(run(`refused ${String(message)}`, { continueFrom: 'first', ...over } as Partial<RunSpec>)).rejects.toThrow(message)
})

test('a file that is no pipeline is refused', async () => {
  await expect(openEarlier('package.json')).rejects.toThrow()
})
