/** Runs on the penguins, and on pictures, that other machines train (test/golden/elsewhere.py). */
import { retrain } from '../../src/cli/api.ts'
import { columnInfo } from '../../src/core/data/dataset.ts'
import { defaultSplit } from '../../src/core/data/default-split.ts'
import type { Task } from '../../src/core/data/target.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import type { ParamValues } from '../../src/core/params.ts'
import { defaultRecipe } from '../../src/core/recipe/default-recipe.ts'
import { loadDataset } from '../../src/storage/datasets.ts'
import type { RunSpec } from '../../src/core/run/run-spec.ts'
import { takeOver } from '../../src/storage/projects.ts'
import { nodeContext } from './node-context.ts'
import { everyLayer } from './stripes.ts'

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
  { name: 'torch-three-classes', id: 'mlp', task: 'multiclass', params: { maxIter: 3, hiddenLayerSizes: '6', learningRateInit: 0.03, batchSize: 32, backend: 'wasm' } },
]

/** The penguins as a project, with kernels that networks train on. */
export const penguinsHere = (async () => {
  const target = { column: 'species', task: 'multiclass' as const }
  const { host, run } = await retrain({ file: penguins, spec: { version: 1, target, split: defaultSplit(target), recipe: { version: 1, excluded: [], steps: [] }, estimator: { id: 'baseline', params: {} }, seed: 1 } })
  const { projectId, datasetId } = run.spec
  return { host: { ...host, context: nodeContext() }, token: await takeOver(host.store, projectId), projectId, datasetId, columns: (await loadDataset(host.store, datasetId)).columns.map(columnInfo) }
})()

export async function elsewhereSpec({ id, task, params }: ElsewhereCase): Promise<RunSpec> {
  const { projectId, datasetId, columns } = await penguinsHere
  const target = { column: targets[task], task }
  return { version: 1, projectId, datasetId, target, split: defaultSplit(target), recipe: defaultRecipe(estimators.get(id).tags, columns, target.column), estimator: { id, params }, seed: 3 }
}

/** Of these, the settings of a convolutional network and, of the others, what stands for pixels as numbers. */
export const pictureCases: readonly { readonly name: string; readonly id: string; readonly params: ParamValues; readonly pixels: ParamValues; readonly exact?: number }[] = [
  { name: 'pictures-every-layer', id: 'cnn', params: { learningRateInit: 0.003, batchSize: 8, backend: 'wasm', maxIter: 8, validationFraction: 0.2, classWeight: 'balanced', flip: true, shift: 0.1, rotate: 10, zoom: 0.1, colour: 0.2, layers: everyLayer }, pixels: { size: 14 } },
  { name: 'pictures-grey', id: 'cnn', params: { learningRateInit: 0.003, batchSize: 8, backend: 'wasm', maxIter: 5, earlyStopping: false, alpha: 0.01, layers: JSON.stringify([{ type: 'conv', filters: 4 }, { type: 'max-pool' }]) }, pixels: { size: 12, colour: 'grey', crop: 'contain' } },
  { name: 'pictures-xgboost', id: 'hist-gradient-boosting', params: { maxIter: 10, maxLeafNodes: 6, minSamplesLeaf: 2 }, pixels: { size: 8, colour: 'grey', layout: 'numbers', crop: 'stretch' } },
  { name: 'pictures-logistic', id: 'logistic-regression', params: { C: 0.01 }, pixels: { size: 8, colour: 'grey', layout: 'numbers', crop: 'stretch' }, exact: 1e-5 },
  { name: 'pictures-dense', id: 'mlp', params: { maxIter: 3, hiddenLayerSizes: '6', batchSize: 8, backend: 'wasm' }, pixels: { size: 8, colour: 'grey', layout: 'numbers', crop: 'stretch' } },
]
