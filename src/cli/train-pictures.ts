/** From folders of pictures to a judged model: a folder's name is the class, as on the page, or a table of labels beside them says it. */
import { StudioError } from '../core/errors.ts'
import type { Estimator } from '../core/estimators/estimator.ts'
import { freshId } from '../core/ids.ts'
import type { PictureInPart } from '../core/images/in-part.ts'
import type { ParamValues } from '../core/params.ts'
import { ownRecipe } from '../core/recipe/own-embedding.ts'
import type { SkippedPicture } from '../jobs/protocol.ts'
import { datasetRecord } from '../storage/datasets.ts'
import { createProject, takeOver } from '../storage/projects.ts'
import { readRun } from '../storage/runs.ts'
import { pictureColumns, picturesCommit } from '../tasks/pictures-commit.ts'
import { picturesAdd } from '../tasks/pictures-add.ts'
import type { Host } from '../tasks/task.ts'
import { train } from '../tasks/train.ts'
import { bringNetwork, type OwnNetworkFile } from './network.ts'
import { pictureFiles } from './open-picture.ts'
import { specFor, type Trained } from './train-file.ts'
import { UsageError } from './usage.ts'

export interface PictureRequest {
  readonly path: string
  readonly target: string | undefined
  readonly estimator: Estimator
  readonly params: ParamValues
  readonly seed: number
  /** That looks, in the place of the one that ships. */
  readonly network?: OwnNetworkFile | undefined
}
export type TrainedOnPictures = Trained & { readonly skipped: readonly SkippedPicture[]; readonly skippedCount: number; readonly inPart: readonly PictureInPart[] }

/** A project of the pictures at a path, and its dataset. @throws StudioError bad-data where there are not two classes */
export async function picturesAt(path: string, host: Host) {
  const { store } = host
  const name = path.split(/[\\/]/).filter(Boolean).at(-1) ?? 'pictures'
  const { id: projectId } = await createProject(store, name)
  const token = await takeOver(store, projectId)
  const { classes, skipped, skippedCount, inPart } = await picturesAdd({ projectId, token, files: await pictureFiles([path]), source: 'file' }, host)
  const first = skipped[0] ? `; the first that was passed over is ${skipped[0].file}: ${skipped[0].reason}` : ''
  if (classes.length < 2) throw new StudioError({ code: 'bad-data', message: `missing classes; pictures in at least two folders are needed, and there ${classes.length === 1 ? `is one, ${(classes[0] as string).slice(0, 40)}` : 'is none'}${first}` })
  const { datasetId } = await picturesCommit({ projectId, token, name }, host)
  return { projectId, token, dataset: await datasetRecord(store, datasetId as string), classes, skipped, skippedCount, inPart }
}

/**
 * @throws UsageError for a target that is not the label, or an estimator that cannot name classes
 * @throws StudioError bad-data where there are no pictures of at least two classes
 */
export async function trainPictures(request: PictureRequest, host: Host): Promise<TrainedOnPictures> {
  const { estimator, seed, path, network } = request
  if (request.target !== undefined && request.target !== pictureColumns.label) throw new UsageError(`invalid --target; pictures have one, ${pictureColumns.label}: ${request.target}`)
  if (!estimator.tasks.includes('multiclass')) throw new UsageError(`unsupported estimator for pictures; it names no classes: ${estimator.id}`)
  if (network && estimator.tags.takesPictures) throw new UsageError(`unsupported --network; it learns from the pixels themselves: ${estimator.id}`)
  const { projectId, token, dataset, classes, skipped, skippedCount, inPart } = await picturesAt(path, host)
  const target = { column: pictureColumns.label, task: classes.length === 2 ? 'binary' : 'multiclass' } as const
  const plain = specFor(estimator, request.params, seed, { dataset, projectId, target })
  const spec = network ? { ...plain, recipe: ownRecipe(await bringNetwork(network, { projectId, token }, host)) } : plain
  const runId = freshId('run')
  await train({ runId, token, spec }, host)
  return { spec, run: await readRun(host.store, runId), dataset, token, skipped, skippedCount, inPart }
}
