/** The model that `train --continue-from` goes on from: a bundle or its pipeline.json, and what it says of its training. */
import { basename } from 'node:path'
import { StudioError } from '../core/errors.ts'
import { freshId } from '../core/ids.ts'
import { type PipelineFile, type PipelineRun, readPipeline } from '../core/run/pipeline-file.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { modelBringOwn } from '../tasks/model-bring.ts'
import type { Host } from '../tasks/task.ts'
import { openBundle, openFile } from './files.ts'

export interface EarlierModel extends PipelineFile {
  readonly run: PipelineRun
  readonly name: string
  readonly text: string
}

/** @throws StudioError bundle-mismatch for a file that does not say how its model was trained */
export async function openEarlier(path: string): Promise<EarlierModel> {
  const text = /\.json$/i.test(path) ? await textOf(path) : new TextDecoder().decode((await openBundle(path)).files.get('pipeline.json') ?? refuse('it has no pipeline.json', path))
  const opened = await readPipeline(text)
  return { ...opened, run: opened.run ?? refuse('it does not say how its model was trained', path), name: basename(path), text }
}

function refuse(why: string, path: string): never {
  throw new StudioError({ code: 'bundle-mismatch', message: `invalid --continue-from; ${why}: ${path}` })
}

async function textOf(path: string): Promise<string> {
  const file = await openFile(path)
  try {
    return new TextDecoder().decode(await file.bytes.read(0, file.bytes.size))
  } finally {
    await file.close()
  }
}

/** The spec that goes on from the model, which comes in as a run of the project. */
export async function continueWith({ pipeline, run, name, text }: EarlierModel, spec: RunSpec, token: number, host: Host): Promise<RunSpec> {
  const { sampleWeight, split } = run
  const question: RunSpec = { ...spec, split, recipe: pipeline.recipe.spec, ...(sampleWeight === undefined ? {} : { sampleWeight }) }
  const { runId } = await modelBringOwn({ runId: freshId('run'), token, question, file: new File([text], name) }, host)
  return { ...question, continueFrom: runId }
}
