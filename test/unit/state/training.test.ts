import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { StudioError } from '../../../src/core/errors.ts'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import type { Run } from '../../../src/core/run/run.ts'
import type { AppState } from '../../../src/state/app.svelte.ts'
import type { ProjectState } from '../../../src/state/project.svelte.ts'
import { goOn, specOf, wantedOf } from '../../../src/state/training.ts'

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

describe('a run that lost its worker', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  /** Jobs that end when the test says so. */
  function studio() {
    const ends: ((error: Error) => void)[] = []
    const jobs: object[] = []
    const start = () => {
      const job = { begun: new Promise(() => {}) }
      jobs.push(job)
      return { job, output: new Promise((_resolve, reject) => void ends.push(reject)) }
    }
    const app = { jobs: { start, of: () => jobs.at(-1) }, notices: { say: vi.fn() } } as unknown as AppState
    const settleRun = vi.fn(() => Promise.resolve())
    const run = { id: 'run-1', spec } as Run
    const project = { token: 1, runs: [run], refresh: () => Promise.resolve(), settleRun } as unknown as ProjectState
    return { app, project, run, ends, settleRun }
  }

  it('is said to have failed once it had time to say so itself', async () => {
    const { app, project, run, ends, settleRun } = studio()
    goOn(app, project, run)
    ends[0]?.(new StudioError({ code: 'worker-lost', message: 'missing answer' }))
    await vi.advanceTimersByTimeAsync(1900)
    expect(settleRun).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(200)
    expect(settleRun).toHaveBeenCalledTimes(1)
    expect(settleRun).toHaveBeenCalledWith('run-1', expect.objectContaining({ code: 'worker-lost' }))
  })

  it('goes on undisturbed where a person lets it within these two seconds', async () => {
    const { app, project, run, ends, settleRun } = studio()
    goOn(app, project, run)
    ends[0]?.(new StudioError({ code: 'worker-lost', message: 'missing answer' }))
    await vi.advanceTimersByTimeAsync(500)
    goOn(app, project, run)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(settleRun).not.toHaveBeenCalled()
    // Its own end is told as any other.
    ends[1]?.(new StudioError({ code: 'worker-lost', message: 'missing answer' }))
    await vi.advanceTimersByTimeAsync(2100)
    expect(settleRun).toHaveBeenCalledTimes(1)
  })
})
