/** What `glasshouse retrain` asks of the training: the run of a bundle, whatever became of the data. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import type { Io } from '../../../src/cli/io.ts'
import { retrain } from '../../../src/cli/retrain.ts'
import type { AgainRequest } from '../../../src/cli/train-again.ts'
import { StudioError } from '../../../src/core/errors.ts'

const asked = vi.hoisted((): Pick<AgainRequest, 'spec' | 'threshold'>[] => [])
vi.mock('../../../src/cli/train-again.ts', () => ({
  async trainAgain(request: AgainRequest) {
    asked.push(request)
    throw new StudioError({ code: 'cancelled', message: 'invalid wait; heard' })
  },
}))
const folder = mkdtempSync(join(tmpdir(), 'glasshouse-retrain-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

it.each([
  ['binary', ['no', 'yes'], { column: 'y', task: 'binary', positive: 'yes' }],
  ['multiclass', ['a', 'b'], { column: 'y', task: 'multiclass' }],
  ['regression', [], { column: 'y', task: 'regression' }],
] as const)('asks for the class that the threshold of the model is of, %s', async (task, classes, target) => {
  const spec = { version: 1, target: { column: 'y', task }, split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 1 }, recipe: { version: 1, steps: [], excluded: [] }, estimator: { id: 'baseline', params: {} }, seed: 1 }
  const run = at('run.json', JSON.stringify({ spec, threshold: 0.3 }))
  at('signature.json', JSON.stringify({ inputs: [{ name: 'x', kind: 'numeric' }], classes }))
  const io = { out: () => {}, progress: { report: () => {}, clear: () => {} }, signal: new AbortController().signal } as unknown as Io
  await expect(retrain([run, at('new.csv', 'x,y\n1,yes\n2,yes\n3,no\n')], io)).rejects.toMatchObject({ code: 'cancelled' })
  expect(asked.at(-1)).toMatchObject({ threshold: 0.3 })
  expect(asked.at(-1)?.spec.target).toEqual(target)
})

const whole = {
  version: 1,
  target: { column: 'y', task: 'binary' },
  split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 1 },
  recipe: { version: 1, steps: [{ id: 's', step: 'scale', columns: { by: 'kind', kinds: ['numeric'] }, params: {} }], excluded: [] },
  estimator: { id: 'baseline', params: {} },
  seed: 1,
}
const step = whole.recipe.steps[0]
const withStep = (changed: object) => ({ recipe: { ...whole.recipe, steps: [{ ...step, ...changed }] } })
const withSplit = (changed: object) => ({ split: { ...whole.split, ...changed } })

it.each([
  [withSplit({ strategy: { kind: 'shuffled' } }), /^invalid run\.json; spec\.split\.strategy\.kind: expected \("random" \| "stratified" \| "grouped" \| "time" \| "column"\), received "shuffled"$/],
  [withSplit({ strategy: { kind: 'group', column: 'g' } }), /spec\.split\.strategy\.kind: expected .*"grouped".*, received "group"$/],
  [withSplit({ strategy: { kind: 'grouped' } }), /spec\.split\.strategy\.column: expected "column", received undefined$/],
  [withSplit({ validShare: 2 }), /spec\.split\.validShare: expected <=1, received 2$/],
  [withSplit({ seed: 0.5 }), /spec\.split\.seed: expected .*, received 0\.5$/],
  [withStep({ columns: { by: 'type', kinds: [] } }), /spec\.recipe\.steps\.0\.columns\.by: expected \("kind" \| "name"\), received "type"$/],
  [withStep({ columns: { by: 'kind', kinds: ['number'] } }), /spec\.recipe\.steps\.0\.columns\.kinds\.0: expected \("numeric" \| .*, received "number"$/],
  [withStep({ params: { method: null } }), /spec\.recipe\.steps\.0\.params\.method: expected \(number \| string \| boolean\), received null$/],
  [{ estimator: { id: 'baseline', params: 3 } }, /spec\.estimator\.params: expected Object, received 3$/],
  [{ sampleRows: -1 }, /spec\.sampleRows: expected >=0, received -1$/],
])('names the field of run.json, the rule and the value: %j', async (changed, rule) => {
  const run = at('run.json', JSON.stringify({ spec: { ...whole, ...changed }, threshold: 0.5 }))
  at('signature.json', JSON.stringify({ inputs: [{ name: 'x', kind: 'numeric' }], classes: ['no', 'yes'] }))
  const io = { out: () => {}, progress: { report: () => {}, clear: () => {} }, signal: new AbortController().signal } as unknown as Io
  await expect(retrain([run, at('new.csv', 'x,y\n1,yes\n2,yes\n3,no\n')], io)).rejects.toMatchObject({ code: 'bad-data', message: expect.stringMatching(rule) })
})
