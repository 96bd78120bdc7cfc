/** A project with a trained run in the memory store, ready for the deploy tasks. */
import { columnInfo, type Dataset } from '../../src/core/data/dataset.ts'
import type { Task } from '../../src/core/data/target.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import { defaultRecipe } from '../../src/core/recipe/default-recipe.ts'
import { train } from '../../src/core/run/train.ts'
import type { RunSpec } from '../../src/core/run/run-spec.ts'
import type { Run } from '../../src/core/run/run.ts'
import type { ParamValues } from '../../src/core/params.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import type { Host } from '../../src/tasks/task.ts'
import { nodeContext } from './node-context.ts'

export async function deployed(dataset: Dataset, task: Task, estimator: string, params: ParamValues = {}, change: Partial<Run> = {}): Promise<{ readonly host: Host; readonly runId: string; readonly result: Awaited<ReturnType<typeof train>> }> {
  const store = createMemoryStore()
  const context = nodeContext()
  const spec: RunSpec = {
    version: 1,
    projectId: 'p',
    datasetId: 'd',
    target: { column: 'outcome', task },
    split: { strategy: { kind: 'random' }, validShare: 0.3, testShare: 0.2, seed: 1 },
    recipe: defaultRecipe(estimators.get(estimator).tags, dataset.columns.map(columnInfo), 'outcome'),
    estimator: { id: estimator, params },
    seed: 3,
  }
  const result = await train(spec, dataset, context)
  const { split, pipeline } = result
  const run: Run = {
    version: 1,
    id: 'run-1',
    sequence: 1,
    name: 'A run',
    spec,
    dataHash: dataset.id,
    status: 'succeeded',
    createdAt: 0,
    rows: { train: split.train.length, valid: split.valid.length, test: split.test.length, leftOut: 0 },
    history: [],
    facts: {},
    features: [],
    leftOut: pipeline.recipe.leftOut,
    evaluation: result.evaluation,
    environment: { app: 'test', userAgent: 'test', backend: 'js', threads: 1 },
    warnings: [],
    threshold: 0.4,
    testOpenings: 0,
    notes: '',
    ...change,
  }
  await store.write(['datasets', 'chunks', 'runs', 'models', 'splits'], async (tx) => {
    await tx.put('datasets', {
      id: 'd',
      projectId: 'p',
      version: 1,
      name: dataset.name,
      hash: dataset.id,
      state: 'complete',
      rowsCommitted: dataset.rows,
      chunks: 1,
      bytesStored: 0,
      bytesRead: 0,
      source: dataset.source,
      options: { encoding: 'utf-8', delimiter: ',', quote: '"', decimal: '.', header: true, missing: [] },
      columns: dataset.columns.map(columnInfo),
      rejectedCount: 0,
      rejected: [],
      createdAt: 0,
    })
    await tx.put('chunks', {
      datasetId: 'd',
      sequence: 0,
      firstRow: 0,
      rows: dataset.rows,
      columns: dataset.columns.map((column) => ({
        kind: column.kind,
        validity: column.validity,
        values: 'codes' in column ? column.codes : 'seconds' in column ? column.seconds : 'bytes' in column ? column.bytes : column.values,
        ...('offsets' in column ? { offsets: column.offsets } : {}),
        ...('dictionary' in column ? { newCategories: column.dictionary } : {}),
      })),
    })
    await tx.put('runs', { id: run.id, projectId: 'p', run, deletedAt: null })
    await tx.put('models', { runId: run.id, projectId: 'p', version: 1, target: spec.target, classes: pipeline.classes, recipe: pipeline.recipe, model: pipeline.model.state() })
    await tx.put('splits', { runId: run.id, projectId: 'p', train: Uint32Array.from(split.train), valid: split.valid, test: split.test })
  })
  return { host: { store, context, environment: { app: 'test', userAgent: 'test', threads: 1 }, openRunner: async () => nodeRunner() }, runId: run.id, result }
}
