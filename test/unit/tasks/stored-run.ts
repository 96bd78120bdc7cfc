/** A store with one project, one dataset and one finished run: what evaluate and explain tasks start from. */
import { quietContext } from '../../../src/core/context.ts'
import { columnFrom } from '../../../src/core/data/column.ts'
import type { Cell } from '../../../src/core/data/column.ts'
import { columnInfo } from '../../../src/core/data/dataset.ts'
import type { Dataset } from '../../../src/core/data/dataset.ts'
import type { Task } from '../../../src/core/data/target.ts'
import { estimators } from '../../../src/core/estimators/registry.ts'
import { createRng } from '../../../src/core/math/rng.ts'
import { defaultRecipe } from '../../../src/core/recipe/default-recipe.ts'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import { train } from '../../../src/core/run/train.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import type { Store } from '../../../src/storage/port.ts'
import { createProject } from '../../../src/storage/projects.ts'
import { createRun, finishRun } from '../../../src/storage/runs.ts'
import { saveDataset } from '../../../src/storage/save-dataset.ts'
import type { Host } from '../../../src/tasks/task.ts'

const rows = 400

export function people(): Dataset {
  const rng = createRng(3)
  const cells = (of: (row: number) => Cell): Cell[] => Array.from({ length: rows }, (_, row) => of(row))
  const age = cells((row) => (row % 25 === 24 ? null : 18 + rng.int(60)))
  const town = cells(() => ['Ulm', '<b>Bonn</b>', '__proto__'][rng.int(3)] as string)
  const owns = cells(() => rng.int(2) === 1)
  const seen = cells((row) => 1_600_000_000 + row * 86_400)
  const score = cells((row) => Number(age[row] ?? 40) / 20 + (town[row] === 'Ulm' ? 1.5 : 0) + (owns[row] === true ? 1 : 0) + rng.normal() * 0.7)
  return {
    id: 'people',
    name: 'people',
    rows,
    columns: [
      columnFrom('age', 'numeric', age),
      columnFrom('town', 'categorical', town),
      columnFrom('owns', 'boolean', owns),
      columnFrom('seen', 'datetime', seen),
      columnFrom('note', 'text', cells((row) => `note ${row}`)),
      columnFrom('buys', 'categorical', score.map((value) => (Number(value) > 3.2 ? 'yes' : 'no'))),
      columnFrom('spends', 'numeric', score),
    ],
    source: { kind: 'paste', fileName: 'people.csv', bytes: 1, sha256: 'a'.repeat(64) },
  }
}

export interface StoredRun {
  readonly store: Store
  readonly host: Host
  readonly runId: string
  readonly token: number
  readonly spec: RunSpec
}

export async function storedRun(task: Task, estimatorId: string): Promise<StoredRun> {
  const store = createMemoryStore()
  const dataset = people()
  const project = await createProject(store, 'test')
  const target = task === 'regression' ? 'spends' : 'buys'
  const profile = { version: 1 as const, rows, duplicateRows: 0, columns: [] }
  const record = await saveDataset(store, dataset, { projectId: project.id, token: project.token, profile })
  const estimator = estimators.get(estimatorId)
  const infos = dataset.columns.map(columnInfo)
  const recipe = { ...defaultRecipe(estimator.tags, infos, target), excluded: [target === 'buys' ? 'spends' : 'buys'] }
  const spec: RunSpec = {
    version: 1,
    projectId: project.id,
    datasetId: record.id,
    target: { column: target, task, ...(task === 'binary' ? { positive: 'yes' } : {}) },
    split: { strategy: { kind: 'random' }, validShare: 0.25, testShare: 0.25, seed: 1 },
    recipe,
    estimator: { id: estimatorId, params: {} },
    seed: 5,
  }
  const context = quietContext()
  const run = await createRun(store, { spec, token: project.token, dataHash: record.hash, environment: { app: '0', userAgent: 'test', backend: 'cpu', threads: 1 } })
  const result = await train(spec, dataset, context)
  await finishRun(
    store,
    run.id,
    project.token,
    { evaluation: result.evaluation, threshold: result.threshold },
    {
      model: { target: spec.target, classes: result.pipeline.classes, recipe: result.pipeline.recipe, model: result.pipeline.model.state() },
      split: { train: result.split.train, valid: result.split.valid, test: result.split.test },
      predictions: [{ part: 'valid', rows: result.split.valid, values: result.prediction.task === 'regression' ? result.prediction.values : result.prediction.probabilities }],
    },
  )
  return { store, host: { store, context, environment: { app: '0', userAgent: 'test', threads: 1 } }, runId: run.id, token: project.token, spec }
}
