/** A task host over a memory store, with a sample already ingested: the whole chain without a browser. */
import { readFileSync } from 'node:fs'
import type { ColumnInfo } from '../../src/core/data/dataset.ts'
import type { TargetSpec } from '../../src/core/data/target.ts'
import { bytesSource } from '../../src/core/ingest/source.ts'
import type { IngestChoices } from '../../src/core/ingest/options.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import type { ParamValues } from '../../src/core/params.ts'
import { defaultRecipe } from '../../src/core/recipe/default-recipe.ts'
import type { RunSpec } from '../../src/core/run/run-spec.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import { createProject, takeOver } from '../../src/storage/projects.ts'
import type { Store } from '../../src/storage/port.ts'
import { commitSource } from '../../src/tasks/ingest-commit.ts'
import type { Host } from '../../src/tasks/task.ts'
import { nodeContext } from './node-context.ts'

export interface Opened {
  readonly host: Host
  readonly projectId: string
  readonly token: number
  readonly datasetId: string
  readonly columns: readonly ColumnInfo[]
  readonly rows: number
}

export async function ingestText(csv: string | Uint8Array, choices: IngestChoices = {}, store: Store = createMemoryStore()): Promise<Opened> {
  const host: Host = { store, context: nodeContext(), environment: { app: 'test', userAgent: 'node', threads: 1 } }
  const { id: projectId } = await createProject(store, 'Test')
  const token = await takeOver(store, projectId)
  const bytes = typeof csv === 'string' ? new TextEncoder().encode(csv) : csv
  const record = await commitSource({ bytes: bytesSource(bytes), kind: 'file', fileName: 'data.csv' }, { projectId, token, name: 'data', choices }, host)
  return { host, projectId, token, datasetId: record.id, columns: record.columns, rows: record.rowsCommitted }
}
export const ingestSample = (file: string, choices: IngestChoices = {}): Promise<Opened> => ingestText(readFileSync(`public/samples/${file}`), choices)

/** The spec that the studio would propose: default recipe, stratified for classes, 60/20/20. */
export function specFor(opened: Opened, target: TargetSpec, estimator: string, params: ParamValues = {}, seed = 1): RunSpec {
  return {
    version: 1,
    projectId: opened.projectId,
    datasetId: opened.datasetId,
    target,
    split: { strategy: target.task === 'regression' ? { kind: 'random' } : { kind: 'stratified', column: target.column }, validShare: 0.2, testShare: 0.2, seed: 7 },
    recipe: defaultRecipe(estimators.get(estimator).tags, opened.columns, target.column),
    estimator: { id: estimator, params },
    seed,
  }
}
