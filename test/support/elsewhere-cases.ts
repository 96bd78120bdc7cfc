/** Runs on the penguins that other machines train (test/golden/elsewhere.py). */
import { retrain } from '../../src/cli/api.ts'
import { columnInfo } from '../../src/core/data/dataset.ts'
import { defaultSplit } from '../../src/core/data/default-split.ts'
import type { Task } from '../../src/core/data/target.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import type { ParamValues } from '../../src/core/params.ts'
import { defaultRecipe } from '../../src/core/recipe/default-recipe.ts'
import { loadDataset } from '../../src/storage/datasets.ts'

export const penguins = 'public/samples/penguins.csv'
const targets: Readonly<Record<Task, string>> = { binary: 'sex', multiclass: 'species', regression: 'body_mass_g' }

export interface ElsewhereCase {
  readonly name: string
  readonly id: string
  readonly task: Task
  readonly params: ParamValues
  /** Relative difference of scores where both go to the same optimum. */
  readonly exact?: number
}
export const elsewhereCases: readonly ElsewhereCase[] = [
  { name: 'xgboost-two-classes', id: 'hist-gradient-boosting', task: 'binary', params: { maxIter: 15, maxLeafNodes: 6 } },
  { name: 'xgboost-values', id: 'hist-gradient-boosting', task: 'regression', params: { maxIter: 15, maxLeafNodes: 6 } },
  { name: 'logistic-two-classes', id: 'logistic-regression', task: 'binary', params: { C: 0.5, classWeight: 'balanced' }, exact: 1e-5 },
  { name: 'logistic-three-classes', id: 'logistic-regression', task: 'multiclass', params: {}, exact: 1e-5 },
  { name: 'ridge', id: 'ridge', task: 'regression', params: { alpha: 3 }, exact: 1e-5 },
  { name: 'least-squares', id: 'linear-regression', task: 'regression', params: {}, exact: 1e-5 },
  { name: 'torch-three-classes', id: 'mlp', task: 'multiclass', params: { maxIter: 3, hiddenLayerSizes: '6', learningRateInit: 0.03, batchSize: 32, backend: 'cpu' } },
]

const columns = (async () => {
  const target = { column: 'species', task: 'multiclass' as const }
  const { host, run } = await retrain({ file: penguins, spec: { version: 1, target, split: defaultSplit(target), recipe: { version: 1, excluded: [], steps: [] }, estimator: { id: 'baseline', params: {} }, seed: 1 } })
  return (await loadDataset(host.store, run.spec.datasetId)).columns.map(columnInfo)
})()

export async function elsewhereSpec({ id, task, params }: ElsewhereCase) {
  const target = { column: targets[task], task }
  return { version: 1 as const, target, split: defaultSplit(target), recipe: defaultRecipe(estimators.get(id).tags, await columns, target.column), estimator: { id, params }, seed: 3 }
}
