/**
 * A pipeline whose every weight is written down: numbers as they are (missing = 0), each category and
 * true one feature of 0 and 1, a linear score per output. What explainers say of it can be computed by hand.
 */
import { isValid } from '../../src/core/data/column.ts'
import type { Column } from '../../src/core/data/column.ts'
import { columnNamed } from '../../src/core/data/dataset.ts'
import type { Feature, Matrix } from '../../src/core/data/matrix.ts'
import type { Prediction, Task } from '../../src/core/data/target.ts'
import type { Model } from '../../src/core/estimators/estimator.ts'
import type { SeriesKind } from '../../src/core/recipe/step.ts'
import type { Pipeline } from '../../src/core/run/pipeline.ts'

export interface GlassInput {
  readonly name: string
  readonly kind: SeriesKind
  /** Categories that become features, in order. */
  readonly categories?: readonly string[]
  /** One array an output (1 for regression and binary, else one a class), one weight a feature. */
  readonly weights: readonly (readonly number[])[]
}

export interface GlassPipeline extends Pipeline {
  /** Rows predicted so far, to see that an explainer does not do needless work. */
  readonly counts: { rows: number; calls: number }
}

export function glassPipeline(task: Task, inputs: readonly GlassInput[], options: { classes?: readonly string[]; target?: string; excluded?: readonly string[]; bias?: readonly number[] } = {}): GlassPipeline {
  const classes = task === 'regression' ? [] : (options.classes ?? (task === 'binary' ? ['no', 'yes'] : ['a', 'b', 'c']))
  const outputs = task === 'multiclass' ? classes.length : 1
  const counts = { rows: 0, calls: 0 }
  const featureNames = inputs.flatMap((input) => (input.categories ? input.categories.map((category) => ({ name: `${input.name} is ${category}`, source: input.name })) : [{ name: input.name, source: input.name }]))
  const weights = Array.from({ length: outputs }, (_, o) => inputs.flatMap((input) => input.weights[o] ?? []))

  const model: Model = {
    estimator: 'glass',
    task,
    facts: {},
    async predict(X): Promise<Prediction> {
      counts.rows += X.rows
      counts.calls++
      const scores = Array.from({ length: outputs }, (_, o) => {
        const sums = new Float64Array(X.rows).fill(options.bias?.[o] ?? 0)
        X.features.forEach((feature, f) => sums.forEach((sum, row) => (sums[row] = sum + (weights[o]?.[f] ?? 0) * (feature.values[row] as number))))
        return sums
      })
      if (task === 'regression') return { task, values: scores[0] as Float64Array }
      const k = classes.length
      const probabilities = new Float64Array(X.rows * k)
      for (let row = 0; row < X.rows; row++) {
        const parts = task === 'binary' ? [1, Math.exp(scores[0]?.[row] as number)] : scores.map((score) => Math.exp(score[row] as number))
        const sum = parts.reduce((a, b) => a + b)
        parts.forEach((part, c) => (probabilities[row * k + c] = part / sum))
      }
      return { task, classes, probabilities }
    },
    state: () => ({ estimator: 'glass', version: 1, json: {}, arrays: {} }),
  }

  function features(columns: readonly Column[], rows?: ArrayLike<number>): Matrix {
    const length = rows?.length ?? columns[0]?.length ?? 0
    const made = inputs.flatMap((input): Feature[] => {
      const column = columnNamed({ columns }, input.name)
      const fill = (of: (row: number) => number): Float32Array => Float32Array.from({ length }, (_, i) => of(rows ? (rows[i] as number) : i))
      if (column.kind === 'categorical') {
        return (input.categories ?? []).map((category) => ({ name: `${input.name} is ${category}`, source: input.name, values: fill((row) => (column.dictionary[column.codes[row] as number] === category ? 1 : 0)) }))
      }
      if (column.kind !== 'numeric' && column.kind !== 'boolean' && column.kind !== 'datetime') return []
      const values: ArrayLike<number> = column.kind === 'datetime' ? column.seconds : column.values
      return [{ name: input.name, source: input.name, values: fill((row) => (isValid(column, row) ? (values[row] as number) : 0)) }]
    })
    return { rows: length, features: made }
  }

  return {
    target: { column: options.target ?? 'y', task },
    classes,
    recipe: {
      version: 1,
      spec: { version: 1, steps: [], excluded: options.excluded ?? [] },
      inputs: inputs.map(({ name, kind }) => ({ name, kind })),
      learnt: [],
      features: featureNames,
      leftOut: [],
    },
    model,
    counts,
    features,
    predict: (columns, rows) => model.predict(features(columns, rows)),
  }
}
