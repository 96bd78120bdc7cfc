/** Recipes x estimators whose graphs onnx's checker has judged; each is deterministic to the byte. */
import { signatureOf } from '../../src/core/bundle/signature-of.ts'
import { columnInfo } from '../../src/core/data/dataset.ts'
import type { Task } from '../../src/core/data/target.ts'
import { estimators, tableEstimators } from '../../src/core/estimators/registry.ts'
import { pipelineToOnnx } from '../../src/core/onnx/pipeline.ts'
import { encodeOnnx } from '../../src/core/onnx/proto.ts'
import type { ParamValues } from '../../src/core/params.ts'
import { defaultRecipe } from '../../src/core/recipe/default-recipe.ts'
import type { RecipeSpec } from '../../src/core/recipe/step.ts'
import { train } from '../../src/core/run/train.ts'
import { nodeContext } from './node-context.ts'
import { richDataset } from './rich-data.ts'

/** Small and quick, the same everywhere. */
export const quickParams: Readonly<Record<string, ParamValues>> = {
  'hist-gradient-boosting': { maxIter: 4, minSamplesLeaf: 10 },
  'decision-tree': { maxDepth: 4 },
  'explainable-boosting': { maxIter: 5, outerBags: 2, maxBins: 16 },
  mlp: { maxIter: 2, hiddenLayerSizes: '4', backend: 'cpu' },
}

const step = (id: string, name: string, kinds: readonly ('numeric' | 'boolean' | 'categorical' | 'datetime')[], params: ParamValues = {}) => ({ id, step: name, columns: { by: 'kind', kinds } as const, params })
const dates = step('dates', 'datetime-parts', ['datetime'])

/** Every step with its other options. */
export const otherRecipes: Readonly<Record<string, RecipeSpec>> = {
  'mean, indicator, min-max, rare, zeros': {
    version: 1,
    excluded: [],
    steps: [dates, step('i', 'impute', ['numeric', 'boolean'], { strategy: 'mean', indicator: true }), step('c', 'clip', ['numeric'], { lower: 0.05, upper: 0.9 }), step('s', 'scale', ['numeric'], { method: 'min-max' }), step('o', 'onehot', ['categorical'], { minFrequency: 0.05, maxCategories: 3, missing: 'zeros' })],
  },
  'constant, robust, frequency': {
    version: 1,
    excluded: [],
    steps: [dates, step('i', 'impute', ['numeric', 'boolean'], { strategy: 'constant', fillValue: '1' }), step('m', 'impute', ['categorical'], { strategy: 'most-frequent' }), step('s', 'scale', ['numeric'], { method: 'robust' }), step('o', 'ordinal', ['categorical'], { order: 'frequency', unseen: 'bucket' })],
  },
}

export interface OnnxCase {
  readonly name: string
  readonly estimator: string
  readonly task: Task
  readonly recipe?: RecipeSpec
}
export const onnxCases: readonly OnnxCase[] = [
  ...tableEstimators.flatMap(({ id, tasks }) => tasks.map((task) => ({ name: `${id}, ${task}, default recipe`, estimator: id, task }))),
  ...Object.entries(otherRecipes).map(([name, recipe]) => ({ name: `decision-tree, binary, ${name}`, estimator: 'decision-tree', task: 'binary' as const, recipe })),
]

export async function graphOf({ estimator: id, task, recipe }: OnnxCase) {
  const dataset = richDataset(task)
  const result = await train(
    {
      version: 1,
      projectId: 'p',
      datasetId: dataset.id,
      target: { column: 'outcome', task },
      split: { strategy: { kind: 'random' }, validShare: 0.3, testShare: 0.2, seed: 1 },
      recipe: recipe ?? defaultRecipe(estimators.get(id).tags, dataset.columns.map(columnInfo), 'outcome'),
      estimator: { id, params: quickParams[id] ?? {} },
      seed: 3,
    },
    dataset,
    nodeContext(),
  )
  const signature = await signatureOf(result.pipeline, dataset.columns, result.split.train, { name: 'rich', threshold: 0.35 })
  const graph = pipelineToOnnx(result.pipeline, signature)
  return { dataset, result, signature, graph, bytes: encodeOnnx(graph) }
}
