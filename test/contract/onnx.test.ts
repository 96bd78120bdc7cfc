/** Every estimator behind its default recipe: ONNX Runtime answers as the studio does, odd rows included. */
import { beforeEach, describe, expect, test } from 'vitest'
import { columnsOfCells, goldenRows } from '../../src/core/bundle/golden.ts'
import { encodeColumns, encodeRows } from '../../src/core/bundle/encode.ts'
import { signatureOf } from '../../src/core/bundle/signature-of.ts'
import { columnInfo } from '../../src/core/data/dataset.ts'
import { tasks } from '../../src/core/data/target.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { checkParity, ParityCount, toleranceFor } from '../../src/core/onnx/parity.ts'
import { pipelineToOnnx } from '../../src/core/onnx/pipeline.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { answer } from '../../src/core/onnx/runner.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import { defaultRecipe } from '../../src/core/recipe/default-recipe.ts'
import { train } from '../../src/core/run/train.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'
import { hostileNames, richDataset } from '../support/rich-data.ts'

const small: Readonly<Record<string, Readonly<Record<string, number | string | boolean>>>> = { 'hist-gradient-boosting': { maxIter: 8 }, mlp: { maxIter: 3, hiddenLayerSizes: '8', backend: 'cpu' } }
const runner = nodeRunner()

async function exported(id: string, task: (typeof tasks)[number]) {
  const estimator = estimators.get(id)
  const dataset = richDataset(task)
  const recipe = defaultRecipe(estimator.tags, dataset.columns.map(columnInfo), 'outcome')
  const params = Object.fromEntries(Object.entries(small[id] ?? {}).filter(([name]) => name in estimator.params))
  const context = nodeContext()
  const result = await train(
    {
      version: 1,
      projectId: 'p',
      datasetId: dataset.id,
      target: { column: 'outcome', task },
      split: { strategy: { kind: 'random' }, validShare: 0.3, testShare: 0.2, seed: 1 },
      recipe,
      estimator: { id, params },
      seed: 3,
    },
    dataset,
    context,
  )
  const signature = await signatureOf(result.pipeline, dataset.columns, result.split.train, { name: 'rich', threshold: 0.35 })
  const graph = pipelineToOnnx(result.pipeline, signature)
  return { dataset, result, signature, graph, context, bytes: encodeOnnx(graph) }
}

// What tfjs says when it wakes up in Node.
beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

describe.each(estimators.all.map(({ id }) => id))('%s', (id) => {
  test.each(estimators.get(id).tasks)('%s: the graph equals the studio', async (task) => {
    const { dataset, result, signature, graph, context, bytes } = await exported(id, task)
    const session = await runner.open(bytes)
    try {
      const targetSd = task === 'regression' ? 100 : 0
      const held = Uint32Array.from([...result.split.valid, ...result.split.test])
      const certificate = await checkParity(session, result.pipeline, signature, { columns: dataset.columns, rows: held, part: 'valid' }, { targetSd: 0, runtime: runner.runtime }, context)
      // The tolerance for values is 1e-5 x max(1, sd); the sd of this target is about 75.
      expect(certificate.outputs[0]?.maxDifference).toBeLessThanOrEqual(task === 'regression' ? 75e-5 : 1e-5)
      expect(certificate.labelsDifferent).toBe(0)
      expect(certificate.rows).toBe(held.length)

      const golden = await goldenRows(result.pipeline, signature, dataset.columns, held, graph, toleranceFor(signature, targetSd))
      expect(golden.reasons).toEqual(expect.arrayContaining(['an ordinary row', 'a category that training never saw', 'a missing value', 'smallest value']))
      if (id === 'decision-tree' || id === 'hist-gradient-boosting') expect(golden.reasons).toContain('exactly on a split')
      const feeds = encodeRows(signature, golden.rows.length, (row, input) => golden.rows[row]?.[input])
      const served = await answer(session, signature, feeds, golden.rows.length)
      const count = new ParityCount(signature, golden.tolerance)
      const columns = columnsOfCells(signature.inputs, golden.rows)
      count.add(await result.pipeline.predict(columns), served, golden.rows.length)
      expect(count.certificate('golden', runner.runtime)).toMatchObject({ passed: true, labelsDifferent: 0 })
      expect(encodeColumns(signature, columns, Array.from({ length: golden.rows.length }, (_, i) => i))).toEqual(feeds)
    } finally {
      await session.close()
    }
  })
})

test('the signature tells what the columns may hold, and gives hostile names unharmed', async () => {
  const { signature } = await exported('ridge', 'regression')
  const named = (name: string) => signature.inputs.find((input) => input.name === name)
  expect(signature.inputs.map(({ name }) => name).sort()).toEqual(Object.values(hostileNames).sort())
  expect(named(hostileNames.second)).toMatchObject({ kind: 'numeric', tensor: 'float', integer: true, nullable: true })
  expect(named(hostileNames.date)).toMatchObject({ kind: 'datetime', tensor: 'int64', layout: 'yyyy-MM-ddTHH:mm:ssZ' })
  expect(named(hostileNames.flag)).toMatchObject({ kind: 'boolean', labels: ['false', 'true'] })
  expect(named(hostileNames.category)?.categories).toContain('__proto__')
  const classes = await exported('logistic', 'binary')
  // A column is called "label", so the output of that name makes room.
  expect(classes.signature.outputs.map(({ name }) => name)).toEqual(['label_', 'probabilities'])
  expect(classes.signature.threshold).toBe(0.35)
})
