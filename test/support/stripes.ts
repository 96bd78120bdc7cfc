/** A project of pictures: stripes one way, the other way, and rings, in a wide and an upright form; hard enough that some are mistaken. */
import { createRng } from '../../src/core/math/rng.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import type { RecipeSpec } from '../../src/core/recipe/step.ts'
import type { RunSpec } from '../../src/core/run/run-spec.ts'
import type { ParamValues } from '../../src/core/params.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import { createProject, savePlan, takeOver } from '../../src/storage/projects.ts'
import { picturesAdd } from '../../src/tasks/pictures-add.ts'
import { picturesCommit } from '../../src/tasks/pictures-commit.ts'
import type { Host } from '../../src/tasks/task.ts'
import { nodeContext } from './node-context.ts'
import { openPng } from './open-png.ts'
import { png } from './pictures.ts'

/** @param copied with one picture twice */
export async function stripes(copied = false) {
  const store = createMemoryStore()
  const host: Host = { store, context: nodeContext(), environment: { app: 'test', userAgent: 'node', threads: 1 }, openPicture: openPng, openRunner: async () => nodeRunner() }
  const project = (await createProject(store, 'Stripes')).id
  const token = await takeOver(store, project)
  const kinds = ['across', 'down', 'rings'] as const
  await savePlan(store, project, token, { datasetId: null, target: null, split: null, recipe: null, pictures: { classes: [...kinds] } })
  const files = kinds.flatMap((kind, k) =>
    Array.from({ length: 12 }, (_, i): readonly [string, Uint8Array<ArrayBuffer>] => {
      const noise = createRng(100 * k + i)
      const at = (x: number, y: number): number => (kind === 'across' ? y : kind === 'down' ? x : Math.hypot(x - 30, y - 20)) + noise.normal() * (2 + (i % 4))
      return [`${kind}-${i}.png`, png(i % 2 ? 60 : 34, i % 2 ? 34 : 60, (x, y) => (Math.floor(at(x, y) / (5 + (i % 3))) % 2 === 0 ? [230, 240 - 9 * i, 40] : [20 + 9 * i, 30, 90]))]
    }),
  )
  if (copied) files.push(['across-0-again.png', files[0]?.[1] as Uint8Array<ArrayBuffer>])
  await picturesAdd({ projectId: project, token, files: files.map(([path, bytes]) => ({ path: `${path.split('-')[0]}/${path}`, file: new Blob([bytes]) })), source: 'file' }, host)
  const { datasetId } = await picturesCommit({ projectId: project, token, name: 'Stripes' }, host)
  return { host, project, token, datasetId: datasetId as string, files }
}

/** The recipe that makes pixels of the pictures and nothing else. */
export const pixelsOnly = (params: ParamValues): RecipeSpec => ({ version: 1, excluded: ['file', 'copies'], steps: [{ id: 'p', step: 'image-pixels', columns: { by: 'name', names: ['image'] }, params }] })

export const stripesSpec = ({ project, datasetId }: { readonly project: string; readonly datasetId: string }, recipe: RecipeSpec, estimator: RunSpec['estimator'], strategy: RunSpec['split']['strategy'] = { kind: 'random' }): RunSpec => ({
  version: 1,
  projectId: project,
  datasetId,
  target: { column: 'label', task: 'multiclass' },
  split: { strategy, validShare: 0.4, testShare: 0.1, seed: 2 },
  recipe,
  estimator,
  seed: 1,
})

/** Every sort of layer, and an even kernel. */
export const everyLayer = JSON.stringify([
  { type: 'conv', filters: 6, size: 4, activation: 'none' },
  { type: 'batch-norm' },
  { type: 'max-pool' },
  { type: 'depthwise', size: 3, activation: 'tanh' },
  { type: 'dropout', rate: 0.2 },
  { type: 'conv', filters: 9, size: 3, padding: 'valid' },
  { type: 'average-pool' },
  { type: 'dense', units: 10, activation: 'logistic' },
  { type: 'dropout', rate: 0.1 },
])
