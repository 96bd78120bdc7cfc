/** What a model learns to say. */
export const tasks = ['binary', 'multiclass', 'regression'] as const
export type Task = (typeof tasks)[number]

export interface RegressionTarget {
  readonly task: 'regression'
  readonly column: string
  /** Shape (rows), finite. */
  readonly values: Float64Array
}
export interface ClassTarget {
  readonly task: 'binary' | 'multiclass'
  readonly column: string
  /** Class names; for a binary task index 1 is the positive class. */
  readonly classes: readonly string[]
  /** Shape (rows), indices into classes. */
  readonly codes: Int32Array
}
export type Target = RegressionTarget | ClassTarget

/** What a person chose: the column, the task, and which class counts as positive. */
export interface TargetSpec {
  readonly column: string
  readonly task: Task
  /** Binary only; defaults to the rarer class. */
  readonly positive?: string
}

export interface RegressionPrediction {
  readonly task: 'regression'
  /** Shape (rows). */
  readonly values: Float64Array
}
export interface ClassPrediction {
  readonly task: 'binary' | 'multiclass'
  readonly classes: readonly string[]
  /** Row-major, shape (rows, classes); each row sums to 1. */
  readonly probabilities: Float64Array
}
export type Prediction = RegressionPrediction | ClassPrediction

export const predictionRows = (prediction: Prediction): number =>
  prediction.task === 'regression' ? prediction.values.length : prediction.probabilities.length / prediction.classes.length

/**
 * Class indices. Binary: 1 where the positive probability is at least `threshold`; multiclass: the
 * largest probability, the first of equals.
 */
export function labelsOf(prediction: ClassPrediction, threshold = 0.5): Int32Array {
  const k = prediction.classes.length
  const n = prediction.probabilities.length / k
  const labels = new Int32Array(n)
  for (let row = 0; row < n; row++) {
    if (k === 2) {
      labels[row] = (prediction.probabilities[row * 2 + 1] as number) >= threshold ? 1 : 0
      continue
    }
    let best = 0
    for (let c = 1; c < k; c++) {
      if ((prediction.probabilities[row * k + c] as number) > (prediction.probabilities[row * k + best] as number)) best = c
    }
    labels[row] = best
  }
  return labels
}
