/** ONNX files that other tools wrote (foreign.py): read, brought in, and held against the tools' own answers. */
import { describe, expect, test } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { columnFrom, type Cell } from '../../src/core/data/column.ts'
import type { Dataset } from '../../src/core/data/dataset.ts'
import type { Prediction } from '../../src/core/data/target.ts'
import { StudioError } from '../../src/core/errors.ts'
import { shuffleSource } from '../../src/core/explain/permutation.ts'
import { GraphBuilder } from '../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { interfaceOf } from '../../src/core/onnx/read/interface.ts'
import { readOnnx } from '../../src/core/onnx/read/model.ts'
import { checkGraph } from '../../src/core/onnx/read/rules.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import type { RecipeSpec } from '../../src/core/recipe/step.ts'
import { openPipeline } from '../../src/core/run/open-pipeline.ts'
import { adoptModel, foreignInterface, offerFor } from '../../src/core/run/adopt-model.ts'
import type { RunSpec } from '../../src/core/run/run-spec.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import { graphOf, otherRecipes } from '../support/onnx-cases.ts'
import { hostileNames } from '../support/rich-data.ts'
import golden from './foreign.json' with { type: 'json' }

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const openRunner = async () => nodeRunner()

/** The case's rows as a dataset whose target repeats its classes. */
function datasetOf(columns: readonly (readonly Cell[])[], classes: readonly string[] | null): Dataset {
  const rows = columns[0]?.length ?? 0
  return {
    id: 'd',
    name: 'd',
    rows,
    columns: [
      ...columns.map((cells, i) => columnFrom(`f${i}`, typeof cells.find((cell) => cell !== null) === 'string' ? 'categorical' : 'numeric', cells)),
      classes ? columnFrom('target', 'categorical', Array.from({ length: rows }, (_, row) => classes[row % classes.length] as string)) : columnFrom('target', 'numeric', Array.from({ length: rows }, (_, row) => row)),
    ],
    source: { kind: 'derived', fileName: 'd', bytes: 0, sha256: '0'.repeat(64) },
  }
}
const specOf = (classes: readonly string[] | null): RunSpec => ({
  version: 1,
  projectId: 'p',
  datasetId: 'd',
  target: classes ? { column: 'target', task: classes.length === 2 ? 'binary' : 'multiclass', ...(classes.length === 2 ? { positive: classes[1] as string } : {}) } : { column: 'target', task: 'regression' },
  split: { strategy: { kind: 'random' }, validShare: 0.4, testShare: 0.1, seed: 1 },
  recipe: { version: 1, steps: [], excluded: [] },
  estimator: { id: 'onnx-model', params: {} },
  seed: 1,
})

describe('models of other tools', () => {
  test.each(golden.cases)('$name', async ({ onnx, columns, scores, classes }) => {
    const file = bytesOf(onnx)
    const graph = foreignInterface(file)
    if (graph.output.classes) expect(graph.output.classes).toEqual(classes)
    const dataset = datasetOf(columns as Cell[][], classes)
    const mapping = { fileName: 'model.onnx', columns: dataset.columns.slice(0, -1).map(({ name }) => name), classes: classes ?? [] }
    const { pipeline, warnings, evaluation } = await adoptModel(specOf(classes), dataset, file, mapping, openRunner, quietContext())
    expect(warnings[0]).toContain('was trained elsewhere')
    expect(evaluation.n).toBeGreaterThan(0)
    const prediction = await pipeline.predict(dataset.columns)
    const found = prediction.task === 'regression' ? prediction.values : prediction.probabilities
    const names = prediction.task === 'regression' ? [''] : prediction.classes
    const expected = scores.flatMap((row) => (classes ? names.map((name) => row[classes.indexOf(name)] as number) : row))
    // Both sum in float32, in other orders; values of a regression lie near 150.
    expectAllClose(found, expected, classes ? { absolute: 2e-6 } : { relative: 2e-6 })
    // What is stored opens again, and answers the same.
    const again = openPipeline({ ...pipeline, model: structuredClone(pipeline.model.state()) }, openRunner)
    expect(await again.predict(dataset.columns)).toEqual(prediction)
  })

  test.each([
    ['hist-gradient-boosting', 'binary', undefined],
    ['explainable-boosting', 'multiclass', undefined],
    ['decision-tree', 'binary', 'mean, indicator, min-max, rare, zeros'],
    ['baseline', 'regression', undefined],
  ] as const)('our own %s (%s) comes in again: dates, missing values and odd names find their places, and the answers are the same', async (estimator, task, recipe) => {
    const { dataset, result, bytes } = await graphOf({ name: '', estimator, task, ...(recipe && { recipe: otherRecipes[recipe] as RecipeSpec }) })
    const spec = { ...specOf(null), target: result.pipeline.target }
    const { guess, slots, candidates } = offerFor(bytes, dataset, spec)
    expect(guess.columns).toEqual(result.pipeline.recipe.inputs.map(({ name }) => name))
    expect([...guess.classes].sort()).toEqual([...result.pipeline.classes].sort())
    expect(slots.filter(({ takes }) => takes === 'whole').map(({ label }) => label)).toEqual([hostileNames.date])
    expect(candidates.whole).toEqual([hostileNames.number, hostileNames.second, hostileNames.flag, hostileNames.date])
    const { pipeline } = await adoptModel(spec, dataset, bytes, { fileName: 'model.onnx', ...guess }, openRunner, quietContext())
    const [found, wanted] = [await pipeline.predict(dataset.columns), await result.pipeline.predict(dataset.columns)]
    // The parity that an export is held to (DESIGN.md section 4); the target's sd is about 60.
    if (found.task === 'regression' || wanted.task === 'regression') expectAllClose((found as typeof wanted & { values: Float64Array }).values, (wanted as { values: Float64Array }).values, { absolute: 6e-4 })
    else for (const [c, name] of wanted.classes.entries()) expectAllClose(columnOf(found as typeof wanted, found.classes.indexOf(name)), columnOf(wanted, c), { absolute: 1e-5 })
  })

  describe('inputs that take more than float32 get the columns as they are', () => {
    const asked = (type: 'int64' | 'double', build: (graph: GraphBuilder, x: string) => string): Uint8Array => {
      const graph = new GraphBuilder()
      graph.nameAs(build(graph, graph.input('x', type, ['N', 1])), 'y')
      graph.output('y', 'double', ['N', 1])
      return encodeOnnx(graph.build('exact'))
    }
    const two = (graph: GraphBuilder): string => graph.ints('two', [2])
    const parity = asked('int64', (graph, x) => graph.cast(graph.node('Mod', [x, two(graph)]), 'double'))
    const bring = (file: Uint8Array, cells: Cell[]) => adoptModel(specOf(null), datasetOf([cells], null), file, { fileName: 'm.onnx', columns: ['f0'], classes: [] }, openRunner, quietContext())
    const valuesOf = async ({ pipeline }: Awaited<ReturnType<typeof bring>>, cells: readonly Cell[]): Promise<number[]> => {
      const answered = await pipeline.predict([columnFrom('f0', 'numeric', cells)])
      return answered.task === 'regression' ? [...answered.values] : []
    }

    test('whole numbers up to 2^53', async () => {
      const cells = Array.from({ length: 40 }, (_, i) => (i < 20 ? 16_777_216 + i : Number.MAX_SAFE_INTEGER - i * 1_000_003))
      const brought = await bring(parity, cells)
      expect(await valuesOf(brought, cells)).toEqual(cells.map((k) => k % 2))
      // The same through features, as explainers ask: each row's parts stay together.
      const { pipeline } = brought
      const X = pipeline.features(datasetOf([cells], null).columns)
      expect(new Set(X.features.map(({ source }) => source))).toEqual(new Set(['f0']))
      const shuffled = await pipeline.model.predict(shuffleSource(X, 'f0', cells.map((_, i) => cells.length - 1 - i)))
      expect(shuffled.task === 'regression' && [...shuffled.values]).toEqual(cells.map((k) => k % 2).reverse())
    })
    test('doubles, missing values among them', async () => {
      const identity = asked('double', (graph, x) => graph.node('Where', [graph.node('IsNaN', [x]), graph.doubles('none', [-1]), x]))
      const cells = Array.from({ length: 40 }, (_, i) => (i % 9 === 8 ? null : 0.1 * i + 1 / 3))
      expect(await valuesOf(await bring(identity, cells), [...cells, 1e-20 / 3, 123_456_789.123_456_78, -2e38 / 3])).toEqual([...cells.map((cell) => cell ?? -1), 1e-20 / 3, 123_456_789.123_456_78, -2e38 / 3])
      await expect(bring(identity, cells.map((cell) => (cell ?? 0) * 1e300))).rejects.toThrow(/^invalid f0; input x takes numbers up to 3\.4e38 here: Infinity$/)
    })
    test('what an input cannot hold is refused by column and value', async () => {
      const cells = (odd: Cell): Cell[] => Array.from({ length: 40 }, (_, i) => (i % 2 ? odd : i))
      await expect(bring(parity, cells(2.5))).rejects.toThrow(/^invalid f0; input x takes whole numbers: 2\.5$/)
      await expect(bring(parity, cells(null))).rejects.toThrow(/^invalid f0; input x takes whole numbers: missing$/)
      await expect(bring(parity, cells(2 ** 53))).rejects.toThrow(/^invalid f0; input x takes whole numbers from -9007199254740991 to 9007199254740991: 9007199254740992$/)
    })
  })

  test('who meets an empty cell hears of the row and the columns, and before that of what is empty', async () => {
    const half = (safe: boolean): Uint8Array => {
      const graph = new GraphBuilder()
      const x = graph.input('x', 'float', ['N', 2])
      const kept = safe ? graph.node('Where', [graph.node('IsNaN', [x]), graph.floats('none', [0]), x]) : x
      graph.nameAs(graph.node('MatMul', [kept, graph.floats('w', [0.5, 2], [2, 1])]), 'y')
      graph.output('y', 'float', ['N', 1])
      return encodeOnnx(graph.build('half'))
    }
    const cells = (empty: boolean, odd: number): Cell[] => Array.from({ length: 40 }, (_, i) => (empty && i % odd === odd - 1 ? null : i))
    const dataset = datasetOf([cells(true, 3), cells(true, 4)], null)
    const bring = (file: Uint8Array, data = dataset) => adoptModel(specOf(null), data, file, { fileName: 'm.onnx', columns: ['f0', 'f1'], classes: [] }, openRunner, quietContext())
    expect(offerFor(half(false), dataset, specOf(null))).toMatchObject({ empty: [{ column: 'f0', rows: 13 }, { column: 'f1', rows: 10 }], saysEmpty: false })
    expect(offerFor(half(true), dataset, specOf(null)).saysEmpty).toBe(true)
    expect((await bring(half(true))).evaluation.n).toBeGreaterThan(0)
    const error = (await bring(half(false)).catch((caught: unknown) => caught)) as StudioError
    const [, row, names] = /^invalid answer of the model; it must be a finite number, and row (\d+), with no value in (.+), gets NaN$/.exec(error.message) ?? []
    const at = Number(row)
    expect(names).toBe([...(at % 3 === 0 ? ['f0'] : []), ...(at % 4 === 0 ? ['f1'] : [])].join(', '))
    // Every third or fourth of 40: 13 + 10 - 3.
    expect(error.hint).toMatch(/^20 of 40 rows have an empty cell/)
    const huge = datasetOf([cells(false, 1), Array.from({ length: 40 }, () => 3e38)], null)
    await expect(bring(half(false), huge)).rejects.toThrow(/^invalid answer of the model; it must be a finite number, and row \d+, with f0 \d+, f1 3e\+38, gets Infinity$/)
  })

  test('columns and classes that do not fit are named', async () => {
    const { onnx, columns, classes } = golden.cases[1] as (typeof golden.cases)[number]
    const dataset = datasetOf(columns as Cell[][], classes)
    const names = dataset.columns.slice(0, -1).map(({ name }) => name)
    const bring = (mapping: { columns: string[]; classes: string[] }) => adoptModel(specOf(classes), dataset, bytesOf(onnx), { fileName: 'm.onnx', ...mapping }, openRunner, quietContext())
    await expect(bring({ columns: names.slice(1), classes: classes as string[] })).rejects.toThrow('invalid columns; the model takes 13: 12')
    await expect(bring({ columns: [...names.slice(1), 'target'], classes: classes as string[] })).rejects.toThrow('the target cannot be an input: target')
    await expect(bring({ columns: [...names.slice(1), 'f1'], classes: classes as string[] })).rejects.toThrow('a column fills one input only: f1')
    await expect(bring({ columns: names, classes: ['barbera', 'barbera', 'grignolino'] })).rejects.toThrow('and this one is of several: barbera')
    await expect(bring({ columns: names, classes: ['barbera', 'barolo', 'x'] })).rejects.toThrow('and this one is of none: grignolino')
  })
})

const columnOf = ({ probabilities, classes }: Extract<Prediction, { probabilities: Float64Array }>, c: number): Float64Array => probabilities.filter((_, at) => at % classes.length === c)

describe('files that are not let in', () => {
  test.each(golden.hostile)('$name', ({ onnx, rule }) => {
    try {
      foreignInterface(bytesOf(onnx))
    } catch (error) {
      expect(error).toBeInstanceOf(StudioError)
      expect((error as StudioError).message).toContain(rule)
      return
    }
    throw new Error('it was let in')
  })

  test('what is something else is told from what was cut off', () => {
    expect(() => foreignInterface(new TextEncoder().encode('large file of words'))).toThrow(/^invalid ONNX file; this is no ONNX file: field 13 has an unknown wire type: 4$/)
    expect(() => foreignInterface(new Uint8Array(0))).toThrow(/^invalid ONNX file; this is no ONNX file: it holds no graph$/)
    const whole = bytesOf(golden.cases[0]?.onnx ?? '')
    expect(() => foreignInterface(whole.subarray(0, whole.length / 2))).toThrow(/^invalid ONNX file; it is damaged or cut off: /)
  })

  const made = (build: (graph: GraphBuilder) => string): Uint8Array => {
    const graph = new GraphBuilder()
    graph.nameAs(build(graph), 'y')
    graph.output('y', 'float', ['N', 1])
    return encodeOnnx(graph.build('hostile'))
  }
  const chain = (graph: GraphBuilder, length: number, add: (value: string) => string): string => {
    let value = graph.input('x', 'float', ['N', 1])
    for (let i = 0; i < length; i++) value = add(value)
    return value
  }
  const oneHot = (graph: GraphBuilder, depth: string, value = graph.input('x', 'float', ['N', 1])): string => graph.node('OneHot', [value, depth, graph.floats('off_on', [0, 1])])
  /** A tree that only goes on to the right. @param back where the last node leads instead of a leaf */
  const path = (graph: GraphBuilder, steps: number, back?: number, targets = 1, other: Parameters<GraphBuilder['node']>[2] = {}): string => {
    const nodes = Array.from({ length: steps * 2 + 1 }, (_, i) => i)
    const leaf = (i: number): boolean => i % 2 === 1 || i === steps * 2
    const ints = (of: (i: number) => number) => ({ kind: 'ints', value: nodes.map(of) }) as const
    return graph.node('TreeEnsembleRegressor', [graph.input('x', 'float', ['N', 1])], {
      n_targets: { kind: 'int', value: targets },
      nodes_treeids: ints(() => 0),
      nodes_nodeids: ints((i) => i),
      nodes_featureids: ints(() => 0),
      nodes_values: { kind: 'floats', value: nodes.map(() => 0) },
      nodes_modes: { kind: 'strings', value: nodes.map((i) => (leaf(i) ? 'LEAF' : 'BRANCH_LEQ')) },
      nodes_truenodeids: ints((i) => (leaf(i) ? 0 : i + 1)),
      nodes_falsenodeids: ints((i) => (leaf(i) ? 0 : back !== undefined && i === steps * 2 - 2 ? back : i + 2)),
      target_treeids: { kind: 'ints', value: [0] },
      target_nodeids: { kind: 'ints', value: [1] },
      target_ids: { kind: 'ints', value: [0] },
      target_weights: { kind: 'floats', value: [1] },
      ...other,
    }, 'ai.onnx.ml')
  }
  /** One split, its five lists as they should be but for one. */
  const odd = (name: string, value: readonly number[] | readonly string[]): Uint8Array =>
    made((graph) => path(graph, 1, undefined, 1, { [name]: typeof value[0] === 'string' ? { kind: 'strings', value: value as string[] } : { kind: name.endsWith('values') || name.endsWith('weights') || name.endsWith('rates') ? 'floats' : 'ints', value: value as number[] } }))
  test('a tree whose lists are as they should be comes in', () => expect(foreignInterface(odd('nodes_hitrates', [1, 1, 1])).widest).toBe(1))
  test.each([
    ['what doubles forty times', made((graph) => chain(graph, 40, (value) => graph.node('Concat', [value, value], { axis: { kind: 'int', value: 1 } }))), 'Concat makes more than 1,000,000 values of one row: 1,048,576'],
    ['more operators than a runtime puts in order', made((graph) => chain(graph, 10_001, (value) => graph.node('Neg', [value]))), 'more than 10,000 operators'],
    ['two thousand million rows at once', made((graph) => graph.node('Neg', [graph.input('x', 'float', [2 ** 31 - 1, 1])])), '1 to 10,000 at once: 2147483647'],
    ['categories without end', made((graph) => oneHot(graph, graph.ints('depth', [2 ** 40], []))), 'OneHot may have at most 20,000 categories: 1099511627776'],
    ['categories of categories of categories', made((graph) => chain(graph, 4, (value) => oneHot(graph, graph.ints('depth', [100], []), value))), 'OneHot makes more than 1,000,000 values of one row: 100,000,000'],
    ['as many categories as an answer of its own', made((graph) => ((x: string) => oneHot(graph, graph.node('Cast', [graph.node('ReduceMax', [x], { keepdims: { kind: 'int', value: 0 } })], { to: { kind: 'int', value: 7 } }), x))(graph.input('x', 'float', ['N', 1]))), 'a number of categories that the file itself says'],
    ['a size of thousands of millions', made((graph) => graph.node('Expand', [graph.input('x', 'float', ['N', 1]), graph.ints('size', [1, 2 ** 40])])), 'Expand makes more than 1,000,000 values of one row: 1,099,511,627,776'],
    ['a size that the data says', made((graph) => ((x: string) => graph.node('Expand', [x, graph.node('Cast', [x], { to: { kind: 'int', value: 7 } })]))(graph.input('x', 'float', ['N', 1]))), 'from the file itself and from the rows, not from data'],
    ['rows times rows times rows', made((graph) => ((x: string) => graph.node('Expand', [x, graph.node('Gather', [graph.node('Shape', [x]), graph.ints('thrice', [0, 0, 0])])]))(graph.input('x', 'float', ['N', 1]))), 'Expand makes values for every pair of rows'],
    ['what broadcasting multiplies', made((graph) => ((wide: string) => graph.node('Add', [graph.node('Unsqueeze', [wide, graph.ints('one', [1])]), graph.node('Unsqueeze', [wide, graph.ints('two', [2])])]))(graph.node('MatMul', [graph.input('x', 'float', ['N', 2]), graph.floats('w', new Float32Array(2 * 1500), [2, 1500])]))), 'Add makes more than 1,000,000 values of one row: 2,250,000'],
    ['one value taken again and again', made((graph) => [1, 2].reduce((value, axis) => graph.node('Gather', [graph.node('Unsqueeze', [value, graph.ints(`a${axis}`, [axis + 1])]), graph.ints(`i${axis}`, new Array<number>(1200).fill(0))], { axis: { kind: 'int', value: axis + 1 } }), graph.input('x', 'float', ['N', 1]))), 'Gather makes more than 1,000,000 values of one row: 1,440,000'],
    ['categories of an encoder for tables, again and again', made((graph) => chain(graph, 3, (value) => graph.node('OneHotEncoder', [value], { cats_int64s: { kind: 'ints', value: Array.from({ length: 300 }, (_, i) => i) } }, 'ai.onnx.ml'))), 'OneHotEncoder makes more than 1,000,000 values of one row: 27,000,000'],
    ['every row beside every other', made((graph) => ((x: string) => graph.node('Sub', [x, graph.node('Transpose', [x])]))(graph.input('x', 'float', ['N', 1]))), 'Sub makes values for every pair of rows'],
    ['weights that multiply without a row', made((graph) => graph.node('Add', [graph.input('x', 'float', ['N', 1]), graph.node('ReduceSum', [graph.node('Mul', [graph.floats('row', new Float32Array(2000), [1, 2000]), graph.floats('column', new Float32Array(2000), [2000, 1])])])])), 'Mul makes more than 1,000,000 values: 4,000,000'],
    ['a tree as deep as a well', made((graph) => path(graph, 2001)), 'a path of tree 0 has more than 2,000 steps'],
    ['a node that reads a column beyond the last', odd('nodes_featureids', [1, 0, 0]), 'TreeEnsembleRegressor: a node reads one of 1 columns, numbered from 0: 1'],
    ['a node that reads column fifty million', odd('nodes_featureids', [50_000_000, 0, 0]), 'numbered from 0: 50000000'],
    ['an answer for target forty million', odd('target_ids', [40_000_000]), 'an answer counts towards one of 1 targets, numbered from 0: 40000000'],
    ['an answer for a target below none', odd('target_ids', [-5]), 'an answer counts towards one of 1 targets, numbered from 0: -5'],
    ['an answer on a node that is not there', odd('target_nodeids', [77]), 'an answer hangs on a node of tree 0 that is not there: 77'],
    ['an answer on a tree that is not there', odd('target_treeids', [3]), 'an answer hangs on a node of tree 3 that is not there: 1'],
    ['fewer answers than places for them', odd('target_weights', []), 'target_weights must have as many entries as target_treeids, 1: 0'],
    ['fewer conditions than nodes', odd('nodes_values', [0]), 'nodes_values must have as many entries as nodes_treeids, 3: 1'],
    ['fewer ways for what is missing than nodes', odd('nodes_missing_value_tracks_true', [1, 0]), 'nodes_missing_value_tracks_true must have as many entries as nodes_treeids, 3: 2'],
    ['a node that decides in a way of its own', odd('nodes_modes', ['BRANCH_XOR', 'LEAF', 'LEAF']), 'a node decides by what is not known: BRANCH_XOR'],
    ['a class beyond the last', made((graph) => graph.nodes('TreeEnsembleClassifier', [graph.input('x', 'float', ['N', 1])], 2, { classlabels_int64s: { kind: 'ints', value: [0, 1] }, nodes_treeids: { kind: 'ints', value: [0] }, nodes_nodeids: { kind: 'ints', value: [0] }, nodes_featureids: { kind: 'ints', value: [0] }, nodes_values: { kind: 'floats', value: [0] }, nodes_modes: { kind: 'strings', value: ['LEAF'] }, nodes_truenodeids: { kind: 'ints', value: [0] }, nodes_falsenodeids: { kind: 'ints', value: [0] }, class_treeids: { kind: 'ints', value: [0] }, class_nodeids: { kind: 'ints', value: [0] }, class_ids: { kind: 'ints', value: [2] }, class_weights: { kind: 'floats', value: [1] } }, 'ai.onnx.ml')[1] as string), 'TreeEnsembleClassifier: an answer counts towards one of 2 classes, numbered from 0: 2'],
    ['fewer coefficients than columns', made((graph) => graph.node('LinearRegressor', [graph.input('x', 'float', ['N', 5])], { coefficients: { kind: 'floats', value: [1, 2] } }, 'ai.onnx.ml')), 'LinearRegressor must have a coefficient for each of 5 columns, 1 times: 2'],
    ['a circle beside a tree', made((graph) => path(graph, 3, 0)), 'TreeEnsembleRegressor: a tree leads back into itself'],
    ['two thousand million answers a row', made((graph) => path(graph, 3, undefined, 2 ** 31)), 'TreeEnsembleRegressor may answer 1 to 20,000 numbers a row: 2147483648'],
    ['two thousand million columns', made((graph) => graph.node('Neg', [graph.input('x', 'float', ['N', 2 ** 31 - 1])])), 'at most 20,000 columns: 2147483647'],
  ])('%s', (_, file, rule) => expect(() => foreignInterface(file)).toThrow(rule))

  test('a graph that dies when it is asked is refused with its reason', async () => {
    const file = made((graph) => graph.node('Gather', [graph.input('x', 'float', ['N', 1]), graph.ints('far', [10 ** 9])], { axis: { kind: 'int', value: 1 } }))
    const dataset = datasetOf([Array.from({ length: 40 }, (_, i) => i)], null)
    await expect(adoptModel(specOf(null), dataset, file, { fileName: 'm.onnx', columns: ['f0'], classes: [] }, openRunner, quietContext())).rejects.toThrow(/^invalid graph; onnxruntime-node .* could not run it: .*Gather/)
  })

  test.each(golden.debian)('Debian libonnx-testdata: $name', ({ onnx, operators, graphs }) => {
    const read = (() => {
      try {
        return readOnnx(bytesOf(onnx))
      } catch (error) {
        // Graphs inside operators are refused on reading.
        expect(graphs).toBe(true)
        expect((error as StudioError).code).toBe('unsupported')
        return undefined
      }
    })()
    if (!read) return
    expect(read.nodes.map(({ domain, opType }) => `${domain || 'ai.onnx'} ${opType}`)).toEqual(operators)
    try {
      checkGraph(read)
      interfaceOf(read)
    } catch (error) {
      expect(error).toBeInstanceOf(StudioError)
    }
  })

  test('any byte changed or cut is an answer or a refusal, never a crash', () => {
    const file = bytesOf((golden.cases[1] as (typeof golden.cases)[number]).onnx)
    for (let i = 0; i < file.length; i += 7) {
      for (const broken of [file.subarray(0, i), file.map((byte, at) => (at === i ? byte ^ 0xff : byte))]) {
        try {
          foreignInterface(broken)
        } catch (error) {
          if (!(error instanceof StudioError)) throw error
        }
      }
    }
  })
})
