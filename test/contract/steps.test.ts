/** What every recipe step promises, over the registry: a new step is held to it without a line here. */
import { describe, expect, test } from 'vitest'
import { GraphBuilder } from '../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { checkParams, defaultsOf, invalidValues, type ParamTable, type ParamValues } from '../../src/core/params.ts'
import { steps } from '../../src/core/recipe/registry.ts'
import type { GraphSeries, Json, Series, SeriesKind, Step } from '../../src/core/recipe/step.ts'
import { floatFeed, int64Feed, runOnnx, stringFeed, type Feed } from '../support/ort.ts'
import { allKinds, reordered, servedSeries, takeSeries, trainingSeries } from '../support/tables.ts'

/** The defaults, and each parameter at each of its other choices or at both ends of its range. */
function variants(table: ParamTable): ParamValues[] {
  const base = defaultsOf(table) as ParamValues
  const others = Object.entries(table).flatMap(([name, param]): ParamValues[] => {
    switch (param.kind) {
      case 'choice':
        return param.options.map(({ value }) => ({ ...base, [name]: value }))
      case 'boolean':
        return [{ ...base, [name]: !param.default }]
      case 'text':
        return []
      default:
        return [{ ...base, [name]: param.min }, { ...base, [name]: param.max }]
    }
  })
  return [base, ...others]
}

const cases = steps.all.flatMap((step: Step) =>
  allKinds.flatMap((kind) =>
    variants(step.params)
      // What works on pictures needs them opened: its own tests do that.
      .filter((params) => step.representation === undefined && step.refuses({ name: 'a column', kind }, params as never) === undefined)
      .map((params) => ({ title: `${step.id} on ${kind} ${JSON.stringify(params)}`, step, kind, params: checkParams(step.id, step.params, params) as never })),
  ),
)

/** Every value of a series as text that tells bits apart: -0 from 0, NaN as NaN. */
function printed(series: Series): readonly string[] {
  switch (series.kind) {
    case 'numeric':
    case 'boolean':
      return Array.from(series.values, (value) => (Object.is(value, -0) ? '-0' : String(value)))
    case 'categorical':
      return Array.from(series.codes, (code) => (code < 0 ? '' : (series.dictionary[code] as string)))
    case 'datetime':
      return Array.from(series.seconds, String)
    case 'text':
    case 'id':
    case 'image':
      return [String(series.length)]
  }
}
const shown = (all: readonly Series[]) => all.map((series) => ({ name: series.name, kind: series.kind, source: series.source, values: printed(series) }))

const feedOf = (series: Series): Feed | undefined => {
  switch (series.kind) {
    case 'numeric':
    case 'boolean':
      return floatFeed(series.values)
    case 'categorical':
      return stringFeed(printed(series))
    case 'datetime':
      return int64Feed(Array.from(series.seconds, (value) => (Number.isNaN(value) ? -(2n ** 63n) : BigInt(value))))
    default:
      return undefined
  }
}
const tensorTypes: Readonly<Partial<Record<SeriesKind, 'float' | 'string' | 'int64'>>> = { numeric: 'float', boolean: 'float', categorical: 'string', datetime: 'int64' }

/** What the step's graph makes of a series, in the studio's terms. */
async function throughGraph(step: Step, state: Json, series: Series): Promise<readonly { name: string; kind: string; source: string; values: readonly string[] }[]> {
  const graph = new GraphBuilder()
  const type = tensorTypes[series.kind]
  const feed = feedOf(series)
  if (!type || !feed) throw new Error(`no tensor for ${series.kind}`)
  const tensor = graph.input('in', type, ['N', 1])
  const made = step.toOnnx({ name: series.name, source: series.source, kind: series.kind, tensor }, state, graph)
  made.forEach((item: GraphSeries, i) => {
    graph.nameAs(item.tensor, `out ${i}`)
    graph.output(`out ${i}`, tensorTypes[item.kind] as 'float', ['N', 1])
  })
  if (made.length === 0) return []
  const results = await runOnnx(encodeOnnx(graph.build(step.id)), { in: feed })
  return made.map((item, i) => {
    const { dims, values } = results.get(`out ${i}`) as NonNullable<ReturnType<typeof results.get>>
    expect(dims).toEqual([feed.values.length, 1])
    return { name: item.name, kind: item.kind, source: item.source, values: Array.from(values as ArrayLike<unknown>, (value) => (Object.is(value, -0) ? '-0' : String(value))) }
  })
}

test('the registry is not empty and its entries say what they are', () => {
  expect(steps.all.length).toBeGreaterThan(0)
  for (const step of steps.all) {
    expect(step.id).toMatch(/^[a-z0-9-]+$/)
    for (const text of [step.label, step.summary, step.source]) expect(text.length).toBeGreaterThan(0)
    expect(step.kinds.length).toBeGreaterThan(0)
  }
})

describe.each(steps.all.map((step) => ({ id: step.id, step: step as Step })))('$id', ({ step }) => {
  test('takes the kinds it lists, and refuses others in a sentence', () => {
    for (const kind of allKinds) {
      const reason = step.refuses({ name: 'a column', kind }, defaultsOf(step.params) as never)
      if (step.kinds.includes(kind)) expect(reason).toBeUndefined()
      else expect(reason?.length).toBeGreaterThan(10)
    }
  })
  test('refuses every invalid parameter by name', () => {
    for (const [name, param] of Object.entries(step.params)) {
      for (const value of invalidValues(param)) {
        expect(() => checkParams(step.id, step.params, { [name]: value as never })).toThrow(new RegExp(`invalid ${name} of ${step.id}`))
      }
    }
    expect(() => checkParams(step.id, step.params, { 'no such parameter': 1 })).toThrow('unknown parameter')
  })
})

describe.each(cases)('$title', ({ step, kind, params }) => {
  const train = trainingSeries(kind)
  const served = servedSeries(kind)

  test('fit and apply leave their input alone and repeat their answer', () => {
    const before = structuredClone([train, served])
    const state = step.fit(train, params)
    const first = shown(step.apply(served, state))
    expect([train, served]).toEqual(before)
    expect(step.fit(train, params)).toEqual(state)
    expect(shown(step.apply(served, state))).toEqual(first)
  })

  test('the state is JSON and gives the same bits after a round trip', () => {
    const state = step.fit(train, params)
    const revived = JSON.parse(JSON.stringify(state)) as Json
    expect(revived).toEqual(state)
    for (const series of [train, served]) expect(shown(step.apply(series, revived))).toEqual(shown(step.apply(series, state)))
  })

  test('the order of rows, and of a dictionary, does not matter', () => {
    const state = step.fit(train, params)
    const backwards = takeSeries(train, Array.from({ length: 60 }, (_, i) => 59 - i))
    // Sums in another order may round differently; everything that is not a number must be the same.
    const plain = (value: Json): unknown => JSON.parse(JSON.stringify(value, (_, item: unknown) => (typeof item === 'number' ? Number(item.toPrecision(5)) : item)))
    expect(plain(step.fit(backwards, params))).toEqual(plain(state))
    if (train.kind !== 'categorical' || served.kind !== 'categorical') return
    expect(step.fit(reordered(train), params)).toEqual(state)
    expect(shown(step.apply(reordered(served), state))).toEqual(shown(step.apply(served, state)))
  })

  test('each row is answered alone as it is among others', () => {
    const state = step.fit(train, params)
    const whole = shown(step.apply(served, state))
    const length = whole[0]?.values.length ?? 0
    if (served.kind === 'text' || served.kind === 'id') return
    for (let row = 0; row < length; row++) {
      expect(shown(step.apply(takeSeries(served, [row]), state))).toEqual(whole.map((series) => ({ ...series, values: [series.values[row]] })))
    }
    expect(shown(step.apply(takeSeries(served, []), state)).map(({ name }) => name)).toEqual(whole.map(({ name }) => name))
  })

  test('the graph gives the same bits, for missing, unseen and extreme values too', async () => {
    const state = step.fit(train, params)
    if (step.apply(train, state).length === 0) {
      expect(step.toOnnx({ name: 'a column', source: 'a column', kind, tensor: 'in' }, state, new GraphBuilder())).toEqual([])
      return
    }
    for (const series of [train, served]) expect(await throughGraph(step, state, series)).toEqual(shown(step.apply(series, state)))
  })
})
