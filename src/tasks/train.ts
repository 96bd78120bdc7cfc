/** Trains one run in its own worker and records all of it. */
import { estimators } from '../core/estimators/registry.ts'
import { train as trainPipeline } from '../core/run/train.ts'
import { besideOthers } from './fold.ts'
import { recordRun } from './record-run.ts'
import type { TaskHandler } from './task.ts'

export const train: TaskHandler<'train'> = ({ runId, token, spec, resume }, host) =>
  recordRun({ runId, token, spec, name: estimators.get(spec.estimator.id).label, ...(resume && { resume }) }, host, (dataset, keeper) => trainPipeline(spec, dataset, besideOthers(host, spec.datasetId, dataset), keeper))
