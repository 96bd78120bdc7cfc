/** What every estimator promises, over the registry: a new estimator is held to it without a line here. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Context, Progress } from '../../src/core/context.ts'
import type { Matrix } from '../../src/core/data/matrix.ts'
import { takeRows } from '../../src/core/data/matrix.ts'
import type { Prediction, Target, Task } from '../../src/core/data/target.ts'
import { StudioError } from '../../src/core/errors.ts'
import type { Estimator, Model, ModelState } from '../../src/core/estimators/estimator.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { createRng } from '../../src/core/math/rng.ts'
import { GraphBuilder } from '../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { checkParams, defaultsOf, invalidValues } from '../../src/core/params.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'
import { floatFeed, runOnnx } from '../support/ort.ts'

/** Estimators that choose a backend are held to the one that is the same everywhere; long ones get fewer rounds. */
const quick: Readonly<Record<string, Record<string, number | string>>> = { mlp: { backend: 'cpu', hiddenLayerSizes: '8', maxIter: 5 }, 'hist-gradient-boosting': { maxIter: 15 } }
const optionsOf = (estimator: Estimator, seed = 5) => ({ params: checkParams(estimator.id, estimator.params, quick[estimator.id] ?? {}), seed })

function dataFor(estimator: Estimator, task: Task, rows: number, seed: number): { X: Matrix; y: Target } {
  const rng = createRng(seed)
  const column = (name: string, draw: () => number, categories?: readonly string[]) => {
    const values = Float32Array.from({ length: rows }, draw)
    return categories && estimator.tags.acceptsCategories ? { name, source: name, values, categories } : { name, source: name, values }
  }
  const hole = (value: number) => (estimator.tags.acceptsMissing && rng.next() < 0.1 ? Number.NaN : value)
  const a = column('a', () => hole(rng.normal()))
  const b = column('b', () => Math.round(rng.normal() * 4) / 4)
  const c = column('c', () => hole(rng.int(4)), ['w', 'x', 'y', 'z'])
  const signal = Float64Array.from(a.values, (value, i) => (Number.isNaN(value) ? 0.3 : value) + Math.abs(b.values[i] as number) + ((c.values[i] as number) === 2 ? 1.5 : 0) + 0.3 * rng.normal())
  const X = { rows, features: [a, b, c] }
  if (task === 'regression') return { X, y: { task, column: 't', values: signal.map((value) => 100 + 20 * value) } }
  const classes = task === 'binary' ? ['no', 'yes'] : ['low', 'mid', 'high']
  const codes = Int32Array.from(signal, (value) => (task === 'binary' ? (value > 1 ? 1 : 0) : value > 1.6 ? 2 : value > 0.5 ? 1 : 0))
  return { X, y: { task, column: 't', classes, codes } }
}
const numbersOf = (prediction: Prediction): Float64Array => (prediction.task === 'regression' ? prediction.values : prediction.probabilities)
/** What storage does to a state: JSON for JSON, copies for arrays. */
const stored = (state: ModelState): ModelState => ({ ...structuredClone(state), json: JSON.parse(JSON.stringify(state.json)) as ModelState['json'] })

beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node/))

test('the registry holds what the studio promises, with one baseline', () => {
  expect(estimators.all.map(({ id }) => id)).toEqual(expect.arrayContaining(['baseline', 'ridge', 'logistic', 'decision-tree', 'hist-gradient-boosting', 'mlp']))
  expect(estimators.all.filter(({ tags }) => tags.baseline).map(({ id }) => id)).toEqual(['baseline'])
  for (const estimator of estimators.all) {
    for (const text of [estimator.label, estimator.summary, estimator.source]) expect(text.length).toBeGreaterThan(0)
    for (const param of Object.values(estimator.params)) expect(param.help.length, estimator.id).toBeGreaterThan(0)
  }
})

test.each(estimators.all.map((estimator) => [estimator.id, estimator] as const))('%s refuses every invalid parameter by name', (id, estimator) => {
  expect(checkParams(id, estimator.params, {})).toEqual(defaultsOf(estimator.params))
  for (const [name, param] of Object.entries(estimator.params)) {
    for (const value of invalidValues(param)) expect(() => checkParams(id, estimator.params, { [name]: value as never })).toThrow(new RegExp(`invalid ${name} of ${id}`))
  }
  expect(() => checkParams(id, estimator.params, { noSuchThing: 1 })).toThrow(/unknown parameter/)
})

const pairs = estimators.all.flatMap((estimator) => estimator.tasks.map((task) => ({ name: `${estimator.id}, ${task}`, estimator, task })))

describe.each(pairs)('$name', ({ estimator, task }) => {
  const fit = (rows = 150, context: Context = nodeContext(), seed = 5): Promise<Model> => {
    const { X, y } = dataFor(estimator, task, rows, 11)
    return estimator.fit(X, y, optionsOf(estimator, seed), context)
  }

  test('same seed same bits, inputs untouched, revived the same', async () => {
    const { X, y } = dataFor(estimator, task, 150, 11)
    const before = structuredClone({ X, y })
    const model = await estimator.fit(X, y, optionsOf(estimator), nodeContext())
    expect({ X, y }).toEqual(before)
    expect(model).toMatchObject({ estimator: estimator.id, task })
    const state = stored(model.state())
    expect((await fit()).state()).toEqual(model.state())
    const fresh = dataFor(estimator, task, 80, 12).X
    const answer = numbersOf(await model.predict(fresh))
    expect(numbersOf(await estimator.revive(state).predict(fresh))).toEqual(answer)
    expect(answer.every(Number.isFinite)).toBe(true)
    if (task !== 'regression') {
      const k = answer.length / 80
      for (let row = 0; row < 80; row++) {
        const shares = answer.subarray(row * k, (row + 1) * k)
        expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true)
        expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
      }
    }
  })

  test('a row is answered the same alone as among others', async () => {
    const model = await fit()
    const { X } = dataFor(estimator, task, 60, 13)
    const all = numbersOf(await model.predict(X))
    const some = [59, 3, 17]
    const width = all.length / 60
    const part = numbersOf(await model.predict(takeRows(X, some)))
    expect(Array.from(part)).toEqual(some.flatMap((row) => Array.from(all.subarray(row * width, (row + 1) * width))))
  })

  test('one row, one feature: works or says clearly why not', async () => {
    const { X, y } = dataFor(estimator, task, 150, 11)
    const narrow = { rows: X.rows, features: [X.features[1] as Matrix['features'][number]] }
    const model = await estimator.fit(narrow, y, optionsOf(estimator), nodeContext())
    expect(numbersOf(await model.predict(narrow)).every(Number.isFinite)).toBe(true)
    const single = takeRows(X, [0])
    const target = y.task === 'regression' ? { ...y, values: y.values.slice(0, 1) } : { ...y, codes: y.codes.slice(0, 1) }
    try {
      const tiny = await estimator.fit(single, target, optionsOf(estimator), nodeContext())
      expect(numbersOf(await tiny.predict(single)).every(Number.isFinite)).toBe(true)
    } catch (error) {
      expect(error).toBeInstanceOf(StudioError)
      expect(error).toMatchObject({ code: 'bad-data', message: expect.stringMatching(/^(invalid|missing|unsupported)/) })
    }
  })

  test('holes are handled or refused by the name of the feature', async () => {
    const { X, y } = dataFor(estimator, task, 60, 11)
    const values = Float32Array.from((X.features[1] as Matrix['features'][number]).values)
    values[7] = Number.NaN
    const holed = { ...X, features: X.features.map((feature) => (feature.name === 'b' ? { ...feature, values } : feature)) }
    const fitted = estimator.fit(holed, y, optionsOf(estimator), nodeContext())
    if (estimator.tags.acceptsMissing) expect(numbersOf(await (await fitted).predict(holed)).every(Number.isFinite)).toBe(true)
    else await expect(fitted).rejects.toMatchObject({ code: 'bad-data', details: { column: 'b' } })
  })

  test('refuses a state that is not its own', () => {
    expect(() => estimator.revive({ estimator: 'someone-else', version: 1, json: {}, arrays: {} })).toThrow(expect.objectContaining({ code: 'bundle-mismatch' }))
    expect(() => estimator.revive({ estimator: estimator.id, version: 1, json: { task: 'binary', classes: ['a', 'b'] }, arrays: {} })).toThrow(expect.objectContaining({ code: 'bundle-mismatch' }))
  })

  test('progress is monotone within its phase and ends, and cancel is heard at the next checkpoint', async () => {
    const heard: Progress[] = []
    await fit(150, nodeContext({ report: (progress) => void heard.push(progress) }))
    const phases = new Map<string, { done: number; total: number }>()
    for (const progress of heard) {
      if (progress.kind !== 'step') continue
      expect(progress.done).toBeGreaterThanOrEqual(phases.get(progress.phase)?.done ?? 0)
      expect(progress.done).toBeLessThanOrEqual(progress.total)
      phases.set(progress.phase, progress)
    }
    // A loop that may end early ends its bar with the job; every other phase reaches its total.
    if (!estimator.tags.iterative) for (const { done, total } of phases.values()) expect(done).toBe(total)
    else expect(heard.some(({ kind }) => kind === 'curve')).toBe(true)
    if (estimator.tags.baseline) return
    const controller = new AbortController()
    controller.abort()
    await expect(fit(150, nodeContext({ signal: controller.signal }))).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('its graph agrees in ONNX Runtime within 1e-5, labels included', async () => {
    const model = await fit()
    const { X } = dataFor(estimator, task, 100, 14)
    const graph = new GraphBuilder()
    const input = graph.input('x', 'float', ['N', X.features.length])
    const head = estimator.toOnnx(model.state(), input, graph)
    graph.nameAs(head.tensor, 'y')
    graph.output('y', 'float', ['N', 'K'])
    const flat = Float32Array.from({ length: X.rows * X.features.length }, (_, i) => (X.features[i % X.features.length] as Matrix['features'][number]).values[Math.floor(i / X.features.length)] as number)
    const result = (await runOnnx(encodeOnnx(graph.build('model')), { x: floatFeed(flat, [X.rows, X.features.length]) })).get('y')
    const answer = numbersOf(await model.predict(X))
    expect(result?.dims).toEqual([100, answer.length / 100])
    // The tolerance of the parity certificate: float32 sums in the graph, scaled by the target's spread (about 30) for values.
    expectAllClose(Array.from(result?.values as Float32Array), answer, { absolute: task === 'regression' ? 3e-4 : 1e-5 })
  })
})
