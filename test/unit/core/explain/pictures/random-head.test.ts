/** Heads with random numbers: of the same form, and none where there is nothing to draw. */
import { expect, it } from 'vitest'
import type { Matrix } from '../../../../../src/core/data/matrix.ts'
import type { ClassTarget } from '../../../../../src/core/data/target.ts'
import { estimators } from '../../../../../src/core/estimators/registry.ts'
import { meanFollowing, randomHead } from '../../../../../src/core/explain/pictures/random-head.ts'
import { createRng } from '../../../../../src/core/math/rng.ts'
import { checkParams, defaultsOf, type ParamValues } from '../../../../../src/core/params.ts'
import { nodeContext } from '../../../../support/node-context.ts'

const rng = createRng(1)
const X: Matrix = { rows: 60, features: ['a', 'b', 'c'].map((name) => ({ name, source: name, values: Float32Array.from({ length: 60 }, () => rng.normal()) })) }
const y: ClassTarget = { task: 'multiclass', column: 'y', classes: ['p', 'q', 'r'], codes: Int32Array.from({ length: 60 }, (_, i) => X.features.map(({ values }) => values[i] as number).reduce((best, value, j, all) => (value > (all[best] as number) ? j : best), 0)) }

it.each(['logistic-regression', 'mlp', 'svm', 'linear-svm'])('%s with random numbers still answers, and otherwise', async (id) => {
  const estimator = estimators.get(id)
  const quick: ParamValues = id === 'mlp' ? { backend: 'wasm', maxIter: 20 } : {}
  const model = await estimator.fit(X, y, { params: checkParams(id, estimator.params, quick), seed: 1 }, nodeContext())
  const answers = async (one: typeof model) => {
    const prediction = await one.predict(X)
    return prediction.task === 'regression' ? [] : Array.from(prediction.probabilities)
  }
  const random = randomHead(model, (state) => estimator.revive(state), createRng(2))
  const [learnt, drawn] = [await answers(model), await answers(random!)]
  expect(drawn.every((share) => share >= 0 && share <= 1)).toBe(true)
  expect(drawn).toHaveLength(learnt.length)
  expect(drawn).not.toEqual(learnt)
  expect(await answers(model)).toEqual(learnt)
})

it.each(['random-forest', 'k-neighbors', 'gaussian-nb'])('%s has no table of weights to draw', async (id) => {
  const estimator = estimators.get(id)
  const model = await estimator.fit(X, y, { params: defaultsOf(estimator.params), seed: 1 }, nodeContext())
  expect(randomHead(model, (state) => estimator.revive(state), createRng(2))).toBeUndefined()
})

it('says how far maps follow one by their sizes, whatever their signs, and nothing where they are flat', () => {
  const map = (...values: number[]) => ({ height: 1, width: values.length, values: Float32Array.from(values) })
  expect(meanFollowing(map(1, -2, 3), [map(-10, 20, 30), map(3, 2, 1)])).toBeCloseTo(1)
  expect(meanFollowing(map(1, 2, 3), [map(0, 0, 0)])).toBeNull()
})
