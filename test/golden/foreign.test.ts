/** ONNX files that other tools wrote (foreign.py): read, brought in, and held against the tools' own answers. */
import { describe, expect, test } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { columnFrom, type Cell } from '../../src/core/data/column.ts'
import type { Dataset } from '../../src/core/data/dataset.ts'
import { StudioError } from '../../src/core/errors.ts'
import { GraphBuilder } from '../../src/core/onnx/graph.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { interfaceOf } from '../../src/core/onnx/read/interface.ts'
import { readOnnx } from '../../src/core/onnx/read/model.ts'
import { checkGraph } from '../../src/core/onnx/read/rules.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import { openPipeline } from '../../src/core/run/open-pipeline.ts'
import { adoptModel, foreignInterface } from '../../src/core/run/adopt-model.ts'
import type { RunSpec } from '../../src/core/run/run-spec.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
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
  test.each([
    ['what doubles forty times', made((graph) => chain(graph, 40, (value) => graph.node('Concat', [value, value], { axis: { kind: 'int', value: 1 } }))), 'joins more than 1,000,000 values'],
    ['more operators than a runtime puts in order', made((graph) => chain(graph, 10_001, (value) => graph.node('Neg', [value]))), 'more than 10,000 operators'],
    ['two thousand million rows at once', made((graph) => graph.node('Neg', [graph.input('x', 'float', [2 ** 31 - 1, 1])])), '1 to 10,000 at once: 2147483647'],
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
