import { expect, it } from 'vitest'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import type { Run } from '../../../src/core/run/run.ts'
import type { ProjectState } from '../../../src/state/project.svelte.ts'
import { specOf, wantedOf } from '../../../src/state/training.ts'

const step = (id: string, step: string) => ({ id, step, columns: { by: 'kind', kinds: ['numeric'] }, params: {} }) as const
const recipe = { version: 1, steps: [step('s1', 'scale')], excluded: ['a'] } as const
const target = { column: 'y', task: 'binary' } as const
const split = { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 1 } as const
const spec: RunSpec = { version: 1, projectId: 'p', datasetId: 'before', target, split, recipe, estimator: { id: 'logistic-regression', params: { C: 3 } }, seed: 7, folds: 5, repeats: 3, sampleRows: 40, sampleWeight: 'w' }

it('a run is trained again as it was, on the data as they are now, whatever the recipe of the project became', () => {
  const project = { id: 'p', dataset: { id: 'now', columns: [] }, plan: { datasetId: 'now', target, split, recipe: { version: 1, steps: [step('s2', 'clip')], excluded: [] } } } as unknown as ProjectState
  expect(specOf(project, wantedOf({ spec, facts: {} } as Run))).toEqual({ ...spec, datasetId: 'now' })
  const { folds: _, repeats: __, sampleRows: ___, sampleWeight: ____, ...plain } = spec
  expect(specOf(project, wantedOf({ spec: plain, facts: {} } as Run))).toEqual({ ...plain, datasetId: 'now' })
  // Of one that went on from another, all rounds.
  const more = { spec: { ...plain, estimator: { id: 'hist-gradient-boosting', params: { maxIter: 4 } }, continueFrom: 'first' }, facts: { roundsBefore: 6 } } as unknown as Run
  expect(specOf(project, wantedOf(more))).toEqual({ ...plain, datasetId: 'now', estimator: { id: 'hist-gradient-boosting', params: { maxIter: 10 } } })
})
