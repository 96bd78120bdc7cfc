import { expect, test } from 'vitest'
import type { LocalAttribution } from '../../../../src/core/explain/explainer.ts'
import { treeShap } from '../../../../src/core/explain/tree-shap.ts'
import { randomForest } from '../../../../src/core/estimators/random-forest.ts'
import { columnsOfRow } from '../../../../src/core/explain/row-columns.ts'
import { checkParams } from '../../../../src/core/params.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { glassInput, treeInput } from '../../../support/glass-data.ts'
import { nodeContext } from '../../../support/node-context.ts'

const explain = async (input: Awaited<ReturnType<typeof treeInput>>): Promise<LocalAttribution> => (await treeShap.explain(input, { class: '' }, nodeContext())) as LocalAttribution

test('parts of columns add up to the score of the row', async () => {
  const input = await treeInput('binary')
  const said = await explain(input)
  const prediction = await input.pipeline.predict(columnsOfRow(input.pipeline, input.row!))
  if (prediction.task === 'regression') throw new Error('classes were asked for')
  expectAllClose([1 / (1 + Math.exp(-said.score))], [prediction.probabilities[1]!], { absolute: 1e-12 })
  expect(said.output).toBe('log-odds of yes')
  expect(said.link).toBe('log-odds')
  expect(said.gap).toBeLessThan(1e-12)
  // Each column once, though categories became several features; what decides the glass pipeline comes first.
  expect(said.columns.map(({ column }) => column).sort()).toEqual(['__proto__', 'since', 'size', 'smokes', 'years'])
  expect(said.columns[0]?.column).toBe('size')
  expect(said.columns[0]?.cell).toBe(input.row!.get('size'))
})

test('of several classes the predicted one is spoken of; of a forest its probability', async () => {
  const boosted = await explain(await treeInput('multiclass'))
  expect(boosted.output).toMatch(/^score of [abc]$/)
  const input = await treeInput('multiclass')
  const X = input.pipeline.features(input.dataset.columns, input.rows)
  X.features.forEach((feature) => feature.values.forEach((value, i) => (feature.values[i] = Number.isNaN(value) ? 0 : value)))
  const model = await randomForest.fit(X, input.target, { params: checkParams('f', randomForest.params, { nEstimators: 7, maxDepth: 4 }), seed: 1 }, nodeContext())
  const said = await explain({ ...input, pipeline: { ...input.pipeline, model } })
  const prediction = await model.predict(input.pipeline.features(columnsOfRow(input.pipeline, input.row!)))
  if (prediction.task === 'regression') throw new Error('classes were asked for')
  expect(said.output).toMatch(/^probability of [abc]$/)
  expectAllClose([said.score], [Math.max(...prediction.probabilities)], { absolute: 1e-12 })
})

test('models without trees, and no chosen row, are refused', async () => {
  expect(treeShap.refuses({ task: 'binary', estimator: 'ridge' })).toMatch('models made of trees')
  expect(treeShap.refuses({ task: 'binary', estimator: 'extra-trees' })).toBeUndefined()
  expect(treeShap.refuses({ task: 'binary', estimator: 'explainable-boosting' })).toMatch('models made of trees')
  const { row: _, ...without } = await treeInput('binary')
  await expect(explain(without)).rejects.toThrow('missing row')
  await expect(explain(await glassInput('binary'))).rejects.toMatchObject({ code: 'unsupported' })
})
