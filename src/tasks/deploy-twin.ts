/** The code twin of a run, as text: what a bundle carries under code/, without building one. */
import { twinOf } from '../core/code/twin/twin.ts'
import { StudioError } from '../core/errors.ts'
import { twinFiles, twinInput } from '../export/programs.ts'
import { readRun } from '../storage/runs.ts'
import { openRun } from './opened-run.ts'
import type { TaskHandler } from './task.ts'

export const deployTwin: TaskHandler<'deploy/twin'> = async ({ runId }, host) => {
  const run = await readRun(host.store, runId)
  const { pipeline, dataset, rowsOf } = await openRun(host, runId)
  const record = await host.store.read(['datasets'], (tx) => tx.get('datasets', run.spec.datasetId))
  if (!record) throw new StudioError({ code: 'bad-data', message: `missing dataset; it was erased: ${run.spec.datasetId}` })
  const twin = twinOf(twinInput(run, dataset, record, pipeline, { train: rowsOf('train'), valid: rowsOf('valid'), test: rowsOf('test') }))
  return { files: twinFiles(twin).map(([path, text]) => ({ path: path.replace('code/', ''), text: text as string })) }
}
