/** A small table of every kind of column with hostile names, and pipelines of known weights on it. */
import { columnFrom } from '../../src/core/data/column.ts'
import type { Cell } from '../../src/core/data/column.ts'
import type { Dataset } from '../../src/core/data/dataset.ts'
import type { Prediction, Target, Task } from '../../src/core/data/target.ts'
import { labelsOf } from '../../src/core/data/target.ts'
import type { ExplainInput } from '../../src/core/explain/explainer.ts'
import { createRng } from '../../src/core/math/rng.ts'
import { cellAt } from '../../src/core/data/column.ts'
import { estimators } from '../../src/core/estimators/registry.ts'
import { checkParams } from '../../src/core/params.ts'
import { quietContext } from '../../src/core/context.ts'
import { glassPipeline } from './glass-pipeline.ts'
import type { GlassPipeline } from './glass-pipeline.ts'

export const rows = 120

export function glassDataset(): Dataset {
  const rng = createRng(11)
  const cells = (of: (row: number) => Cell): Cell[] => Array.from({ length: rows }, (_, row) => of(row))
  return {
    id: 'glass',
    name: 'glass',
    rows,
    columns: [
      columnFrom('size', 'numeric', cells(() => rng.normal())),
      columnFrom('years', 'numeric', cells((row) => (row % 15 === 14 ? null : rng.int(40)))),
      columnFrom('__proto__', 'categorical', cells((row) => (row % 11 === 10 ? null : ['red', 'constructor', 'blue'][rng.int(3)] as string))),
      columnFrom('smokes', 'boolean', cells(() => rng.int(2) === 1)),
      columnFrom('since', 'datetime', cells(() => rng.int(1000) * 86_400)),
      columnFrom('note', 'text', cells((row) => `note ${row}`)),
      columnFrom('y', 'numeric', cells((row) => row)),
    ],
    source: { kind: 'paste', fileName: 'glass.csv', bytes: 0, sha256: '' },
  }
}

export async function glassInput(task: Task): Promise<ExplainInput & { pipeline: GlassPipeline }> {
  const dataset = glassDataset()
  const outputs = task === 'multiclass' ? 3 : 1
  const by = (...weights: readonly (readonly number[])[]): readonly (readonly number[])[] => weights.slice(0, outputs)
  const pipeline = glassPipeline(
    task,
    [
      { name: 'size', kind: 'numeric', weights: by([2], [0], [-2]) },
      { name: 'years', kind: 'numeric', weights: by([0.05], [0.02], [0]) },
      { name: '__proto__', kind: 'categorical', categories: ['red', 'constructor'], weights: by([1, 0.5], [0, 1], [0, 0]) },
      { name: 'smokes', kind: 'boolean', weights: by([-0.5], [0.2], [0]) },
      { name: 'since', kind: 'datetime', weights: by([0], [0], [0]) },
    ],
    { bias: task === 'binary' ? [-1] : [0, 0, 0] },
  )
  const held = Uint32Array.from({ length: rows - 20 }, (_, i) => i + 20)
  const prediction: Prediction = await pipeline.predict(dataset.columns, held)
  pipeline.counts.rows = 0
  pipeline.counts.calls = 0
  // The truth is the model's own answer, a little wrong, so that every score is defined and losable.
  const target: Target =
    prediction.task === 'regression'
      ? { task: 'regression', column: 'y', values: prediction.values.map((value, i) => value + (i % 7 === 0 ? 0.3 : 0)) }
      : { task: prediction.task, column: 'y', classes: prediction.classes, codes: labelsOf(prediction).map((label, i) => (i % 9 === 0 ? (label + 1) % prediction.classes.length : label)) }
  const row = new Map<string, Cell>(dataset.columns.filter((column) => column.name !== 'y').map((column) => [column.name, cellAt(column, 25)]))
  return { pipeline, dataset, part: 'valid', rows: held, target, row, rowNumber: 25, seed: 7, threshold: 0.5 }
}

/** What keeps a fit short, for estimators that have it. */
const small = { maxIter: 5, nEstimators: 3, minSamplesLeaf: 3, earlyStopping: 'off', alpha: 0.01 } as const

/** The same, with a model of this estimator fitted to the glass pipeline's features. */
export async function fittedInput(task: Task, estimator: string): Promise<ExplainInput> {
  const input = await glassInput(task)
  const { pipeline, dataset, rows: held, target } = input
  const definition = estimators.get(estimator)
  const settings = Object.fromEntries(Object.entries(small).filter(([name]) => Object.hasOwn(definition.params, name)))
  const model = await definition.fit(pipeline.features(dataset.columns, held), target, { params: checkParams(estimator, definition.params, settings), seed: 1 }, quietContext())
  return { ...input, settings, pipeline: { ...pipeline, model, predict: (columns, at) => model.predict(pipeline.features(columns, at)) } }
}

export const treeInput = (task: Task): Promise<ExplainInput> => fittedInput(task, 'hist-gradient-boosting')
