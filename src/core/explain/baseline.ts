import { estimators } from '../estimators/registry.ts'
import type { Task } from '../data/target.ts'

/** A model that says the same of every row has nothing to explain. */
export function refusesBaseline({ estimator }: { readonly task: Task; readonly estimator: string }): string | undefined {
  return estimators.has(estimator) && estimators.get(estimator).tags.baseline ? 'The baseline predicts the same for every row: no column matters to it.' : undefined
}
