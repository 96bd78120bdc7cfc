/**
 * A fit that was broken off at any of its savepoints, any number of times, and went on from what it had left
 * ends with the same bits as one that was never disturbed: model, facts and curves.
 */
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Context, Progress } from '../../src/core/context.ts'
import { cancelled } from '../../src/core/errors.ts'
import type { ModelState } from '../../src/core/estimators/estimator.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { createRng } from '../../src/core/math/rng.ts'
import { checkParams, type ParamValues } from '../../src/core/params.ts'
import type { FitState, Reached, Savepoint } from '../../src/core/savepoint.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'
import { matrixOf, picturesOf, targetFor } from '../support/tables.ts'
import type { Task } from '../../src/core/data/target.ts'

interface Case {
  readonly name: string
  readonly id: string
  readonly task: Task
  readonly params: ParamValues
  readonly rows?: number
  readonly weights?: boolean
  /** Without the compiled kernels. */
  readonly plain?: boolean
  /** Goes on from an earlier model of so many rounds. */
  readonly after?: number
}
const cases: readonly Case[] = [
  { name: 'boosting, two classes, everything drawn', id: 'hist-gradient-boosting', task: 'binary', params: { maxIter: 12, minSamplesLeaf: 3, subsample: 0.7, maxFeatures: 0.5, featuresPerTree: 0.7, earlyStopping: 'off' }, weights: true },
  { name: 'boosting, classes, judged', id: 'hist-gradient-boosting', task: 'multiclass', params: { maxIter: 12, minSamplesLeaf: 3, earlyStopping: 'on', nIterNoChange: 3, validationFraction: 0.3 } },
  { name: 'boosting, numbers, judged', id: 'hist-gradient-boosting', task: 'regression', params: { maxIter: 15, minSamplesLeaf: 3, earlyStopping: 'on', nIterNoChange: 4, l1Regularization: 0.01 } },
  { name: 'boosting, a quantile', id: 'hist-gradient-boosting', task: 'regression', params: { maxIter: 8, minSamplesLeaf: 3, loss: 'quantile', quantile: 0.8, earlyStopping: 'off' }, plain: true },
  { name: 'boosting, counts', id: 'hist-gradient-boosting', task: 'regression', params: { maxIter: 8, minSamplesLeaf: 3, loss: 'poisson', subsample: 0.6, earlyStopping: 'off' } },
  { name: 'boosting, continued', id: 'hist-gradient-boosting', task: 'multiclass', params: { maxIter: 6, minSamplesLeaf: 3, subsample: 0.7, earlyStopping: 'on', validationFraction: 0.3 }, after: 5 },
  { name: 'tree', id: 'decision-tree', task: 'multiclass', params: { ccpAlpha: 0.001 }, weights: true },
  { name: 'tree of medians', id: 'decision-tree', task: 'regression', params: { errorCriterion: 'absolute', minImpurityDecrease: 0.0001 } },
  { name: 'forest', id: 'random-forest', task: 'multiclass', params: { nEstimators: 9, classWeight: 'balanced-subsample' }, weights: true },
  { name: 'forest of numbers', id: 'random-forest', task: 'regression', params: { nEstimators: 7, maxFeatures: 'third' }, plain: true },
  { name: 'extra trees', id: 'extra-trees', task: 'binary', params: { nEstimators: 7 } },
  { name: 'additive', id: 'explainable-boosting', task: 'binary', params: { maxIter: 8, outerBags: 2, interactions: 2, nIterNoChange: 3 } },
  { name: 'additive, classes', id: 'explainable-boosting', task: 'multiclass', params: { maxIter: 5, outerBags: 2, interactions: 1 } },
  { name: 'support vectors', id: 'svm', task: 'multiclass', params: { C: 100 }, weights: true },
  { name: 'support vectors of numbers', id: 'svm', task: 'regression', params: { C: 100 } },
  { name: 'logistic', id: 'logistic-regression', task: 'multiclass', params: { penalty: 'elasticnet', C: 100 }, weights: true },
  { name: 'linear support vectors', id: 'linear-svm', task: 'multiclass', params: { C: 10 } },
  { name: 'network', id: 'mlp', task: 'regression', params: { maxIter: 5, hiddenLayerSizes: '6, 4', backend: 'wasm', batchSize: 16, earlyStopping: true, nIterNoChange: 2 } },
  { name: 'network of pictures', id: 'cnn', task: 'multiclass', params: { maxIter: 3, batchSize: 16, layers: '[{"type":"conv","filters":4,"activation":"none"},{"type":"batch-norm"},{"type":"max-pool"},{"type":"dropout"},{"type":"dense","units":6}]' }, rows: 60 },
]

interface Attempt {
  readonly state: ModelState
  readonly curves: readonly Progress[]
}

/** A disk that outlives attempts: states of the fit, and the curves as they were at the last save. */
class Disk {
  left: readonly FitState[] = []
  curves: readonly Progress[] = []
  reached: Reached | undefined
}

/** @param saves which chances to save are taken; @param dies at which save, counted from 1, the tab is lost */
async function attempt(entry: Case, disk: Disk | undefined, saves: () => boolean, dies = Number.POSITIVE_INFINITY, full = () => false): Promise<Attempt> {
  const estimator = estimators.get(entry.id)
  const X = estimator.tags.takesPictures ? picturesOf({ rows: entry.rows ?? 90, features: 1 }) : matrixOf({ rows: entry.rows ?? 90, features: 4, missing: estimator.tags.acceptsMissing, categories: estimator.tags.acceptsCategories })
  const y = targetFor(entry.task, X)
  const rng = createRng(9)
  const known = Object.entries(entry.params).filter(([name]) => Object.hasOwn(estimator.params, name))
  const params = checkParams(estimator.id, estimator.params, Object.fromEntries(known)) as never
  const curves: Progress[] = [...(disk?.curves ?? [])]
  let saved = 0
  const savepoint: Savepoint | undefined = disk && {
    left: structuredClone(disk.left),
    due: saves,
    async save(reached, state, how) {
      expect(reached.done).toBeGreaterThanOrEqual(disk.reached?.done ?? 0)
      expect(reached.total).toBeGreaterThanOrEqual(reached.done)
      // A disk may be full for a while.
      if (full()) return false
      disk.reached = reached
      disk.left = [...(how === 'add' ? disk.left : []), structuredClone(state)]
      disk.curves = curves.slice()
      if (++saved >= dies) throw cancelled()
      return true
    },
    anew: () => {
      throw new Error('what it kept itself must be readable')
    },
  }
  const context: Context = nodeContext({
    report: (progress) => progress.kind === 'curve' && curves.push(progress),
    ...(savepoint && { savepoint }),
    ...(entry.plain && { asset: () => Promise.reject(new Error('none')) }),
  })
  const earlier = entry.after === undefined ? undefined : await estimator.fit(X, y, { params: { ...(params as object), maxIter: entry.after } as never, seed: 7 }, nodeContext())
  const model = await estimator.fit(X, y, { params, seed: 7, ...(earlier && { earlier: earlier.state() }), ...(entry.weights && { weights: Float64Array.from({ length: X.rows }, () => rng.int(3)) }) }, context)
  return { state: model.state(), curves }
}

beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

describe.each(cases)('$name', (entry) => {
  test('goes on to the same bits from wherever it was broken off', async () => {
    const undisturbed = await attempt(entry, undefined, () => false)
    let chances = 0
    await attempt(entry, new Disk(), () => (chances++, false))
    expect(chances).toBeGreaterThan(2)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 1e6 }), async (deaths, seed) => {
        const disk = new Disk()
        const rng = createRng(seed)
        const saves = () => rng.next() < 0.6
        for (const dies of deaths) await attempt(entry, disk, saves, dies, () => rng.next() < 0.2).catch((error: { code?: string }) => expect(error.code).toBe('cancelled'))
        const resumed = await attempt(entry, disk, saves)
        expect(resumed.state).toEqual(undisturbed.state)
        expect(resumed.curves).toEqual(undisturbed.curves)
      }),
      { numRuns: 5 },
    )
  })
})
