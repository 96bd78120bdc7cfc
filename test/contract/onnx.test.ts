/**
 * Every estimator behind its default recipe, and every step with its other options: ONNX Runtime answers as the studio does,
 * odd rows included, in Node's build and in that of the page alike, for any number of rows at once.
 */
import { readFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { columnsOfCells, goldenRows, type GoldenRows } from '../../src/core/bundle/golden.ts'
import { splitValues } from '../../src/core/bundle/golden-splits.ts'
import type { Signature } from '../../src/core/bundle/signature.ts'
import { encodeColumns, encodeRows } from '../../src/core/bundle/encode.ts'
import { signatureOf } from '../../src/core/bundle/signature-of.ts'
import type { Task } from '../../src/core/data/target.ts'
import type { OnnxGraph } from '../../src/core/onnx/graph.ts'
import { checkParity, ParityCount, toleranceFor } from '../../src/core/onnx/parity.ts'
import { answer } from '../../src/core/onnx/runner.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import { webRunner } from '../../src/core/onnx/runner-web.ts'
import type { Pipeline } from '../../src/core/run/pipeline.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'
import { tableEstimators } from '../../src/core/estimators/registry.ts'
import { graphOf, onnxCases, otherRecipes } from '../support/onnx-cases.ts'
import { hostileNames } from '../support/rich-data.ts'

const runner = nodeRunner()
const wasm = readFile(new URL('../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm', import.meta.url))
const page = webRunner({ ...nodeContext(), asset: async () => new Uint8Array(await wasm).buffer }, 'bytes')

// What tfjs says when it wakes up in Node.
beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

/** What the recipe makes of the rows is looked at, never the label: each is on a split, or two neighbours are on its two sides. */
function expectOnSplits(golden: GoldenRows, graph: OnnxGraph, pipeline: Pipeline, signature: Signature): void {
  const prepared = pipeline.features(columnsOfCells(signature.inputs, golden.rows)).features
  const splits = splitValues(graph)
  golden.reasons.forEach((reason, row) => {
    const meets = (is: (value: number, split: number) => boolean) => splits.some(({ feature, values }) => values.some((split) => is(prepared[feature]?.values[row] as number, split)))
    if (reason === 'exactly on a split') expect(meets((value, split) => value === split), `row ${row}`).toBe(true)
    if (reason !== 'just below a split') return
    expect(golden.reasons[row + 1]).toBe('just above a split')
    expect(splits.some(({ feature, values }) => values.some((split) => (prepared[feature]?.values[row] as number) < split && split < (prepared[feature]?.values[row + 1] as number))), `rows ${row} and ${row + 1}`).toBe(true)
    const apart = golden.rows[row]?.flatMap((cell, i) => (cell === golden.rows[row + 1]?.[i] ? [] : [[cell, golden.rows[row + 1]?.[i]] as [number, number]])) ?? []
    expect(apart).toHaveLength(1)
    // Float32 neighbours: nothing that a served model reads is between them.
    const [[below, above]] = apart as [[number, number]]
    expect([below, above]).toContain(Math.fround((below + above) / 2))
  })
}

describe('the graph equals the studio', () => {
  test.each(onnxCases)('$name', async (item) => {
    const { estimator: id, task, recipe } = item
    const { dataset, result, signature, graph, bytes } = await graphOf(item)
    const session = await runner.open(bytes)
    try {
      const targetSd = task === 'regression' ? 100 : 0
      const held = Uint32Array.from([...result.split.valid, ...result.split.test])
      const certificate = await checkParity(session, result.pipeline, signature, { columns: dataset.columns, rows: held, part: 'valid' }, { targetSd: 0, runtime: runner.runtime }, nodeContext())
      // The tolerance for values is 1e-5 x max(1, sd); the sd of this target is about 75.
      expect(certificate.outputs[0]?.maxDifference).toBeLessThanOrEqual(task === 'regression' ? 75e-5 : 1e-5)
      expect(certificate.labelsDifferent).toBe(0)
      expect(certificate.rows).toBe(held.length)

      const golden = await goldenRows(result.pipeline, signature, dataset.columns, held, graph, toleranceFor(signature, targetSd))
      expect(golden.reasons).toEqual(expect.arrayContaining(['an ordinary row', 'a category that training never saw', 'smallest value', ...(recipe ? [] : ['a missing value'])]))
      expectOnSplits(golden, graph, result.pipeline, signature)
      if (id === 'decision-tree' || id === 'hist-gradient-boosting') expect(golden.reasons).toEqual(expect.arrayContaining([recipe ? expect.stringContaining('a split') : 'exactly on a split']))
      const feeds = encodeRows(signature, golden.rows.length, (row, input) => golden.rows[row]?.[input])
      const served = await answer(session, signature, feeds, golden.rows.length)
      const count = new ParityCount(signature, golden.tolerance)
      const columns = columnsOfCells(signature.inputs, golden.rows)
      count.add(await result.pipeline.predict(columns), served, golden.rows.length)
      expect(count.certificate('golden', runner.runtime)).toMatchObject({ passed: true, labelsDifferent: 0 })
      const inPage = await (await page).open(bytes)
      try {
        // Not none: nobody asks that of a graph, and ONNX Runtime's TopK dies of it.
        for (const size of [1, 7, 1000]) {
          const some = encodeRows(signature, size, (row, input) => golden.rows[row % golden.rows.length]?.[input])
          const [here, there] = [await answer(session, signature, some, size), await answer(inPage, signature, some, size)]
          expect(here.answers.length).toBe(size)
          expect(Array.from(here.answers as ArrayLike<unknown>).slice(0, 7)).toEqual(Array.from(served.answers as ArrayLike<unknown>).slice(0, Math.min(7, size)))
          if (task !== 'regression') expect(there.answers).toEqual(here.answers)
          const numbers = (of: typeof here): ArrayLike<number> => of.probabilities ?? (of.answers as ArrayLike<number>)
          // Float32 sums of other machine code; most are equal to the bit.
          expectAllClose(numbers(there), numbers(here), task === 'regression' ? { relative: 1e-6 } : { absolute: 1e-6 })
        }
      } finally {
        await inPage.close()
      }
      expect(encodeColumns(signature, columns, Array.from({ length: golden.rows.length }, (_, i) => i))).toEqual(feeds)
    } finally {
      await session.close()
    }
  })
})

test.each(Object.entries(otherRecipes))('every estimator behind the other steps: %s', async (_name, recipe) => {
  for (const { id, tasks } of tableEstimators) {
    // Counts cannot be below zero, as scaled numbers are.
    if (id === 'multinomial-nb' && recipe.steps.some(({ params }) => params['method'] === 'robust')) continue
    const { dataset, result, signature, bytes } = await graphOf({ name: '', estimator: id, task: tasks[0] as Task, recipe })
    const session = await runner.open(bytes)
    try {
      const rows = Uint32Array.from([...result.split.valid, ...result.split.test])
      expect(await checkParity(session, result.pipeline, signature, { columns: dataset.columns, rows, part: 'valid' }, { targetSd: 75, runtime: runner.runtime }, nodeContext()), id).toMatchObject({ passed: true, ties: 0 })
    } finally {
      await session.close()
    }
  }
}, 120_000)

test('the signature tells what the columns may hold, and gives hostile names unharmed', async () => {
  const { signature } = await graphOf({ name: '', estimator: 'ridge', task: 'regression' })
  const named = (name: string) => signature.inputs.find((input) => input.name === name)
  expect(signature.inputs.map(({ name }) => name).sort()).toEqual(Object.values(hostileNames).sort())
  expect(named(hostileNames.second)).toMatchObject({ kind: 'numeric', tensor: 'float', integer: true, nullable: true })
  expect(named(hostileNames.date)).toMatchObject({ kind: 'datetime', tensor: 'int64', layout: 'yyyy-MM-ddTHH:mm:ssZ' })
  expect(named(hostileNames.flag)).toMatchObject({ kind: 'boolean', labels: ['false', 'true'] })
  expect(named(hostileNames.category)?.categories).toContain('__proto__')
  const classes = await graphOf({ name: '', estimator: 'logistic-regression', task: 'binary' })
  // A column is called "label", so the output of that name makes room.
  expect(classes.signature.outputs.map(({ name }) => name)).toEqual(['label_', 'probabilities'])
  expect(classes.signature.threshold).toBe(0.35)
})
