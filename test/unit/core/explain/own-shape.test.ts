/** Explanations of a model's own form: trees, coefficients, paths, curves. What they say must be what the model does. */
import { describe, expect, test } from 'vitest'
import { cellAt, columnFrom } from '../../../../src/core/data/column.ts'
import type { TrainRows } from '../../../../src/core/data/split.ts'
import { estimators, tableEstimators } from '../../../../src/core/estimators/registry.ts'
import type { Insight } from '../../../../src/core/estimators/estimator.ts'
import type { LinearModel } from '../../../../src/core/estimators/linear.ts'
import type { AttributionSummary, CoefficientPath, Coefficients, LocalAttribution, ShapeFunctions, TreeDrawing } from '../../../../src/core/explain/explainer.ts'
import type { ExplainInput } from '../../../../src/core/explain/explainer.ts'
import { explainers } from '../../../../src/core/explain/registry.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { checkParams, type ParamValues } from '../../../../src/core/params.ts'
import { fitRecipe } from '../../../../src/core/recipe/recipe.ts'
import { pipelineOf } from '../../../../src/core/run/open-pipeline.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { fittedInput, glassInput } from '../../../support/glass-data.ts'
import { nodeContext } from '../../../support/node-context.ts'

async function ask<T>(id: string, input: ExplainInput, params: ParamValues = {}): Promise<T> {
  const explainer = explainers.get(id)
  return (await explainer.explain(input, checkParams(id, explainer.params, params), nodeContext())) as unknown as T
}
/** y = 3 kilos - 2 [red] + 10, kilos around 500 with sd 100, through impute, scale and onehot. */
async function lineInput(estimator: string, settings: ParamValues = {}): Promise<ExplainInput> {
  const rng = createRng(3)
  const kilos = Array.from({ length: 80 }, () => 500 + 100 * rng.normal())
  const colour = kilos.map((_, i) => (i % 3 === 0 ? 'red' : 'blue'))
  const columns = [columnFrom('kilos', 'numeric', kilos), columnFrom('colour', 'categorical', colour), columnFrom('idle', 'numeric', kilos.map(() => rng.normal())), columnFrom('y', 'numeric', kilos.map(() => 0))]
  const values = Float64Array.from(kilos, (kilo, i) => 3 * kilo - (colour[i] === 'red' ? 2 : 0) + 10 + 0.5 * rng.normal())
  const rows = Uint32Array.from(kilos, (_, i) => i)
  const recipe = {
    version: 1 as const,
    excluded: [],
    steps: [
      { id: '1', step: 'impute', columns: { by: 'kind' as const, kinds: ['numeric' as const] }, params: {} },
      { id: '2', step: 'scale', columns: { by: 'kind' as const, kinds: ['numeric' as const] }, params: {} },
      { id: '3', step: 'onehot', columns: { by: 'kind' as const, kinds: ['categorical' as const] }, params: {} },
    ],
  }
  const { state, train } = fitRecipe(columns, rows as TrainRows, recipe, { target: 'y' })
  const target = { task: 'regression' as const, column: 'y', values }
  const definition = estimators.get(estimator)
  const model = await definition.fit(train, target, { params: checkParams(estimator, definition.params, settings), seed: 1 }, nodeContext())
  const pipeline = pipelineOf({ target: { column: 'y', task: 'regression' }, classes: [], recipe: state, model })
  const row = new Map<string, string | number>([['kilos', 620], ['colour', 'red'], ['idle', 0.3]])
  return { pipeline, dataset: { id: 'd', name: 'd', rows: 80, columns, source: { kind: 'paste', fileName: '', bytes: 0, sha256: '' } }, part: 'valid', rows, target, row, seed: 1, threshold: 0.5, settings }
}

test('every estimator that says it shows something does, fitted and revived', async () => {
  const fields = new Map<Insight, string>([['trees', 'trees'], ['coefficients', 'linear'], ['shapes', 'shapes']])
  for (const estimator of tableEstimators) {
    for (const insight of estimator.shows ?? []) {
      const field = fields.get(insight)
      // Networks of pictures are looked into by explainers of their own.
      if (field === undefined) continue
      const { pipeline } = await fittedInput(estimator.tasks[0]!, estimator.id)
      expect(pipeline.model, estimator.id).toHaveProperty(field)
      expect(estimator.revive(pipeline.model.state()), estimator.id).toHaveProperty(field)
    }
  }
})

describe('coefficients', () => {
  test('are in the units of the columns, though the model saw them scaled', async () => {
    const said = await ask<Coefficients>('coefficients', await lineInput('linear-regression'))
    const kilos = said.rows.find(({ feature }) => feature === 'kilos')!
    // 80 rows with noise of 0.5 and a spread of 100: the slope is known to about 0.5 / (100 sqrt 80) = 0.0006.
    expectAllClose([kilos.raw], [3], { absolute: 0.003 })
    expect(kilos.own).toBe(true)
    expect(kilos.interval![0]).toBeLessThan(3)
    expect(kilos.interval![1]).toBeGreaterThan(3)
    // Standardised: 3 a kilo times about 100 kilos.
    expectAllClose([kilos.standardised], [300], { relative: 0.15 })
    expectAllClose([kilos.standardisedInterval![0] / kilos.standardised], [kilos.interval![0] / kilos.raw], { relative: 1e-9 })
    const colours = said.rows.filter(({ source }) => source === 'colour')
    expect(colours.every(({ own }) => own)).toBe(true)
    expect(said.outputs).toEqual(['y'])
  })
  test('of several classes there is one for each', async () => {
    const said = await ask<Coefficients>('coefficients', await fittedInput('multiclass', 'logistic-regression'))
    expect(said.outputs).toEqual(['score of a', 'score of b', 'score of c'])
    expect(said.link).toBe('softmax')
  })
})

test('the path begins with nothing, and what matters most enters first', async () => {
  const input = await lineInput('lasso', { alpha: 2, tol: 1e-10 })
  const said = await ask<CoefficientPath>('coefficient-path', input, { points: 20 })
  expect(said.penalties).toHaveLength(20)
  expect(said.features.map(({ values }) => values[0])).toEqual(said.features.map(() => 0))
  expect(said.features[0]?.feature).toBe('kilos')
  expect(said.chosen).toBe(2)
  // At a penalty near the run's own, the path is the run's own coefficient (sd times weight).
  const { linear } = input.pipeline.model as LinearModel
  const near = said.penalties.findIndex((penalty) => penalty < 2)
  const own = linear.coefficients[0]! * linear.featureScales[0]!
  const [before, after] = [said.features[0]!.values[near - 1]!, said.features[0]!.values[near]!]
  expect(before).toBeLessThan(own)
  expect(own).toBeLessThan(after)
})

describe('parts of a sum', () => {
  test.each(['linear-regression', 'ridge'])('%s: they add up to the answer, and differ from the mean row', async (id) => {
    const input = await lineInput(id)
    const said = await ask<LocalAttribution>('additive-parts', input)
    expect(said.link).toBe('identity')
    expect(said.gap).toBeLessThan(1e-9)
    const kilos = said.columns.find(({ column }) => column === 'kilos')!
    const mean = input.dataset.columns[0]!.kind === 'numeric' ? input.dataset.columns[0]!.values.reduce((a, b) => a + b) / 80 : 0
    // float32 features of size 1 and ridge's shrinkage of about 1/80
    expectAllClose([kilos.part], [3 * (620 - mean)], { relative: 0.02 })
  })
  test('explainable boosting, with pairs as parts of their own', async () => {
    const said = await ask<LocalAttribution>('additive-parts', await fittedInput('binary', 'explainable-boosting'))
    expect(said.output).toBe('log-odds of yes')
    expect(said.gap).toBeLessThan(1e-12)
  })
  test('a margin is not passed off as a probability', async () => {
    const said = await ask<LocalAttribution>('additive-parts', await fittedInput('binary', 'linear-svm'))
    expect(said.link).toBe('margin')
    expect(said.gap).toBeNull()
    expect(said.output).toBe('distance from the border, towards yes')
  })
})

test('shape functions: values at the row add up to the score, and weights are means over the rows', async () => {
  const input = await fittedInput('regression', 'explainable-boosting')
  const said = await ask<ShapeFunctions>('shapes', input)
  const parts = await ask<LocalAttribution>('additive-parts', input)
  const sum = said.terms.reduce((total, { chosen }) => total + chosen!.value, said.intercept)
  expectAllClose([sum], [parts.score], { absolute: 1e-9 })
  for (const { axes, values, spread, rows, weight } of said.terms) {
    const cells = axes.reduce((product, { edges, names }) => product * ((names ?? edges!.slice(1)).length + 1), 1)
    expect([values.length, spread.length, rows.length]).toEqual([cells, cells, cells])
    expect(rows.reduce((a, b) => a + b)).toBe(said.n)
    expectAllClose([weight], [values.reduce((total, value, i) => total + Math.abs(value) * rows[i]!, 0) / said.n], { absolute: 1e-12 })
  }
  expect([...said.terms].sort((a, b) => b.weight - a.weight)).toEqual(said.terms)
})

describe('a drawn tree', () => {
  test('the way of the row ends in the leaf that predicts it', async () => {
    const input = await fittedInput('binary', 'decision-tree')
    const said = await ask<TreeDrawing>('tree-view', input)
    expect(said.values).toBe('shares')
    expect(said.averaged).toBe(false)
    const leaf = said.nodes[said.path.at(-1)!]!
    expect(leaf.hidden).toBe(0)
    expect(leaf.values.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
    for (let i = 1; i < said.path.length; i++) expect(said.nodes[said.path[i]!]!.parent).toBe(said.path[i - 1])
    const { row: _, ...without } = input
    expect((await ask<TreeDrawing>('tree-view', without)).path).toEqual([])
  })
  test('deep levels are left out, but not along the way', async () => {
    const input = await fittedInput('regression', 'decision-tree')
    const whole = await ask<TreeDrawing>('tree-view', input)
    const short = await ask<TreeDrawing>('tree-view', input, { maxNodes: 3 })
    expect(short.nodes.length).toBeLessThan(whole.nodes.length)
    expect(short.nodes.some(({ hidden }) => hidden > 0)).toBe(true)
    expect(short.path.map((i) => short.nodes[i]!.question)).toEqual(whole.path.map((i) => whole.nodes[i]!.question))
  })
  test('of boosting a tree adds, of a forest it is averaged, and there is no tree beyond the last', async () => {
    const boosted = await ask<TreeDrawing>('tree-view', await fittedInput('multiclass', 'hist-gradient-boosting'), { tree: 2 })
    expect([boosted.values, boosted.output, boosted.trees]).toEqual(['adds', 'score of b', 15])
    const forest = await ask<TreeDrawing>('tree-view', await fittedInput('regression', 'random-forest'), { tree: 3 })
    expect([forest.values, forest.averaged, forest.output]).toEqual(['value', true, 'y'])
    await expect(ask('tree-view', await fittedInput('regression', 'random-forest'), { tree: 4 })).rejects.toThrow('invalid tree of tree-view; the model has 3: 4')
  })
})

test('a summary is the mean size of the parts of its rows', async () => {
  const input = await fittedInput('binary', 'hist-gradient-boosting')
  const said = await ask<AttributionSummary>('shap-summary', input, { maxRows: 40 })
  expect(said.n).toBe(40)
  for (const { mean, parts, ranks } of said.columns) {
    // All 40 rows are drawn here, so the mean can be taken again.
    expectAllClose([mean], [parts.reduce((sum, part) => sum + Math.abs(part), 0) / 40], { absolute: 1e-12 })
    for (const rank of ranks) if (rank !== null) expect(rank >= 0 && rank <= 1).toBe(true)
  }
  expect(said.columns.find(({ column }) => column === '__proto__')!.ranks.every((rank) => rank === null)).toBe(true)
})

test('the summary of a sum has the parts of each row; of any other model those that asking finds, within its time', async () => {
  const sum = await fittedInput('regression', 'explainable-boosting')
  const said = await ask<AttributionSummary>('shap-summary', sum, { maxRows: 1000 })
  expect(said.n).toBe(sum.rows.length)
  expect(said.sampling).toBeUndefined()
  const row = new Map(sum.dataset.columns.map((column) => [column.name, cellAt(column, sum.rows[3] as number)]))
  const one = await ask<LocalAttribution>('additive-parts', { ...sum, row })
  for (const { column, part } of one.columns) expectAllClose([said.columns.find((other) => other.column === column)!.parts[3]!], [part], { absolute: 1e-12 })

  const glass = { ...(await glassInput('binary')), trainRows: Uint32Array.from({ length: 20 }, (_, i) => i) }
  const asked = await ask<AttributionSummary>('shap-summary', glass, { askedRows: 1000, maxSeconds: 600 })
  expect(asked).toMatchObject({ n: 100, link: 'identity', output: 'probability of yes', sampling: { ended: 'all', rows: 20, of: 20 } })
  expect(asked.columns.find(({ column }) => column === 'since')).toMatchObject({ mean: 0, band: 0 })
  const size = asked.columns.find(({ column }) => column === 'size')!
  expect(size).toBe(asked.columns[0])
  // Parts and base of each row make its answer, so their means make the mean answer; all 100 rows are drawn.
  expectAllClose([size.mean], [size.parts.reduce((sum, part) => sum + Math.abs(part), 0) / 100], { absolute: 1e-12 })
  const answers = await glass.pipeline.predict(glass.dataset.columns, glass.rows)
  if (answers.task === 'regression') throw new Error('classes were asked for')
  const mean = answers.probabilities.reduce((sum, share, i) => sum + (i % 2 === 1 ? share : 0), 0) / 100
  expectAllClose([asked.columns.reduce((total, { parts }) => total + parts.reduce((sum, part) => sum + part, 0) / 100, asked.base)], [mean], { absolute: 1e-12 })

  let now = 0
  const hurried = await explainers.get('shap-summary').explain(glass, checkParams('s', explainers.get('shap-summary').params, { askedRows: 50, maxSeconds: 1 }), nodeContext({ now: () => (now += 20) }))
  expect(hurried).toMatchObject({ sampling: { ended: 'time' } })
  expect((hurried as AttributionSummary).n).toBeGreaterThan(0)
  expect((hurried as AttributionSummary).n).toBeLessThan(50)
  const stopped = await explainers.get('shap-summary').explain(glass, checkParams('s', explainers.get('shap-summary').params, {}), nodeContext({ stopping: () => true }))
  expect(stopped).toMatchObject({ n: 1, sampling: { ended: 'stopped' } })
})

test('a model that shows nothing is refused, and a class that is not there', async () => {
  for (const id of ['tree-view', 'tree-shap', 'coefficients', 'shapes', 'additive-parts']) await expect(ask(id, await glassInput('binary'))).rejects.toMatchObject({ code: 'unsupported' })
  await expect(ask('tree-shap', await fittedInput('multiclass', 'hist-gradient-boosting'), { class: 'd' })).rejects.toThrow('invalid class; not one of a, b, c: d')
})
