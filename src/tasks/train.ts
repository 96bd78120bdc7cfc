/** Trains one run in its own worker and records all of it. */
import { isValid } from '../core/data/column.ts'
import type { Dataset } from '../core/data/dataset.ts'
import { estimators } from '../core/estimators/registry.ts'
import { StudioError } from '../core/errors.ts'
import { canonicalJson } from '../core/ids.ts'
import { leastPictures } from '../core/images/labels.ts'
import type { EarlierRun } from '../core/run/continue-from.ts'
import type { RunSpec } from '../core/run/run-spec.ts'
import { train as trainPipeline } from '../core/run/train.ts'
import { readRun } from '../storage/runs.ts'
import { besideOthers } from './fold.ts'
import { recordRun } from './record-run.ts'
import type { Host, TaskHandler } from './task.ts'

export const train: TaskHandler<'train'> = ({ runId, token, spec, resume }, host) =>
  recordRun({ runId, token, spec, name: estimators.get(spec.estimator.id).label, ...(resume && { resume }) }, host, async (dataset, keeper) => {
    refuseLonePictures(spec, dataset)
    return trainPipeline(spec, dataset, besideOthers(host, spec.datasetId, dataset), keeper, await earlierOf(spec, host))
  })

/** The page says so where pictures are collected; whoever comes by another way hears it here. @throws StudioError bad-data */
function refuseLonePictures({ target }: RunSpec, { columns }: Dataset): void {
  const labels = columns.find(({ name }) => name === target.column)
  if (labels?.kind !== 'categorical' || !columns.some(({ kind }) => kind === 'image')) return
  const counts = new Int32Array(labels.dictionary.length)
  for (let row = 0; row < labels.length; row++) if (isValid(labels, row)) counts[labels.codes[row] as number] = (counts[labels.codes[row] as number] as number) + 1
  const lone = counts.findIndex((count) => count > 0 && count < leastPictures)
  if (lone >= 0) throw new StudioError({ code: 'bad-data', message: `invalid class; a class needs ${leastPictures} pictures at least, one to learn from and one to judge by: ${(labels.dictionary[lone] as string).slice(0, 60)} has ${counts[lone]}`, hint: 'Add more pictures of it, or delete the class.' })
}

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
