/** A project of places and sizes, and an ONNX file of another tool brought in as a run of it. */
import { quietContext } from '../../../src/core/context.ts'
import { columnFrom } from '../../../src/core/data/column.ts'
import { nodeRunner } from '../../../src/core/onnx/runner-node.ts'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import { createMemoryStore } from '../../../src/storage/memory-store.ts'
import { createProject } from '../../../src/storage/projects.ts'
import { saveDataset } from '../../../src/storage/save-dataset.ts'
import { modelBring } from '../../../src/tasks/model-bring.ts'
import type { Host } from '../../../src/tasks/task.ts'
import foreign from '../../golden/foreign.json' with { type: 'json' }
import type { StoredRun } from './stored-run.ts'

export const places = ['hill', 'shore', 'town']
export const sizeOf = (row: number): number => ((row * 37) % 101) / 25 - 2
export const answerOf = (row: number): string => (sizeOf(row) > 0 !== (row % 3 === 1) ? 'yes' : 'no')
export const every = Array.from({ length: 240 }, (_, row) => row)

export async function broughtRun(): Promise<StoredRun> {
  const given = foreign.cases.find(({ name }) => name.startsWith('a pipeline with one input a column'))
  const store = createMemoryStore()
  const host: Host = { store, context: quietContext(), environment: { app: '0', userAgent: 'test', threads: 1 }, openRunner: async () => nodeRunner() }
  const { id, token } = await createProject(store, 'shore')
  const columns = [columnFrom('place', 'categorical', every.map((row) => places[row % 3] as string)), columnFrom('size', 'numeric', every.map(sizeOf)), columnFrom('answer', 'categorical', every.map(answerOf))]
  const dataset = { id: 'shore', name: 'shore', rows: every.length, columns, source: { kind: 'paste' as const, fileName: 'shore.csv', bytes: 1, sha256: 'b'.repeat(64) } }
  const record = await saveDataset(store, dataset, { projectId: id, token, profile: { version: 1, rows: every.length, duplicateRows: 0, columns: [] } })
  const spec: RunSpec = { version: 1, projectId: id, datasetId: record.id, target: { column: 'answer', task: 'binary', positive: 'yes' }, split: { strategy: { kind: 'random' }, validShare: 0.3, testShare: 0.1, seed: 1 }, recipe: { version: 1, steps: [], excluded: [] }, estimator: { id: 'onnx-model', params: {} }, seed: 1 }
  const file = new File([Buffer.from(given?.onnx ?? '', 'base64')], 'pipeline.onnx')
  await modelBring({ runId: 'brought', token, spec, file, mapping: { fileName: 'pipeline.onnx', columns: ['place', 'size'], classes: given?.classes ?? [] } }, host)
  return { store, host, runId: 'brought', token, spec }
}
