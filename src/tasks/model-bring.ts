/** A model from a file: what it asks for, and a run of it on the data at hand. Files of the studio's own ask for nothing. */
import { StudioError } from '../core/errors.ts'
import { adoptModel, offerFor } from '../core/run/adopt-model.ts'
import { adoptedSpec, adoptPipeline } from '../core/run/adopt-pipeline.ts'
import { adoptResult, readResult } from '../core/run/adopt-result.ts'
import { isPipelineFile, readPipeline } from '../core/run/pipeline-file.ts'
import { bytesOf as randomBytes } from '../core/zip.ts'
import { openBundleZip } from '../export/open-bundle.ts'
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

/** The pipeline of a bundle, its JSON itself, or the answer of a job for a cluster. */
async function textOf(file: File): Promise<string> {
  const bytes = await bytesOf(file)
  const text = (from: Uint8Array): string => new TextDecoder().decode(from)
  if (!(bytes[0] === 0x50 && bytes[1] === 0x4b)) return text(bytes)
  const pipeline = (await openBundleZip(randomBytes(bytes))).files.get('pipeline.json')
  if (!pipeline) throw new StudioError({ code: 'bundle-mismatch', message: 'invalid bundle; it has no pipeline.json', hint: 'Where it is a model of tables, its model.onnx can be brought in by itself.' })
  return text(pipeline)
}

export const modelBringOwn: TaskHandler<'model/bring-own'> = async ({ runId, token, question, file }, host) => {
  const text = await textOf(file)
  if (isPipelineFile(text)) {
    const opened = await readPipeline(text)
    const name = (opened.run?.name ?? opened.signature.name).slice(0, 60)
    const spec = adoptedSpec(opened, question)
    return recordRun({ runId, token, spec, name: `${name}, brought in` }, host, (dataset) => adoptPipeline(opened, spec, dataset, host.context))
  }
  const result = readResult(text)
  const { projectId, datasetId } = question
  return recordRun({ runId, token, spec: { ...result.job.spec, projectId, datasetId }, name: `${result.job.name.slice(0, 60)}, elsewhere` }, host, (dataset) => adoptResult(result, dataset, host.context))
}
