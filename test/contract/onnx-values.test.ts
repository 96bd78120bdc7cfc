/**
 * Targets that float32 cannot hold to the tolerance: years (mean 2000, sd 1: one part in 10^8), and ids of a
 * billion; and targets of millionths, whose tolerance is as much smaller. Every regressor's graph must still pass parity, so that no honest export is refused.
 */
import { beforeEach, describe, expect, test } from 'vitest'
import { signatureOf } from '../../src/core/bundle/signature-of.ts'
import { columnFrom } from '../../src/core/data/column.ts'
import { columnInfo, type Dataset } from '../../src/core/data/dataset.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { createRng } from '../../src/core/math/rng.ts'
import { checkParity } from '../../src/core/onnx/parity.ts'
import { pipelineToOnnx } from '../../src/core/onnx/pipeline.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import { defaultRecipe } from '../../src/core/recipe/default-recipe.ts'
import { train } from '../../src/core/run/train.ts'
import { expectConsole } from '../support/fail-on-console.ts'
import { nodeContext } from '../support/node-context.ts'
import { quickParams } from '../support/onnx-cases.ts'

const runner = nodeRunner()

/** Standard deviation about 1 around `mean`, in this unit; one feature is itself a year. */
function years(mean: number, unit: number, rows = 400): Dataset {
  const rng = createRng(11)
  const x = Array.from({ length: rows }, () => rng.normal())
  const built = Array.from({ length: rows }, () => 1950 + rng.int(70))
  const place = Array.from({ length: rows }, () => ['hill', 'shore', 'town'][rng.int(3)] as string)
  const target = x.map((value, row) => unit * (mean + 0.8 * value + (place[row] === 'hill' ? 0.5 : 0) + (built[row] as number) / 100 - 20 + 0.1 * rng.normal()))
  const columns = [columnFrom('x', 'numeric', x), columnFrom('built', 'numeric', built), columnFrom('place', 'categorical', place), columnFrom('outcome', 'numeric', target)]
  return { id: `years-${mean}`, name: 'years', rows, columns, source: { kind: 'derived', fileName: 'years', bytes: 0, sha256: '0'.repeat(64) } }
}

// What tfjs says when it wakes up in Node.
beforeEach(() => expectConsole(/TensorFlow\.js in Node|Platform node has already been set/))

describe.each([[2000, 1, 1e-5], [1e9, 1, 1e-5], [2, 1e-6, 1e-11]])('a target of mean %d and sd 1, in units of %d', (mean, unit, tolerance) => {
  const regressors = estimators.all.filter(({ tasks }) => tasks.includes('regression'))
  test.each(regressors.map(({ id }) => id))('%s passes parity', async (id) => {
    const dataset = years(mean, unit)
    const { pipeline, split } = await train(
      {
        version: 1,
        projectId: 'p',
        datasetId: dataset.id,
        target: { column: 'outcome', task: 'regression' },
        split: { strategy: { kind: 'random' }, validShare: 0.3, testShare: 0.1, seed: 1 },
        recipe: defaultRecipe(estimators.get(id).tags, dataset.columns.map(columnInfo), 'outcome'),
        estimator: { id, params: quickParams[id] ?? {} },
        seed: 3,
      },
      dataset,
      nodeContext(),
    )
    const signature = await signatureOf(pipeline, dataset.columns, split.train, { name: 'years', threshold: 0.5 })
    const session = await runner.open(encodeOnnx(pipelineToOnnx(pipeline, signature)))
    try {
      const certificate = await checkParity(session, pipeline, signature, { columns: dataset.columns, rows: split.valid, part: 'valid' }, { targetSd: unit, runtime: runner.runtime }, nodeContext())
      expect(certificate).toMatchObject({ passed: true, rows: split.valid.length, outputs: [{ output: 'value', tolerance: expect.closeTo(tolerance, 13) }] })
    } finally {
      await session.close()
    }
  })
})
