/** Trains one run in its own worker and records all of it. */
import { estimators } from '../core/estimators/registry.ts'
import { StudioError } from '../core/errors.ts'
import { canonicalJson } from '../core/ids.ts'
import type { EarlierRun } from '../core/run/continue-from.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { train as trainPipeline } from '../core/run/train.ts'
import { readRun } from '../storage/runs.ts'
import { besideOthers } from './fold.ts'
import { recordRun } from './record-run.ts'
import type { Host, TaskHandler } from './task.ts'

export const train: TaskHandler<'train'> = ({ runId, token, spec, resume }, host) =>
  recordRun({ runId, token, spec, name: estimators.get(spec.estimator.id).label, ...(resume && { resume }) }, host, async (dataset, keeper) => trainPipeline(spec, dataset, besideOthers(host, spec.datasetId, dataset), keeper, await earlierOf(spec, host)))

/** @throws StudioError bad-data where the run is gone or did not finish */
async function earlierOf({ continueFrom, datasetId, target, split, sampleRows }: RunSpec, { store }: Host): Promise<EarlierRun | undefined> {
  if (continueFrom === undefined) return undefined
  const run = await readRun(store, continueFrom)
  const model = await store.read(['models'], (tx) => tx.get('models', continueFrom))
  if (!model) throw new StudioError({ code: 'bad-data', message: `missing earlier model; the run did not finish: it is ${run.status}`, hint: 'Choose a run that is done.' })
  const rowsOf = (spec: Pick<RunSpec, 'datasetId' | 'target' | 'split' | 'sampleRows'>): string => canonicalJson([spec.datasetId, spec.target, spec.split, spec.sampleRows ?? null])
  const sameRows = run.facts['trainedElsewhere'] === undefined && rowsOf(run.spec) === rowsOf({ datasetId, target, split, ...(sampleRows === undefined ? {} : { sampleRows }) })
  return { ...model, sameRows }
}
