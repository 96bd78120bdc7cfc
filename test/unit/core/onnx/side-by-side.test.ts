/** Columns joined before they are prepared and after it: the same bits in the same order, from far fewer nodes. */
import { describe, expect, test } from 'vitest'
import { columnFrom, type Cell, type Column } from '../../../../src/core/data/column.ts'
import type { TrainRows } from '../../../../src/core/data/split.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { GraphBuilder, type TensorType } from '../../../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../../../src/core/onnx/proto.ts'
import { sideBySide } from '../../../../src/core/onnx/side-by-side.ts'
import { fitRecipe, recipeToOnnx } from '../../../../src/core/recipe/recipe.ts'
import type { FittedRecipeState, RecipeSpec, SeriesKind, StepSpec } from '../../../../src/core/recipe/step.ts'
import { floatFeed, int64Feed, runOnnx, stringFeed, type Feed } from '../../../support/ort.ts'
import { otherRecipes } from '../../../support/onnx-cases.ts'

const rows = 40
const tensors: Readonly<Partial<Record<SeriesKind, TensorType>>> = { numeric: 'float', boolean: 'float', categorical: 'string', datetime: 'int64' }
const noTime = -(2n ** 63n)

/** `each` columns of every kind, in turns. */
function table(each: number): Column[] {
  const rng = createRng(11)
  const cells = (make: () => Cell): Cell[] => Array.from({ length: rows }, () => (rng.next() < 0.2 ? null : make()))
  return Array.from({ length: each }, (_, i) => [
    columnFrom(`number ${i}`, 'numeric', cells(() => rng.normal() * 10 ** (i % 5))),
    columnFrom(`place ${i}`, 'categorical', cells(() => ['hill', 'shore', 'town', 'wood'][rng.int(2 + (i % 3))] as string)),
    columnFrom(`flag ${i}`, 'boolean', cells(() => rng.next() < 0.5)),
    columnFrom(`day ${i}`, 'datetime', cells(() => rng.int(4_000_000_000) - 2_000_000_000)),
  ]).flat()
}
const fitted = (columns: readonly Column[], spec: RecipeSpec): FittedRecipeState => fitRecipe(columns, Uint32Array.from({ length: rows }, (_, i) => i) as unknown as TrainRows, spec, { target: 'none' }).state

function graphOf(state: FittedRecipeState, join: (names: readonly string[], graph: GraphBuilder) => string) {
  const graph = new GraphBuilder()
  const inputs = state.inputs.map(({ name, kind }) => ({ name, source: name, kind, tensor: graph.input(name, tensors[kind] as TensorType, ['N', 1]) }))
  const joined = join(recipeToOnnx(state, inputs, graph).map(({ tensor }) => tensor), graph)
  graph.nameAs(joined, 'features')
  graph.output('features', 'float', ['N', state.features.length])
  return graph.build('features')
}
const oneByOne = (names: readonly string[], graph: GraphBuilder): string => graph.node('Concat', names, { axis: { kind: 'int', value: 1 } })

/** The rows that were learnt from, and what nobody saw. */
function feedsOf(state: FittedRecipeState, columns: readonly Column[]): Map<string, Feed> {
  return new Map(
    state.inputs.map(({ name }, i) => {
      const column = columns.find((own) => own.name === name) as Column
      const is = (row: number): boolean => ((column.validity[row >> 3] as number) & (1 << (row & 7))) !== 0
      const all = <T>(value: (row: number) => T, missing: T, odd: readonly T[]): T[] => [...Array.from({ length: rows }, (_, row) => (is(row) ? value(row) : missing)), odd[i % odd.length] as T]
      if (column.kind === 'categorical') return [name, stringFeed(all((row) => column.dictionary[column.codes[row] as number] as string, '', ['__proto__', '']))]
      if (column.kind === 'datetime') return [name, int64Feed(all((row) => BigInt(column.seconds[row] as number), noTime, [-62135596800n, 253402300799n]))]
      if (column.kind !== 'numeric' && column.kind !== 'boolean') throw new Error(column.kind)
      return [name, floatFeed(all((row) => column.values[row] as number, Number.NaN, [Number.NEGATIVE_INFINITY, 3.4e38, 1e-45, -0]))]
    }),
  )
}

const scaled: RecipeSpec = {
  version: 1,
  excluded: [],
  steps: (['numeric', 'boolean'] as const).flatMap((kind) => ['impute', 'scale'].map((step): StepSpec => ({ id: `${step} ${kind}`, step, columns: { by: 'kind', kinds: [kind] }, params: step === 'impute' ? { strategy: 'most-frequent' } : {} }))),
}
const recipes: Readonly<Record<string, RecipeSpec>> = {
  ...otherRecipes,
  'numbers alone': scaled,
  'encoded, then scaled': { ...scaled, steps: [{ id: 'o', step: 'onehot', columns: { by: 'kind', kinds: ['categorical'] }, params: {} }, ...scaled.steps] },
  'one column apart': { ...scaled, steps: scaled.steps.map((step) => (step.id === 'scale numeric' ? { ...step, columns: { by: 'name', names: ['number 0', 'number 2', 'number 3'] } } : step)) },
  'nothing done': { version: 1, excluded: [], steps: [] },
}

describe.each(Object.entries(recipes))('%s', (_name, spec) => {
  test('the same bits in the same order', async () => {
    const columns = table(4)
    const state = fitted(columns, spec)
    const [plain, joined] = [graphOf(state, oneByOne), graphOf(state, sideBySide)]
    expect(joined.nodes.length).toBeLessThanOrEqual(plain.nodes.length)
    const bits: Uint32Array[] = []
    for (const graph of [plain, joined]) {
      const { dims, values } = (await runOnnx(encodeOnnx(graph), feedsOf(state, columns))).get('features') as { dims: readonly number[]; values: Float32Array }
      expect(dims).toEqual([rows + 1, state.features.length])
      bits.push(new Uint32Array(values.slice().buffer))
    }
    expect(bits[1]).toEqual(bits[0])
  })
})

test('more numbers are no more nodes', () => {
  const counts = [2, 50].map((each) => {
    const columns = table(each).filter(({ kind }) => kind === 'numeric')
    return graphOf(fitted(columns, scaled), sideBySide).nodes.map(({ opType }) => opType)
  })
  expect(counts[0]).toEqual(['Concat', 'IsNaN', 'Where', 'Sub', 'Div', 'Identity'])
  expect(counts[1]).toEqual(counts[0])
})

test('what an encoder parted is taken as it was', () => {
  const columns = table(3).filter(({ kind }) => kind === 'categorical')
  const { nodes } = graphOf(fitted(columns, recipes['encoded, then scaled'] as RecipeSpec), sideBySide)
  const perColumn = ['LabelEncoder', 'OneHot', 'Reshape', 'IsNaN', 'Where', 'Sub', 'Div']
  expect(nodes.map(({ opType }) => opType).sort()).toEqual([...perColumn, ...perColumn, ...perColumn, 'Concat', 'Identity'].sort())
})

test('what is not needed is forgotten, its constants too, and may be added again', () => {
  const graph = new GraphBuilder()
  const [a, b] = [graph.input('a', 'float', ['N', 1]), graph.input('b', 'float', ['N', 1])]
  const unread = graph.node('Exp', [graph.node('Add', [a, graph.floats('unread', [7])])])
  const sum = sideBySide([graph.node('Add', [a, graph.floats('one', [1])]), graph.node('Add', [b, graph.floats('two', [2])])], graph)
  expect(graph.maker(unread)).toBeUndefined()
  expect(graph.build('g').initializers.map(({ tensor }) => ('raw' in tensor ? [] : [...tensor.values]))).toEqual([[1, 2]])
  const again = graph.floats('again', [7])
  expect(graph.constantNamed(again)).toBeDefined()
  expect(graph.maker(sum)?.opType).toBe('Add')
})
