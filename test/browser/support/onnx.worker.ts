/** Trains a tree on the rich table, exports it and holds ONNX Runtime Web's answers against the studio's. */
import onnxruntime from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import { goldenProblem } from '../../../src/core/bundle/compare-golden.ts'
import { encodeRows } from '../../../src/core/bundle/encode.ts'
import { goldenRows } from '../../../src/core/bundle/golden.ts'
import { signatureOf } from '../../../src/core/bundle/signature-of.ts'
import { quietContext } from '../../../src/core/context.ts'
import { columnInfo } from '../../../src/core/data/dataset.ts'
import type { Task } from '../../../src/core/data/target.ts'
import { decisionTree } from '../../../src/core/estimators/decision-tree.ts'
import { checkParity, toleranceFor } from '../../../src/core/onnx/parity.ts'
import type { ParityCertificate } from '../../../src/core/onnx/parity.ts'
import { pipelineToOnnx } from '../../../src/core/onnx/pipeline.ts'
import { encodeOnnx } from '../../../src/core/onnx/proto.ts'
import { answer } from '../../../src/core/onnx/runner.ts'
import { webRunner } from '../../../src/core/onnx/runner-web.ts'
import { defaultRecipe } from '../../../src/core/recipe/default-recipe.ts'
import { train } from '../../../src/core/run/train.ts'
import { richDataset } from '../../support/rich-data.ts'

export type WorkerAnswer = { readonly failure: string } | { readonly certificate: ParityCertificate; readonly goldenRows: number; readonly goldenProblem: string | null }

async function work(task: Task): Promise<WorkerAnswer> {
  const dataset = richDataset(task)
  const context = quietContext({ assetUrl: () => new URL(onnxruntime, location.href).href })
  const { pipeline, split } = await train(
    {
      version: 1,
      projectId: 'p',
      datasetId: dataset.id,
      target: { column: 'outcome', task },
      split: { strategy: { kind: 'random' }, validShare: 0.3, testShare: 0.2, seed: 1 },
      recipe: defaultRecipe(decisionTree.tags, dataset.columns.map(columnInfo), 'outcome'),
      estimator: { id: 'decision-tree', params: {} },
      seed: 3,
    },
    dataset,
    context,
  )
  const signature = await signatureOf(pipeline, dataset.columns, split.train, { name: 'web', threshold: 0.35 })
  const graph = pipelineToOnnx(pipeline, signature)
  // The sd of this target is about 75.
  const targetSd = task === 'regression' ? 75 : 0
  const golden = await goldenRows(pipeline, signature, dataset.columns, split.valid, graph, toleranceFor(signature, targetSd))
  const runner = await webRunner(context)
  const session = await runner.open(encodeOnnx(graph))
  const certificate = await checkParity(session, pipeline, signature, { columns: dataset.columns, rows: split.valid, part: 'valid' }, { targetSd, runtime: runner.runtime }, context)
  const feeds = encodeRows(signature, golden.rows.length, (row, input) => golden.rows[row]?.[input])
  const problem = goldenProblem(signature, golden, await answer(session, signature, feeds, golden.rows.length))
  await session.close()
  return { certificate, goldenRows: golden.rows.length, goldenProblem: problem ?? null }
}

self.onmessage = ({ data }: MessageEvent<Task>) => {
  work(data).then(
    (done) => self.postMessage(done),
    (error: unknown) => self.postMessage({ failure: error instanceof Error ? `${error.message} ${error.stack}` : String(error) } satisfies WorkerAnswer),
  )
}
