/** Why a column is no feature, and what becomes of category codes that a later step counts with. */
import { describe, expect, test } from 'vitest'
import { encodeColumns } from '../../../../src/core/bundle/encode.ts'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { makeSplit } from '../../../../src/core/data/make-split.ts'
import { recipeCell } from '../../../../src/core/code/twin/steps.ts'
import { answer } from '../../../../src/core/onnx/runner.ts'
import { nodeRunner } from '../../../../src/core/onnx/runner-node.ts'
import type { ParamValues } from '../../../../src/core/params.ts'
import { fitRecipe } from '../../../../src/core/recipe/recipe.ts'
import type { RecipeSpec, SeriesKind } from '../../../../src/core/recipe/step.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { graphOf } from '../../../support/onnx-cases.ts'
import { hostileNames } from '../../../support/rich-data.ts'

const step = (name: string, kinds: readonly SeriesKind[], params: ParamValues = {}) => ({ id: `${name} ${kinds.join()}`, step: name, columns: { by: 'kind', kinds } as const, params })
const recipeOf = (...steps: RecipeSpec['steps'][number][]): RecipeSpec => ({ version: 1, excluded: [], steps })

test('a column without a value says so, whatever its kind', () => {
  const rows = 20
  const part = columnFrom('part', 'categorical', Array.from({ length: rows }, (_, row) => (row < 10 ? 'train' : 'valid')))
  const kinds = ['numeric', 'boolean', 'categorical', 'datetime', 'text', 'id'] as const
  const some = { numeric: 1, boolean: true, categorical: 'a', datetime: 1, text: 'a', id: 'a' }
  const columns = [
    columnFrom('y', 'numeric', Array.from({ length: rows }, (_, row) => row)),
    columnFrom('x', 'numeric', Array.from({ length: rows }, (_, row) => row)),
    part,
    ...kinds.map((kind) => columnFrom(`no ${kind}`, kind, new Array<null>(rows).fill(null))),
    ...kinds.map((kind) => columnFrom(`late ${kind}`, kind, Array.from({ length: rows }, (_, row) => (row < 10 ? null : some[kind])))),
    columnFrom('words', 'text', Array.from({ length: rows }, (_, row) => `word ${row}`)),
  ]
  const { train } = makeSplit(columns, 'y', { strategy: { kind: 'column', column: 'part' }, validShare: 0.5, testShare: 0, seed: 1 })
  const { state } = fitRecipe(columns, train, recipeOf(), { target: 'y' })
  const reasons = new Map(state.leftOut.map(({ column, reason }) => [column, reason]))
  for (const kind of kinds) expect([reasons.get(`no ${kind}`), reasons.get(`late ${kind}`)]).toEqual(['no row has a value', 'no training row has a value'])
  expect(reasons.get('words')).toBe('no model here reads free text yet')
})

describe('numbered categories that a step counts with are numbers', () => {
  const ordinal = step('ordinal', ['categorical'])
  const later = {
    scale: step('scale', ['numeric']),
    clip: step('clip', ['numeric'], { lower: 0.2, upper: 0.6 }),
    'impute of a number that is no code': step('impute', ['numeric'], { strategy: 'constant', fillValue: '-1' }),
  }
  test.each(Object.keys(later).flatMap((name) => ['decision-tree', 'explainable-boosting'].map((estimator) => [name, estimator] as const)))('after %s, %s', async (name, estimator) => {
    const { dataset, result, signature, bytes } = await graphOf({ name: '', estimator, task: 'binary', recipe: recipeOf(ordinal, later[name as keyof typeof later]) })
    const { pipeline } = result
    expect(pipeline.recipe.features.find(({ source }) => source === hostileNames.category)).not.toHaveProperty('categories')
    expect(pipeline.features(dataset.columns).features.every((feature) => !('categories' in feature))).toBe(true)
    const session = await nodeRunner().open(bytes)
    const served = await answer(session, signature, encodeColumns(signature, dataset.columns, Uint32Array.from({ length: dataset.rows }, (_, row) => row)), dataset.rows)
    await session.close()
    const own = await pipeline.predict(dataset.columns)
    // The parity that an export is held to (DESIGN.md section 4).
    expectAllClose(Float64Array.from(served.probabilities as ArrayLike<number>), own.task === 'regression' ? [] : own.probabilities, { absolute: 1e-5 })
  })

  test.each(['mean', 'median', 'most-frequent'])('their holes are filled with the most frequent one, and they stay categories: %s', async (strategy) => {
    const { dataset, result } = await graphOf({ name: '', estimator: 'decision-tree', task: 'binary', recipe: recipeOf(ordinal, step('impute', ['numeric'], { strategy })) })
    const { pipeline } = result
    const feature = pipeline.features(dataset.columns).features.find(({ source }) => source === hostileNames.category)
    expect(feature?.categories?.length).toBeGreaterThan(4)
    expect(feature?.values.every((code) => Number.isInteger(code) && code >= 0 && code < (feature.categories?.length ?? 0))).toBe(true)
    // The twin fills them alike.
    const calls = recipeCell(pipeline.recipe).filter((line) => line.includes('impute(frame, ['))
    expect(calls.some((line) => line.includes(JSON.stringify(hostileNames.category)) && line.includes('strategy="most-frequent"'))).toBe(true)
    expect(calls).toHaveLength(strategy === 'most-frequent' ? 1 : 2)
  })
})
