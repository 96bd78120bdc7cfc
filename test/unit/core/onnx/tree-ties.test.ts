/** Of a model of trees a label that differs is a difference, however near the probabilities are; of others it may be a tie. */
import { expect, test } from 'vitest'
import { goldenProblem } from '../../../../src/core/bundle/compare-golden.ts'
import type { GoldenRows } from '../../../../src/core/bundle/golden.ts'
import { encodeColumns } from '../../../../src/core/bundle/encode.ts'
import { signatureOf } from '../../../../src/core/bundle/signature-of.ts'
import type { Signature } from '../../../../src/core/bundle/signature.ts'
import { columnFrom } from '../../../../src/core/data/column.ts'
import { columnInfo, type Dataset } from '../../../../src/core/data/dataset.ts'
import { estimators } from '../../../../src/core/estimators/registry.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { checkParity } from '../../../../src/core/onnx/parity.ts'
import { pipelineToOnnx } from '../../../../src/core/onnx/pipeline.ts'
import { encodeOnnx } from '../../../../src/core/onnx/proto.ts'
import { nodeRunner } from '../../../../src/core/onnx/runner-node.ts'
import { answer } from '../../../../src/core/onnx/runner.ts'
import type { OnnxSession } from '../../../../src/core/onnx/runner.ts'
import { defaultRecipe } from '../../../../src/core/recipe/default-recipe.ts'
import { train } from '../../../../src/core/run/train.ts'
import { nodeContext } from '../../../support/node-context.ts'

/** Three columns of three values and a class of chance: cells hold few rows each, so that equal probabilities are common. */
function grid(classes: readonly string[], rows: number): Dataset {
  const rng = createRng(11)
  const column = (name: string) => columnFrom(name, 'numeric', Array.from({ length: rows }, () => rng.int(3)))
  const columns = [column('a'), column('b'), column('c'), columnFrom('outcome', 'categorical', Array.from({ length: rows }, () => classes[rng.int(classes.length)] as string))]
  return { id: `grid-${classes.length}`, name: 'grid', rows, columns, source: { kind: 'derived', fileName: 'grid', bytes: 0, sha256: '0'.repeat(64) } }
}
async function trained(estimator: string, params: Record<string, number>, classes: readonly string[], onThreshold = false) {
  const dataset = grid(classes, 400)
  const { pipeline, split } = await train(
    { version: 1, projectId: 'p', datasetId: dataset.id, target: { column: 'outcome', task: classes.length === 2 ? 'binary' : 'multiclass' }, split: { strategy: { kind: 'random' }, validShare: 0.5, testShare: 0.1, seed: 1 }, recipe: defaultRecipe(estimators.get(estimator).tags, dataset.columns.map(columnInfo), 'outcome'), estimator: { id: estimator, params }, seed: 3 },
    dataset,
    nodeContext(),
  )
  // A threshold that the first row asked lies on.
  const first = await pipeline.predict(dataset.columns, split.valid.subarray(0, 1))
  const threshold = onThreshold && first.task !== 'regression' ? (first.probabilities[1] as number) : 0.5
  const signature = await signatureOf(pipeline, dataset.columns, split.train, { name: 'grid', threshold })
  const session = await nodeRunner().open(encodeOnnx(pipelineToOnnx(pipeline, signature)))
  const rowsOf = { columns: dataset.columns, rows: split.valid, part: 'valid' }
  /** Of the first rows: whether the graph gives each the positive class where its own probability is the threshold. */
  const reachedBy = async (rows: number): Promise<boolean[]> => {
    const own = await pipeline.predict(dataset.columns, split.valid.subarray(0, rows))
    if (own.task === 'regression') throw new Error('classes were asked for')
    const reached: boolean[] = []
    for (let row = 0; row < rows; row++) {
      const at = { ...signature, threshold: own.probabilities[2 * row + 1] as number }
      const asked = await nodeRunner().open(encodeOnnx(pipelineToOnnx(pipeline, at)))
      const { answers } = await answer(asked, at, encodeColumns(at, dataset.columns, split.valid.subarray(row, row + 1)), 1)
      reached.push(answers[0] === pipeline.classes[1])
      await asked.close()
    }
    return reached
  }
  const parity = (asked: OnnxSession = session) => checkParity(asked, pipeline, signature, rowsOf, { targetSd: 0, runtime: '' }, nodeContext())
  return { signature, session, parity, reachedBy }
}
const kinds = ['decision-tree', 'random-forest', 'extra-trees', 'hist-gradient-boosting']

test.each(kinds.flatMap((id) => [2, 3].map((k) => [id, k] as const)))('%s gives the same of %i classes where probabilities are equal', async (id, k) => {
  const { session, parity } = await trained(id, id === 'hist-gradient-boosting' ? { maxIter: 5 } : { maxDepth: 3, ...(id === 'decision-tree' ? {} : { nEstimators: 7 }) }, ['x', 'y', 'z'].slice(0, k))
  expect(await parity()).toMatchObject({ passed: true, ties: 0, labelsDifferent: 0 })
  await session.close()
})

test.each(kinds)('%s: a threshold on the probability of a row is reached by that row', async (id) => {
  const { session, reachedBy } = await trained(id, id === 'decision-tree' ? { maxDepth: 5 } : { [id === 'hist-gradient-boosting' ? 'maxIter' : 'nEstimators']: 30, ...(id === 'hist-gradient-boosting' ? {} : { maxDepth: 4 }) }, ['x', 'y'])
  expect(await reachedBy(16)).toEqual(new Array(16).fill(true))
  await session.close()
})

test.each([...kinds, 'logistic-regression'])('%s: a label that another graph gives a tie', async (id) => {
  const { signature, session, parity } = await trained(id, {}, ['x', 'y'], true)
  const label = signature.outputs[0]?.name as string
  // The same probabilities, and the other class for the first row.
  const other: OnnxSession = {
    ...session,
    async run(feeds, rows) {
      const given = await session.run(feeds, rows)
      const [first, ...rest] = Array.from(given.get(label) as readonly string[])
      return new Map([...given, [label, [first === 'x' ? 'y' : 'x', ...rest]]])
    },
  }
  expect(await parity()).toMatchObject({ passed: true, labelsDifferent: 0 })
  expect(await parity(other)).toMatchObject(id === 'logistic-regression' ? { passed: true, ties: 1, labelsDifferent: 0 } : { passed: false, ties: 0, labelsDifferent: 1 })
  await session.close()
})

test('golden rows of trees hold their ties to the label', () => {
  const signature = { task: 'binary', classes: ['x', 'y'], threshold: 0.5 } as unknown as Signature
  const golden: GoldenRows = { version: 1, columns: [], rows: [[]], reasons: ['a tie'], expected: { labels: ['y'], probabilities: [[0.5, 0.5]] }, tolerance: 1e-5 }
  const given = { answers: ['x'], probabilities: [0.5, 0.5] }
  expect(goldenProblem(signature, golden, given)).toBeUndefined()
  expect(goldenProblem(signature, { ...golden, tiesFail: true }, given)).toBe('golden row 1 (a tie): expected "y", received "x"')
})
