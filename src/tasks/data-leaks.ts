import { leakScores, suspectedLeaks } from '../core/data/leaks.ts'
import { loadDataset } from '../storage/datasets.ts'
import type { TaskHandler } from './task.ts'

/** Columns that alone predict the target with AUC (or R2) above 0.98, best first. */
export const dataLeaks: TaskHandler<'data/leaks'> = async ({ datasetId, target }, { store, context }) =>
  suspectedLeaks(await leakScores(await loadDataset(store, datasetId), target, context))
