/** A run on handwritten digits as a job for PyTorch, and the way back. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ParamValues } from '../../src/core/params.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import { bytesOf, openZip } from '../../src/core/zip.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import { createProject, takeOver } from '../../src/storage/projects.ts'
import { readRun } from '../../src/storage/runs.ts'
import { elsewhereJob } from '../../src/tasks/elsewhere.ts'
import { modelBringOwn } from '../../src/tasks/model-bring.ts'
import { openRun } from '../../src/tasks/opened-run.ts'
import { picturesAdd } from '../../src/tasks/pictures-add.ts'
import { picturesCommit } from '../../src/tasks/pictures-commit.ts'
import type { Host } from '../../src/tasks/task.ts'
import { train } from '../../src/tasks/train.ts'
import { digits } from '../support/digits.ts'
import { nodeContext } from '../support/node-context.ts'
import { openPng } from '../support/open-png.ts'
import { png } from '../support/pictures.ts'
import { pixelsOnly, stripesSpec } from '../support/stripes.ts'

export async function makePicturesJob(folder: string, count: number, params: ParamValues) {
  const [drawn] = digits(1, count)
  if (!drawn) throw new Error('no digits')
  const values = drawn.X.features[0]?.values as Float32Array
  const files = Array.from({ length: count }, (_, row) => {
    const level = (x: number, y: number): number => Math.round((values[row * 784 + y * 28 + x] as number) * 255)
    return { path: `digits/${drawn.y.codes[row]}/${row}.png`, file: new Blob([png(28, 28, (x, y) => [level(x, y), level(x, y), level(x, y)])]) }
  })
  const store = createMemoryStore()
  const host: Host = { store, context: nodeContext(), environment: { app: 'bench', userAgent: 'node', threads: 1 }, openPicture: openPng, openRunner: async () => nodeRunner() }
  const project = (await createProject(store, 'Digits')).id
  const token = await takeOver(store, project)
  await picturesAdd({ projectId: project, token, files, source: 'file' }, host)
  const { datasetId } = await picturesCommit({ projectId: project, token, name: 'Digits' }, host)
  const spec = { ...stripesSpec({ project, datasetId: datasetId as string }, pixelsOnly({ size: 28, colour: 'grey' }), { id: 'cnn', params }), split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 1 } as const }
  const begun = performance.now()
  await train({ runId: 'own', token, spec }, host)
  const seconds = (performance.now() - begun) / 1000
  const reader = await openZip(bytesOf((await elsewhereJob({ runId: 'own' }, host)).zip))
  for (const name of reader.names) writeFileSync(join(folder, name), await reader.read(name))
  const judged = async (runId: string) => {
    const run = await readRun(store, runId)
    const { pipeline, dataset, rowsOf, predictionsOn } = await openRun(host, runId)
    const prediction = await predictionsOn('valid')
    if (prediction.task === 'regression') throw new Error('classes were asked for')
    const scores = new Map(run.evaluation?.scores.map(({ metric, value }) => [metric, value as number]))
    return { accuracy: scores.get('accuracy') as number, logLoss: scores.get('log-loss') as number, probabilities: prediction.probabilities, pixels: pipeline.features(dataset.columns, rowsOf('valid')).features[0]?.values as Float32Array, facts: run.facts }
  }
  return {
    own: { ...(await judged('own')), seconds },
    /** The answer of the job as a run of this project. */
    async bring(text: string) {
      await modelBringOwn({ runId: 'back', token, question: spec, file: new File([text], 'result.json') }, host)
      return judged('back')
    },
  }
}
