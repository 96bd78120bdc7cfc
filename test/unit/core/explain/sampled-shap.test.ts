/** Parts of any model by asking it: the laws of Shapley values, honest bands, and every way to an end. */
import { describe, expect, test } from 'vitest'
import type { Context, Progress } from '../../../../src/core/context.ts'
import { isValid } from '../../../../src/core/data/column.ts'
import type { Matrix } from '../../../../src/core/data/matrix.ts'
import { differing, everyCoalition, mix, onePermutation, partsOf, tableOf } from '../../../../src/core/explain/coalitions.ts'
import type { ExplainInput, LocalAttribution } from '../../../../src/core/explain/explainer.ts'
import { StudioError } from '../../../../src/core/errors.ts'
import { sampledShap } from '../../../../src/core/explain/sampled-shap.ts'
import { shapleyValues, type ShapleyOptions } from '../../../../src/core/explain/shapley.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { checkParams, type ParamValues } from '../../../../src/core/params.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'
import { glassInput, treeInput } from '../../../support/glass-data.ts'
import { nodeContext } from '../../../support/node-context.ts'

const explain = async (input: ExplainInput, params: ParamValues = {}, context: Context = nodeContext()): Promise<LocalAttribution> => (await sampledShap.explain(input, checkParams('s', sampledShap.params, params), context)) as LocalAttribution
const matrix = (...columns: number[][]): Matrix => ({ rows: columns[0]?.length ?? 0, features: columns.map((values, f) => ({ name: `x${f}`, source: `x${f}`, values: Float32Array.from(values) })) })
const options: ShapleyOptions = { seed: 1, population: 0, tolerance: 0.05, milliseconds: 1e9, exactQuestions: 0 }
type F = (x: readonly number[]) => number
const asking = (f: F) => (X: Matrix) => Promise.resolve(Float64Array.from({ length: X.rows }, (_, row) => f(X.features.map(({ values }) => values[row] as number))))
/** Standard normal columns, one array a column. */
const normals = (rows: number, columns: number, seed: number): number[][] => {
  const rng = createRng(seed)
  return Array.from({ length: columns }, () => Array.from({ length: rows }, () => rng.normal()))
}
/** A product of four, so that orders matter (of pairs, an order and its reverse say all); the last column does nothing, and the first two are alike. */
const bent: F = ([a = 0, b = 0, c = 0, d = 0]) => 10 + a * b * (c - 1) * (d > 0 ? 2 : -1) + (a + b) * c + Math.sin(3 * d)

describe('a mixture of two rows', () => {
  test('by hand: f = 2a + ab from (0, 0) to (1, 3)', () => {
    // Orders: a then b gives 2 and 3; b then a gives 5 and 0. Half of each: 3.5 and 1.5.
    const table = tableOf(matrix([1], [3]), matrix([0], [0]))
    for (const draw of [everyCoalition(0, differing(table, 0), true), onePermutation(0, differing(table, 0), 2, true, createRng(4))]) {
      expect(draw).toMatchObject({ exact: true, questions: 3 })
      const { features } = mix(table, [{ draw, from: 0, to: 1 }, { draw, from: 1, to: 3 }])
      draw.answers.forEach((_, k) => (draw.answers[k] = 2 * features[0]!.values[k]! + features[0]!.values[k]! * features[1]!.values[k]!))
      const parts = partsOf(draw, 5, 0)
      expect([...draw.order].map((column, place) => [column, parts[place]]).sort()).toEqual([[0, 3.5], [1, 1.5]])
    }
  })
  test('missing equals missing, and a column moves with all its features', () => {
    const own: Matrix = { rows: 1, features: [{ name: 'a', source: 'a', values: Float32Array.of(Number.NaN) }, { name: 'b is x', source: 'b', values: Float32Array.of(1) }, { name: 'b is y', source: 'b', values: Float32Array.of(0) }] }
    const background: Matrix = { rows: 2, features: own.features.map((feature, f) => ({ ...feature, values: Float32Array.of(f === 0 ? Number.NaN : 0, f === 1 ? Number.NaN : 1) })) }
    const table = tableOf(own, background)
    expect(table.columns).toEqual(['a', 'b'])
    expect([...differing(table, 0)]).toEqual([1])
    expect([...differing(table, 1)]).toEqual([0, 1])
    const draw = onePermutation(1, differing(table, 1), 2, false, createRng(1))
    const [, hot, other] = mix(table, [{ draw, from: 0, to: 2 }]).features
    // Never half of a category: (1, 0) is the row's, (missing, 1) the other's.
    for (const k of [0, 1]) expect([[1, 0], [Number.NaN, 1]]).toContainEqual([hot!.values[k], other!.values[k]])
  })
})

describe('laws', () => {
  const background = matrix(...normals(30, 5, 2))
  const own = matrix([1.2], [1.2], [0.8], [0.5], [2])
  const table = tableOf(own, background)
  // With equal backgrounds in the first two columns they are the same player twice.
  const twins = tableOf(own, { rows: 30, features: background.features.map((feature, f) => (f === 1 ? { ...feature, values: background.features[0]!.values } : feature)) })

  test.each(['exact', 'sampled'] as const)('%s: parts add up, a column without effect gets 0', async (how) => {
    const found = await shapleyValues(asking(bent), table, { ...options, exactQuestions: how === 'exact' ? 1e6 : 0 }, nodeContext())
    expect(found.ended).toBe(how === 'exact' ? 'exact' : 'converged')
    expect(found.parts[4]).toBe(0)
    expect(found.bands[4]).toBe(0)
    // Sums of a few hundred doubles.
    expectAllClose([found.parts.reduce((sum, part) => sum + part, found.base)], [found.answer], { absolute: 1e-12 })
    expect(found.answer).toBe(bent([1.2, 1.2, 0.8, 0.5].map(Math.fround)))
    expect(found.rows).toBe(30)
  })
  test('equal columns get equal parts; sampled ones lie in the bands of the exact ones', async () => {
    const exact = await shapleyValues(asking(bent), twins, { ...options, exactQuestions: 1e6 }, nodeContext())
    expectAllClose([exact.parts[0]!], [exact.parts[1]!], { absolute: 1e-12 })
    const sampled = await shapleyValues(asking(bent), twins, { ...options, tolerance: 0.02 }, nodeContext())
    expect(sampled.questions).toBeGreaterThan(30)
    exact.parts.forEach((part, column) => expect(Math.abs(part - sampled.parts[column]!)).toBeLessThanOrEqual(1.5 * sampled.bands[column]!))
  })
  test('95 % bands hold the values of the whole population about 95 times in 100', async () => {
    const population = normals(300, 5, 9)
    const whole = await shapleyValues(asking(bent), tableOf(own, matrix(...population)), { ...options, exactQuestions: 1e6 }, nodeContext())
    let held = 0
    const tries = 120
    for (let seed = 0; seed < tries; seed++) {
      const rng = createRng(seed)
      const order = Array.from({ length: 300 }, (_, i) => ({ i, key: rng.next() })).sort((a, b) => a.key - b.key)
      const some = matrix(...population.map((values) => order.slice(0, 64).map(({ i }) => values[i] as number)))
      const found = await shapleyValues(asking(bent), tableOf(own, some), { ...options, seed, population: 300, tolerance: 0.5 }, nodeContext())
      expect(found.rows).toBe(64)
      for (let column = 0; column < 4; column++) if (Math.abs(found.parts[column]! - whole.parts[column]!) <= found.bands[column]!) held++
    }
    // Of 480 dependent tries; its standard deviation is below 0.02.
    expect(held / tries / 4).toBeGreaterThan(0.91)
    expect(held / tries / 4).toBeLessThan(0.99)
  })
  test('the same seed, the same bits, however many questions go at once', async () => {
    let ticks = 0
    const slow = await shapleyValues(asking(bent), table, options, nodeContext({ now: () => (ticks += 500) }))
    expect(await shapleyValues(asking(bent), table, options, nodeContext())).toEqual(slow)
    expect((await shapleyValues(asking(bent), table, { ...options, seed: 2 }, nodeContext())).parts).not.toEqual(slow.parts)
  })
})

describe('ends', () => {
  const background = matrix(...normals(500, 12, 3))
  const own = matrix(...Array.from({ length: 12 }, () => [1.5]))
  const table = tableOf(own, background)
  const product: F = (x) => x.reduce((a, b) => a * b, 1)

  test('time is up: what is known stands, with its wide bands; too little is refused', async () => {
    let now = 0
    const context = nodeContext({ now: () => now })
    const slow = (X: Matrix) => {
      now += X.rows
      return asking(product)(X)
    }
    const found = await shapleyValues(slow, table, { ...options, milliseconds: 1000, tolerance: 0.001 }, context)
    expect(found.ended).toBe('time')
    expect(found.rows).toBeGreaterThan(2)
    expectAllClose([found.parts.reduce((sum, part) => sum + part, found.base)], [found.answer], { relative: 1e-12 })
    await expect(shapleyValues(slow, table, { ...options, milliseconds: 10 }, context)).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining('12 columns of this model take longer than the time allowed: 0.01 s') })
  })
  test('stopped by a person, cancelled, and out of rows', async () => {
    const shares: number[] = []
    const told = { ...options, tolerance: 0.001, onShare: (share: number) => shares.push(share) }
    expect((await shapleyValues(asking(product), table, told, nodeContext({ stopping: () => shares.length > 3 }))).ended).toBe('stopped')
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
    expect(shares.at(-1)).toBe(1)
    await expect(shapleyValues(asking(product), table, told, nodeContext({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'cancelled' })
    // A sum has no order: all that is unknown is the rest of the population.
    const found = await shapleyValues(asking((x) => x.reduce((a, b) => a + b, 0)), table, { ...options, population: 100_000, tolerance: 0.001 }, nodeContext())
    expect(found.ended).toBe('rows')
    expect(found.rows).toBe(500)
    expect(found.bands[0]).toBeGreaterThan(0)
  })
  test('an answer that is no number is refused', async () => {
    await expect(shapleyValues(asking(() => Number.NaN), table, options, nodeContext())).rejects.toThrow('invalid answer of the model; parts are of finite numbers: NaN')
  })
})

test('of a pipeline: raw columns, the likeliest class, its mean over training rows, and progress to the end', async () => {
  const input = await glassInput('multiclass')
  const trainRows = Uint32Array.from({ length: 20 }, (_, i) => i)
  const heard: Progress[] = []
  const said = await explain({ ...input, trainRows }, {}, nodeContext({ report: (progress) => heard.push(progress) }))
  const own = await input.pipeline.predict(input.dataset.columns, [25])
  const others = await input.pipeline.predict(input.dataset.columns, trainRows)
  if (own.task === 'regression' || others.task === 'regression') throw new Error('classes were asked for')
  const top = own.probabilities.indexOf(Math.max(...own.probabilities))
  expect(said).toMatchObject({ kind: 'sampled-shap', link: 'identity', output: `probability of ${own.classes[top]}`, predicted: own.probabilities[top], sampling: { ended: 'exact', rows: 20, of: 20 } })
  expectAllClose([said.base], [trainRows.reduce((sum, _, i) => sum + others.probabilities[i * 3 + top]!, 0) / 20], { absolute: 1e-12 })
  expect(said.gap).toBeLessThan(1e-12)
  expect(said.columns.map(({ column }) => column).sort()).toEqual(['__proto__', 'since', 'size', 'smokes', 'years'])
  expect(said.columns.find(({ column }) => column === 'since')).toMatchObject({ part: 0, band: 0, cell: input.row!.get('since') })
  expect(heard.at(-1)).toEqual({ kind: 'step', phase: 'sampled-shap', done: 100, total: 100 })
  const other = await explain({ ...input, trainRows }, { class: 'b' })
  expect(other.output).toBe('probability of b')
  await expect(explain(input, { class: 'z' })).rejects.toThrow('invalid class')
})

test('missing cells are cells, of the row and of the background; trees are asked like any other', async () => {
  const input = await treeInput('regression')
  const said = await explain({ ...input, row: new Map(input.row).set('years', null).set('__proto__', null) })
  expect(said).toMatchObject({ output: 'y', sampling: { ended: 'exact' } })
  expect(said.gap).toBeLessThan(1e-9)
  expect(said.columns.find(({ column }) => column === 'years')?.cell).toBeNull()
})

test('training rows that the model has no answer for are left out, and counted', async () => {
  const input = await glassInput('regression')
  const { pipeline } = input
  // Missing stays missing in the features, as in a recipe without imputation: every 15th row has no years.
  const features: typeof pipeline.features = (columns, rows) => {
    const made = pipeline.features(columns, rows)
    const years = columns.find(({ name }) => name === 'years')!
    return { ...made, features: made.features.map((feature) => (feature.source === 'years' ? { ...feature, values: feature.values.map((value, i) => (isValid(years, rows ? rows[i]! : i) ? value : Number.NaN)) } : feature)) }
  }
  const holes = { ...input, trainRows: Uint32Array.from({ length: 30 }, (_, i) => i), pipeline: { ...pipeline, features } }
  const said = await explain(holes)
  expect(said.sampling).toMatchObject({ rows: 28, of: 30, leftOut: 2 })
  expect(said.gap).toBeLessThan(1e-9)
  const refusing = { ...pipeline.model, predict: async (X: Matrix) => {
    if (X.features.some(({ values }) => values.some(Number.isNaN))) throw new StudioError({ code: 'bad-data', message: 'invalid years; takes whole numbers: missing' })
    return pipeline.model.predict(X)
  } }
  expect((await explain({ ...holes, pipeline: { ...holes.pipeline, model: refusing } })).sampling).toMatchObject({ rows: 28, leftOut: 2 })
  await expect(explain({ ...holes, trainRows: Uint32Array.of(14, 29), pipeline: { ...holes.pipeline, model: refusing } })).rejects.toThrow('takes whole numbers: missing')
})

test('baselines, pictures, and no chosen row are refused', async () => {
  expect(sampledShap.refuses({ task: 'binary', estimator: 'baseline' })).toMatch('same for every row')
  expect(sampledShap.refuses({ task: 'binary', estimator: 'cnn' })).toMatch('A picture is not made of columns')
  for (const estimator of ['onnx-model', 'k-neighbors', 'svm', 'mlp', 'gaussian-nb']) expect(sampledShap.refuses({ task: 'binary', estimator })).toBeUndefined()
  const input = await glassInput('binary')
  const { row: _, ...without } = input
  await expect(explain(without)).rejects.toThrow('missing row')
  const { pipeline } = input
  await expect(explain({ ...input, pipeline: { ...pipeline, recipe: { ...pipeline.recipe, inputs: [{ name: 'photo', kind: 'image' }] } } })).rejects.toThrow('unsupported column photo; a picture is not made of columns')
})
