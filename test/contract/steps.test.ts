/** What every recipe step promises, over the registry: a new step is held to it without a line here. */
import { describe, expect, test } from 'vitest'
import { columnFrom, type Cell, type Column } from '../../src/core/data/column.ts'
import type { TrainRows } from '../../src/core/data/split.ts'
import { GraphBuilder } from '../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { checkParams, defaultsOf, invalidValues, type ParamValues } from '../../src/core/params.ts'
import { steps } from '../../src/core/recipe/registry.ts'
import { seriesOf } from '../../src/core/recipe/series.ts'
import type { GraphSeries, Json, Series, Step } from '../../src/core/recipe/step.ts'
import { floatFeed, int64Feed, runOnnx, stringFeed, type Feed } from '../support/ort.ts'

const none = null
const numbers: Cell[] = [1, 2.5, none, -3, 0.1, 1e7, 2.5, -0.001, 40, 41, none, 0]
const names: Cell[] = ['a', 'b', 'a', none, '__proto__', 'b', 'ü🌱', 'a', 'constructor', 'b', 'a', '<b>']
const flags: Cell[] = [true, false, none, true, true, false, true, false, none, true, true, true]
const moments: Cell[] = [0, 86399, -1, none, 951782400, 1709164800, 4102444799, -2208988800, 1e9, 1.5e9, none, 68256000]
const train: Readonly<Record<string, Column>> = {
  numeric: columnFrom('x', 'numeric', numbers),
  categorical: columnFrom('x', 'categorical', names),
  boolean: columnFrom('x', 'boolean', flags),
  datetime: columnFrom('x', 'datetime', moments),
}
/** Other rows, another dictionary order, values never seen, extremes and holes. */
const later: Readonly<Record<string, Column>> = {
  numeric: columnFrom('x', 'numeric', [none, 3.4e38, -3.4e38, 1e-40, 0.1, 7, 2.5]),
  categorical: columnFrom('x', 'categorical', ['never seen', none, 'b', 'a', '__proto__', '<b>', 'toString']),
  boolean: columnFrom('x', 'boolean', [none, true, false, true, none, false, true]),
  datetime: columnFrom('x', 'datetime', [none, 1582934400, 253402300799, -62135596800, 1, 1704067199, 1704067200]),
}

/** Default parameters, and each choice and flag turned, so that no branch goes unseen. */
function variants(step: Step): ParamValues[] {
  const base = defaultsOf(step.params) as ParamValues
  return [
    base,
    ...Object.entries(step.params).flatMap(([name, param]): ParamValues[] => {
      if (param.kind === 'choice') return param.options.filter(({ value }) => value !== param.default).map(({ value }) => ({ ...base, [name]: value }))
      return param.kind === 'boolean' ? [{ ...base, [name]: !param.default }] : []
    }),
  ]
}
const kinds = ['numeric', 'boolean', 'categorical', 'datetime'] as const
const cases = steps.all.flatMap((step) =>
  kinds.flatMap((kind) =>
    variants(step)
      .filter((params) => step.refuses({ name: 'x', kind }, checkParams(step.id, step.params, params)) === undefined)
      .map((params) => ({ name: `${step.id} on ${kind} ${JSON.stringify(params)}`, step, kind, params: checkParams(step.id, step.params, params) })),
  ),
)
const trainSeries = (kind: string): Series => seriesOf(train[kind] as Column)
const laterSeries = (kind: string): Series => seriesOf(later[kind] as Column)

/** A series as a graph input and the feed for it. */
function graphInput(series: Series, graph: GraphBuilder): { input: GraphSeries; feed: Feed } {
  const base = { name: series.name, source: series.source, kind: series.kind }
  if (series.kind === 'categorical') {
    const texts = Array.from(series.codes, (code) => (code < 0 ? '' : (series.dictionary[code] as string)))
    return { input: { ...base, tensor: graph.input('x', 'string', ['N', 1]) }, feed: stringFeed(texts) }
  }
  if (series.kind === 'datetime') {
    const seconds = Array.from(series.seconds, (value) => (Number.isNaN(value) ? -(2n ** 63n) : BigInt(value)))
    return { input: { ...base, tensor: graph.input('x', 'int64', ['N', 1]) }, feed: int64Feed(seconds) }
  }
  if (series.kind !== 'numeric' && series.kind !== 'boolean') throw new Error('no graph input')
  return { input: { ...base, tensor: graph.input('x', 'float', ['N', 1]) }, feed: floatFeed(series.values) }
}

test('the registry says what its entries are', () => {
  expect(steps.all.map(({ id }) => id)).toEqual(expect.arrayContaining(['impute', 'scale', 'clip', 'onehot', 'ordinal', 'datetime-parts', 'drop']))
  for (const step of steps.all) for (const text of [step.label, step.summary, step.source]) expect(text.length).toBeGreaterThan(0)
  expect(cases.length).toBeGreaterThan(30)
})

test.each(steps.all.map((step) => [step.id, step] as const))('%s refuses every invalid parameter by name', (id, step) => {
  for (const [name, param] of Object.entries(step.params)) {
    for (const value of invalidValues(param)) expect(() => checkParams(id, step.params, { [name]: value as never })).toThrow(new RegExp(`invalid ${name} of ${id}`))
  }
})

describe.each(cases)('$name', ({ step, kind, params }) => {
  test('learns JSON, twice the same, and leaves its input alone', () => {
    const series = trainSeries(kind)
    const before = structuredClone(series)
    const state = step.fit(series, params)
    expect(step.fit(trainSeries(kind), params)).toEqual(state)
    expect(JSON.parse(JSON.stringify(state))).toEqual(state)
    const made = step.apply(series, state)
    expect(series).toEqual(before)
    expect(step.apply(trainSeries(kind), JSON.parse(JSON.stringify(state)) as Json)).toEqual(made)
    for (const item of made) expect(item.source).toBe('x')
  })

  test('a row is answered the same alone as among others', () => {
    const state = step.fit(trainSeries(kind), params)
    const all = step.apply(laterSeries(kind), state)
    for (const row of [0, 3, 6]) {
      const one = step.apply(seriesOf(later[kind] as Column, [row]), state)
      expect(one.length).toBe(all.length)
      one.forEach((series, i) => {
        const whole = all[i] as Series
        if (series.kind === 'categorical' && whole.kind === 'categorical') expect(series.dictionary[series.codes[0] as number]).toBe(whole.dictionary[whole.codes[row] as number])
        else if ((series.kind === 'numeric' || series.kind === 'boolean') && 'values' in whole) expect(series.values[0]).toBe(whole.values[row])
      })
    }
  })

  test('its graph gives the same bits in ONNX Runtime, on training rows and on rows never seen', async () => {
    const state = step.fit(trainSeries(kind), params)
    for (const series of [trainSeries(kind), laterSeries(kind)]) {
      const graph = new GraphBuilder()
      const { input, feed } = graphInput(series, graph)
      const outputs = step.toOnnx(input, state, graph)
      const wanted = step.apply(series, state)
      expect(outputs.map(({ name, kind: outputKind }) => ({ name, kind: outputKind }))).toEqual(wanted.map(({ name, kind: outputKind }) => ({ name, kind: outputKind })))
      if (outputs.length === 0) continue
      outputs.forEach(({ tensor, kind: outputKind }, i) => {
        graph.nameAs(tensor, `y${i}`)
        graph.output(`y${i}`, outputKind === 'categorical' ? 'string' : 'float', ['N', 1])
      })
      const results = await runOnnx(encodeOnnx(graph.build('step')), { x: feed })
      wanted.forEach((item, i) => {
        const result = results.get(`y${i}`)
        if (item.kind === 'categorical') expect(result?.values).toEqual(Array.from(item.codes, (code) => (code < 0 ? '' : item.dictionary[code])))
        else if (item.kind === 'numeric' || item.kind === 'boolean') expect(Array.from(result?.values as Float32Array), item.name).toEqual(Array.from(item.values))
      })
    }
  })
})

test('fitting looks at training rows only: other rows may hold anything', async () => {
  const { fitRecipe } = await import('../../src/core/recipe/recipe.ts')
  const rows = Uint32Array.from([0, 1, 2, 3, 4, 5, 6, 7]) as TrainRows
  const spec = { version: 1, steps: steps.all.filter(({ id }) => id !== 'drop').map((step, i) => ({ id: `s${i}`, step: step.id, columns: { by: 'kind', kinds: step.kinds }, params: {} })), excluded: [] } as const
  const learnt = (changed: boolean) => {
    const columns = [
      columnFrom('n', 'numeric', numbers.map((cell, i) => (changed && i > 7 ? 1e6 * i : cell))),
      columnFrom('c', 'categorical', names.map((cell, i) => (changed && i > 7 ? `other ${i}` : cell))),
      columnFrom('d', 'datetime', moments.map((cell, i) => (changed && i > 7 ? i : cell))),
      columnFrom('y', 'boolean', flags),
    ]
    return fitRecipe(columns, rows, spec, { target: 'y' })
  }
  expect(learnt(true)).toEqual(learnt(false))
})
