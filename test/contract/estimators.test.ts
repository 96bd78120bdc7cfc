/** What every estimator promises, over the registry: a new estimator is held to it without a line here. */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Context, Progress } from '../../src/core/context.ts'
import { featureWidth, takeRows, type Matrix } from '../../src/core/data/matrix.ts'
import { predictionRows, type Prediction, type Target, type Task } from '../../src/core/data/target.ts'
import { StudioError } from '../../src/core/errors.ts'
import type { Estimator, FitOptions, Model, ModelState } from '../../src/core/estimators/estimator.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { GraphBuilder } from '../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { checkParams, invalidValues, paramsForTask, paramsWithEffect, type Param, type ParamValue, type ParamValues } from '../../src/core/params.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'
import { floatFeed, runOnnx } from '../support/ort.ts'
import { matrixOf, picturesOf, targetFor, type TableOptions } from '../support/tables.ts'

/** Values that make a table's fit short, wherever an estimator has a parameter of that name. */
const quick: ParamValues = { maxIter: 20, minSamplesLeaf: 3, hiddenLayerSizes: '8', backend: 'cpu', learningRateInit: 0.01, layers: '[{"type":"conv","filters":4,"activation":"none"},{"type":"batch-norm"},{"type":"max-pool"},{"type":"dropout"},{"type":"dense","units":8}]' }

function paramsFor(estimator: Estimator, more: ParamValues = {}): never {
  const known = Object.entries({ ...quick, ...more }).filter(([name]) => Object.hasOwn(estimator.params, name))
  return checkParams(estimator.id, estimator.params, Object.fromEntries(known)) as never
}
/** A value that is allowed and not the default. */
function otherValue(param: Param): ParamValue {
  if (param.kind === 'choice') return param.options.find(({ value }) => value !== param.default)?.value ?? param.default
  if (param.kind === 'boolean') return !param.default
  if (param.kind === 'text') return param.default
  return param.default === param.min ? Math.min(param.max, param.min + 1) : param.min
}
const fit = (estimator: Estimator, X: Matrix, y: Target, seed = 1, context: Context = nodeContext(), more: ParamValues = {}): Promise<Model> => estimator.fit(X, y, { params: paramsFor(estimator, more), seed }, context)
/** Data of the kind that it learns from. */
const dataFor = (estimator: Estimator, options: TableOptions): Matrix => (estimator.tags.takesPictures ? picturesOf(options) : matrixOf(options))
const numbers = (prediction: Prediction): Float64Array => (prediction.task === 'regression' ? prediction.values : prediction.probabilities)

function expectProper(prediction: Prediction, rows: number): void {
  expect(predictionRows(prediction)).toBe(rows)
  expect(numbers(prediction).every(Number.isFinite)).toBe(true)
  if (prediction.task === 'regression') return
  const k = prediction.classes.length
  for (let row = 0; row < rows; row++) {
    const shares = prediction.probabilities.subarray(row * k, row * k + k)
    expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true)
    // k roundings of a double.
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
  }
}
const takeTarget = (y: Target, rows: readonly number[]): Target =>
  y.task === 'regression' ? { ...y, values: Float64Array.from(rows, (row) => y.values[row] as number) } : { ...y, codes: Int32Array.from(rows, (row) => y.codes[row] as number) }

/** As storage keeps it: JSON is text, arrays are their bytes. */
function throughStorage(state: ModelState): ModelState {
  const arrays = Object.fromEntries(Object.entries(state.arrays).map(([name, array]) => [name, array.slice()]))
  return { ...(JSON.parse(JSON.stringify({ estimator: state.estimator, version: state.version, json: state.json })) as Omit<ModelState, 'arrays'>), arrays }
}

/** A clear error: ours, of an expected kind, in the house's words. */
async function clearError(attempt: Promise<unknown>): Promise<StudioError | undefined> {
  try {
    await attempt
    return undefined
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(StudioError)
    const error = thrown as StudioError
    expect(['bad-data', 'unsupported', 'diverged']).toContain(error.code)
    expect(error.message).toMatch(/^(invalid|unknown|missing|unsupported) /)
    return error
  }
}

beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

test('the registry holds what the studio promises, with one baseline, and its entries say what they are', () => {
  expect(estimators.all.map(({ id }) => id)).toEqual(expect.arrayContaining(['baseline', 'ridge', 'logistic-regression', 'decision-tree', 'hist-gradient-boosting', 'mlp']))
  expect(estimators.all.filter(({ tags }) => tags.baseline).map(({ id }) => id)).toEqual(['baseline'])
  for (const estimator of estimators.all) {
    expect(estimator.id).toMatch(/^[a-z0-9-]+$/)
    for (const text of [estimator.label, estimator.summary, estimator.source]) expect(text.length).toBeGreaterThan(0)
    expect(estimator.tasks.length).toBeGreaterThan(0)
    for (const { label, help, when } of Object.values(estimator.params)) {
      expect(Math.min(label.length, help.length)).toBeGreaterThan(0)
      if (when) for (const value of when.is) expect(() => checkParams(estimator.id, estimator.params, { [when.param]: value })).not.toThrow()
    }
  }
})

test.each(estimators.all)('$id refuses every invalid parameter by name', (estimator) => {
  expect(() => checkParams(estimator.id, estimator.params, { 'no such parameter': 1 })).toThrow('unknown parameter')
  for (const [name, param] of Object.entries(estimator.params)) {
    expect(() => checkParams(estimator.id, estimator.params, { [name]: param.default })).not.toThrow()
    for (const value of invalidValues(param)) {
      expect(() => checkParams(estimator.id, estimator.params, { [name]: value as never })).toThrow(new RegExp(`invalid ${name} of ${estimator.id}`))
    }
  }
})

test.each(estimators.all)('$id refuses a task it does not do, and a state that is not its own', async (estimator) => {
  const X = dataFor(estimator, { nonNegative: estimator.tags.wantsNonNegative === true })
  for (const task of ['binary', 'multiclass', 'regression'] as const) {
    if (!estimator.tasks.includes(task)) await expect(fit(estimator, X, targetFor(task, X))).rejects.toMatchObject({ code: 'unsupported' })
  }
  const state = (await fit(estimator, X, targetFor(estimator.tasks[0] as Task, X))).state()
  expect(state.estimator).toBe(estimator.id)
  for (const wrong of [{ ...state, estimator: 'nobody' }, { ...state, version: 99 }, { ...state, arrays: {} }]) {
    expect(() => estimator.revive(wrong)).toThrow(expect.objectContaining({ code: 'bundle-mismatch' }) as Error)
  }
})

const pairs = estimators.all.flatMap((estimator) => estimator.tasks.map((task) => ({ id: estimator.id, estimator, task })))

describe.each(pairs)('$id, $task', ({ estimator, task }) => {
  // Holes and categories where the tags say that they are welcome.
  const sizes = { nonNegative: estimator.tags.wantsNonNegative === true }
  const welcome = { missing: estimator.tags.acceptsMissing, categories: estimator.tags.acceptsCategories, ...sizes }
  const X = dataFor(estimator, welcome)
  const y = targetFor(task, X)
  const fresh = dataFor(estimator, { ...welcome, seed: 9 })

  test('answers each row properly, leaves its inputs alone, and holds no training data', async () => {
    const before = structuredClone({ X, y })
    const model = await fit(estimator, X, y)
    expectProper(await model.predict(X), X.rows)
    expectProper(await model.predict(fresh), fresh.rows)
    expect({ X, y }).toEqual(before)
    expect(model.estimator).toBe(estimator.id)
    expect(model.task).toBe(task)
    // Facts go into the run record, which is JSON.
    expect(JSON.parse(JSON.stringify(model.facts))).toEqual(model.facts)
    const kept = Object.values(model.state().arrays).map((array) => array.buffer)
    for (const feature of X.features) expect(kept).not.toContain(feature.values.buffer)
  })

  test('fits the same bits again, whatever it fitted in between', async () => {
    const first = await fit(estimator, X, y, 3)
    const answer = numbers(await first.predict(fresh)).slice()
    await fit(estimator, fresh, targetFor(task, fresh), 4)
    const again = await fit(estimator, X, y, 3)
    expect(numbers(await again.predict(fresh))).toEqual(answer)
    expect(numbers(await first.predict(fresh))).toEqual(answer)
    const other = numbers(await (await fit(estimator, X, y, 5)).predict(fresh))
    if (!estimator.tags.randomised) expect(other).toEqual(answer)
  })

  test('learns by weights of rows, and refuses those that cannot weigh', async () => {
    if (estimator.tags.ignoresWeights) return
    const weighed = (weights: Float64Array): Promise<Model> => estimator.fit(X, y, { params: paramsFor(estimator), seed: 1, weights } satisfies FitOptions<never>, nodeContext())
    const plain = numbers(await (await fit(estimator, X, y)).predict(fresh))
    const uneven = Float64Array.from({ length: X.rows }, (_, row) => (row % 3 === 0 ? 20 : 0.1))
    expect(numbers(await (await weighed(uneven)).predict(fresh))).not.toEqual(plain)
    for (const wrong of [new Float64Array(X.rows), uneven.with(4, -1), uneven.with(4, Number.NaN), uneven.slice(1)]) {
      expect(await clearError(weighed(wrong))).toMatchObject({ code: 'bad-data', message: expect.stringMatching(/^invalid weights? of /) })
    }
  })

  test('balanced class weights lift the rare class', async () => {
    if (y.task === 'regression' || estimator.tags.baseline) return
    expect(estimator.params).toHaveProperty('classWeight')
    // One row of ten of the last class keeps it; the others say the first.
    const last = y.classes.length - 1
    const rare: Target = { ...y, codes: y.codes.map((code, row) => (code === last && row % 10 !== last ? 0 : code)) }
    const share = async (classWeight: string): Promise<number> => {
      const answers = numbers(await (await fit(estimator, X, rare, 1, nodeContext(), { classWeight })).predict(fresh))
      return answers.reduce((sum, value, at) => sum + (at % y.classes.length === last ? value : 0), 0)
    }
    expect(await share('balanced')).toBeGreaterThan(await share('none'))
  })

  test('parameters that are said to have no effect here have none', async () => {
    const effective = paramsWithEffect(paramsForTask(estimator.params, task), {})
    const idle = Object.entries(estimator.params).filter(([name]) => !Object.hasOwn(effective, name))
    if (idle.length === 0) return
    const usual = await fit(estimator, X, y)
    const turned = await fit(estimator, X, y, 1, nodeContext(), Object.fromEntries(idle.map(([name, param]) => [name, otherValue(param)])))
    expect(numbers(await turned.predict(fresh))).toEqual(numbers(await usual.predict(fresh)))
  })

  test('a revived state gives equal bits', async () => {
    const model = await fit(estimator, X, y)
    const revived = estimator.revive(throughStorage(model.state()))
    expect(revived.task).toBe(task)
    expect(numbers(await revived.predict(fresh))).toEqual(numbers(await model.predict(fresh)))
    expect(throughStorage(revived.state())).toEqual(throughStorage(model.state()))
  })

  test('a row alone is answered as it is among others', async () => {
    const model = await fit(estimator, X, y)
    const whole = numbers(await model.predict(fresh))
    const k = whole.length / fresh.rows
    const rows = [0, 7, 33, 79]
    expect(numbers(await model.predict(takeRows(fresh, rows)))).toEqual(Float64Array.from(rows.flatMap((row) => [...whole.subarray(row * k, row * k + k)])))
    expect(numbers(await model.predict(takeRows(fresh, [5])))).toEqual(whole.slice(5 * k, 5 * k + k))
    expect(predictionRows(await model.predict(takeRows(fresh, [])))).toBe(0)
  })

  test('one row, one feature, no row, no feature: an answer or a clear error', async () => {
    const thin = dataFor(estimator, { features: 1, ...sizes })
    const thinModel = await fit(estimator, thin, targetFor(task, thin))
    expectProper(await thinModel.predict(thin), thin.rows)
    const oneRow = takeRows(X, [0])
    const one = fit(estimator, oneRow, takeTarget(y, [0]))
    if ((await clearError(one)) === undefined) expectProper(await (await one).predict(oneRow), 1)
    expect(await clearError(fit(estimator, takeRows(X, []), takeTarget(y, [])))).toBeDefined()
    const bare = fit(estimator, { rows: X.rows, features: [] }, y)
    if ((await clearError(bare)) === undefined) expectProper(await (await bare).predict({ rows: 4, features: [] }), 4)
  })

  test('constant features and a target of one value or one class: an answer or a clear error', async () => {
    const flat: Matrix = { rows: X.rows, features: X.features.map((feature) => ({ ...feature, values: new Float32Array(feature.values.length).fill(3) })) }
    const level = fit(estimator, flat, y)
    if ((await clearError(level)) === undefined) expectProper(await (await level).predict(flat), X.rows)
    const same: Target = y.task === 'regression' ? { ...y, values: new Float64Array(X.rows).fill(7) } : { ...y, codes: new Int32Array(X.rows) }
    const single = fit(estimator, X, same, 1, nodeContext(), { maxIter: 300 })
    if ((await clearError(single)) === undefined) {
      const prediction = await (await single).predict(X)
      expectProper(prediction, X.rows)
      // Gradient steps come near one answer rather than reaching it.
      if (prediction.task === 'regression') expectAllClose(prediction.values, new Float64Array(X.rows).fill(7), { absolute: 1 })
    }
  })

  test('missing values are taken or refused, as its tags say, and infinite ones never become an answer silently', async () => {
    const holes = dataFor(estimator, { missing: true, ...sizes })
    const attempt = fit(estimator, holes, targetFor(task, holes))
    if (estimator.tags.acceptsMissing) expectProper(await (await attempt).predict(holes), holes.rows)
    else expect(await clearError(attempt)).toMatchObject({ code: 'bad-data', details: { column: 'x0' } })
    const infinite: Matrix = { ...X, features: X.features.map((feature, j) => (j === 1 ? { ...feature, values: feature.values.map((value, row) => (row === 4 ? Number.POSITIVE_INFINITY : value)) } : feature)) }
    const wild = fit(estimator, infinite, y)
    if ((await clearError(wild)) === undefined) expectProper(await (await wild).predict(infinite), X.rows)
  })

  test('reports progress that grows and ends', async () => {
    const seen: (Progress & { kind: 'step' })[] = []
    let curves = 0
    const report = (progress: Progress): void => {
      if (progress.kind === 'step') seen.push(progress)
      if (progress.kind === 'curve') curves++
    }
    await fit(estimator, X, y, 1, nodeContext({ report }))
    const phases = new Map<string, (Progress & { kind: 'step' })[]>()
    for (const step of seen) phases.set(step.phase, [...(phases.get(step.phase) ?? []), step])
    for (const steps of phases.values()) {
      steps.forEach((step, i) => {
        expect(step.total).toBe(steps[0]?.total)
        expect(step.done).toBeGreaterThanOrEqual(steps[i - 1]?.done ?? 0)
        expect(step.done).toBeLessThanOrEqual(step.total)
      })
      expect(steps.at(-1)?.done).toBe(steps.at(-1)?.total)
    }
    if (!estimator.tags.baseline) expect(seen.length).toBeGreaterThan(0)
    if (estimator.tags.iterative) expect(curves).toBeGreaterThan(0)
  })

  test('is cancelled in time, and leaves the next fit unharmed', { timeout: 30_000 }, async () => {
    const large = dataFor(estimator, { rows: 20_000, features: 20, ...sizes })
    const target = targetFor(task, large)
    const long: ParamValues = { maxIter: 100_000, tol: 0, earlyStopping: 'off' }
    const able = Object.fromEntries(
      Object.entries(long).flatMap(([name, value]) => {
        const param = estimator.params[name]
        if (param?.kind === 'integer' || param?.kind === 'number') return [[name, Math.min(param.max, Math.max(param.min, value as number))]]
        return []
      }),
    )
    const controller = new AbortController()
    let aborted = 0
    setTimeout(() => {
      aborted = performance.now()
      controller.abort()
    }, 20)
    const outcome = await fit(estimator, large, target, 1, nodeContext({ signal: controller.signal }), able).then(
      () => 'done' as const,
      (error: unknown) => error as StudioError,
    )
    const late = performance.now() - aborted
    // Quick ones may have ended before the call; the others have 250 ms, and a busy machine four times that.
    if (outcome !== 'done') {
      expect(outcome.code).toBe('cancelled')
      expect(late).toBeLessThan(250 * 4)
    } else if (aborted > 0) expect(late).toBeLessThan(250 * 4)
    expectProper(await (await fit(estimator, X, y)).predict(X), X.rows)
  })

  test('a fit that is cancelled before it begins does not happen', async () => {
    const controller = new AbortController()
    controller.abort()
    const attempt = fit(estimator, X, y, 1, nodeContext({ signal: controller.signal }))
    if (!estimator.tags.baseline) await expect(attempt).rejects.toMatchObject({ code: 'cancelled' })
    else await attempt
  })

  test('its graph in ONNX Runtime agrees', async () => {
    const model = await fit(estimator, X, y)
    const graph = new GraphBuilder()
    const width = X.features.reduce((sum, feature) => sum + featureWidth(feature), 0)
    const input = graph.input('features', 'float', ['N', width])
    const { tensor, type = 'float' } = estimator.toOnnx(throughStorage(model.state()), input, graph)
    const prediction = await model.predict(fresh)
    const k = numbers(prediction).length / fresh.rows
    graph.nameAs(tensor, 'out')
    graph.output('out', type, ['N', k])
    const packed = new Float32Array(fresh.rows * width)
    if (estimator.tags.takesPictures) packed.set(fresh.features[0]!.values)
    else fresh.features.forEach(({ values }, j) => values.forEach((value, row) => (packed[row * width + j] = value)))
    const bytes = encodeOnnx(graph.build(estimator.id))
    const out = (await runOnnx(bytes, { features: floatFeed(packed, [fresh.rows, width]) })).get('out')
    expect(out?.dims).toEqual([fresh.rows, k])
    // The product's parity: 1e-5 for probabilities, 1e-5 x sd of the target (about 10 here) for values.
    expectAllClose(out?.values as Float32Array | Float64Array, numbers(prediction), { absolute: task === 'regression' ? 1e-4 : 1e-5 })
    const one = (await runOnnx(bytes, { features: floatFeed(packed.slice(0, width), [1, width]) })).get('out')
    expect(one?.dims).toEqual([1, k])
  })
})
