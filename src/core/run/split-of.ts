/** The split of a run: what its rule makes of the data, and the sample of training rows where it has one. */
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { makeSplit } from '../data/make-split.ts'
import { sampleTraining } from '../data/sample-rows.ts'
import type { Split } from '../data/split.ts'
import type { RunSpec } from './run-spec.ts'

/** @throws StudioError bad-param, bad-data */
export function splitOf({ target, split, sampleRows }: Pick<RunSpec, 'target' | 'split' | 'sampleRows'>, dataset: Pick<Dataset, 'columns'>): Split {
  const whole = makeSplit(dataset.columns, target.column, split)
  return sampleRows === undefined ? whole : sampleTraining(whole, sampleRows, target.task === 'regression' ? undefined : columnNamed(dataset, target.column))
}
