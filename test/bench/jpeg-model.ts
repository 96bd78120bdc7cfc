/** A head on the pretrained network, trained as the page trains it, and asked twice: as the studio, and as the bundle's server. */
import { askPicture } from '../../src/core/bundle/graph-answers.ts'
import type { PictureAnswer } from '../../src/core/bundle/predict-pictures.ts'
import { defaultSplit } from '../../src/core/data/default-split.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import type { Pixels } from '../../src/core/images/luma.ts'
import { nodeRunner } from '../../src/core/onnx/runner-node.ts'
import { defaultRecipe } from '../../src/core/recipe/default-recipe.ts'
import { bytesOf } from '../../src/core/zip.ts'
import { openBundleZip } from '../../src/export/open-bundle.ts'
import { decodePicture } from '../../src/export/server/picture.ts'
import { datasetRecord } from '../../src/storage/datasets.ts'
import { createMemoryStore } from '../../src/storage/memory-store.ts'
import { createProject, takeOver } from '../../src/storage/projects.ts'
import { deployExport } from '../../src/tasks/deploy-export.ts'
import type { OpenPicture } from '../../src/tasks/open-picture.ts'
import { openPictureModel } from '../../src/tasks/picture-model.ts'
import { picturesAdd } from '../../src/tasks/pictures-add.ts'
import { picturesCommit } from '../../src/tasks/pictures-commit.ts'
import type { Host } from '../../src/tasks/task.ts'
import { train } from '../../src/tasks/train.ts'
import { nodeContext } from '../support/node-context.ts'

export interface Sample {
  readonly path: string
  readonly bytes: Uint8Array<ArrayBuffer>
}
export interface AskedTwice {
  readonly studio: (pixels: Pixels) => Promise<PictureAnswer>
  readonly server: (bytes: Uint8Array<ArrayBuffer>) => Promise<PictureAnswer>
  close(): Promise<void>
}

/** @param open the studio's decoder: a browser's */
export async function makeModel(samples: readonly Sample[], open: OpenPicture): Promise<AskedTwice> {
  const store = createMemoryStore()
  const host: Host = { store, context: nodeContext(), environment: { app: 'bench', userAgent: 'node', threads: 1 }, openPicture: open, openRunner: async () => nodeRunner() }
  const { id: projectId } = await createProject(store, 'jpeg')
  const token = await takeOver(store, projectId)
  await picturesAdd({ projectId, token, files: samples.map(({ path, bytes }) => ({ path, file: new Blob([bytes]) })), source: 'file' }, host)
  const { datasetId } = await picturesCommit({ projectId, token, name: 'jpeg' }, host)
  const { columns } = await datasetRecord(store, datasetId as string)
  const target = { column: 'label', task: 'multiclass' } as const
  const estimator = estimators.get('logistic-regression')
  await train({ runId: 'run', token, spec: { version: 1, projectId, datasetId: datasetId as string, target, split: defaultSplit(target), recipe: defaultRecipe(estimator.tags, columns, target.column), estimator: { id: estimator.id, params: {} }, seed: 1 } }, host)
  const { zip } = await deployExport({ runId: 'run', name: 'jpeg', intendedUse: '', limitations: '' }, host)
  const { model, signature } = await openBundleZip(bytesOf(zip as Uint8Array))
  const session = await nodeRunner().open(model)
  const studio = await openPictureModel(host, 'run')
  return {
    studio: (pixels) => studio.ask(pixels, 0.5),
    server: async (bytes) => askPicture(session, signature, await decodePicture(bytes)),
    close: async () => {
      await session.close()
      await studio.close()
    },
  }
}
