/** A model from a file: what it asks for, and a run of it on the data at hand. */
import { adoptModel, offerFor } from '../core/run/adopt-model.ts'
import { loadDataset } from '../storage/datasets.ts'
import { recordRun } from './record-run.ts'
import type { TaskHandler } from './task.ts'
import { webRunner } from './web-runner.ts'

const bytesOf = async (file: File): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(await file.arrayBuffer())

export const modelInspect: TaskHandler<'model/inspect'> = async ({ file, spec }, { store }) => offerFor(await bytesOf(file), await loadDataset(store, spec.datasetId), spec)

export const modelBring: TaskHandler<'model/bring'> = async ({ runId, token, spec, file, mapping }, host) => {
  const { context, openRunner = webRunner } = host
  return recordRun({ runId, token, spec, name: mapping.fileName.slice(0, 80) }, host, async (dataset) => adoptModel(spec, dataset, await bytesOf(file), mapping, () => openRunner(context), context))
}
