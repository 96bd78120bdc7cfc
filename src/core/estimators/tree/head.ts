/** What every tree model knows of its task and features, and how scores become predictions. */
import type { Matrix } from '../../data/matrix.ts'
import type { ClassPrediction, Prediction, Target, Task } from '../../data/target.ts'
import { StudioError } from '../../errors.ts'
import { exp } from '../../math/elementary.ts'
import type { Json } from '../../recipe/step.ts'
import type { Model } from '../estimator.ts'
import type { Trees } from './tree.ts'

/** JSON part of a tree model's state. */
export interface Head {
  readonly task: Task
  /** Class names; empty for regression. */
  readonly classes: readonly string[]
  /** Shape (features): number of categories, 0 for numbers. */
  readonly categoryCounts: readonly number[]
  /** Shape (outputs): the score before any tree. */
  readonly base: readonly number[]
  /** What values are of scores: their exponential for 'log', themselves where it is absent. */
  readonly link?: 'log'
}

/** A model that shows its trees to explainers and drawings. */
export interface TreeModel extends Model {
  readonly head: Head
  readonly trees: Trees
  /** Sums of leaves times this are scores; default 1. */
  readonly scale?: number
}

export function headOf(X: Matrix, y: Target, base: readonly number[], link?: 'log'): Head {
  return {
    task: y.task,
    classes: y.task === 'regression' ? [] : y.classes,
    categoryCounts: X.features.map((feature) => feature.categories?.length ?? 0),
    base,
    ...(link ? { link } : {}),
  }
}

const isNumbers = (value: Json | undefined): value is readonly number[] => Array.isArray(value) && value.every((item) => typeof item === 'number')

/** @throws StudioError bundle-mismatch */
export function headFrom(owner: string, json: { readonly [key: string]: Json }): Head {
  const { task, classes, categoryCounts, base, link } = json
  const names = Array.isArray(classes) && classes.every((name) => typeof name === 'string')
  if ((task === 'binary' || task === 'multiclass' || task === 'regression') && names && isNumbers(categoryCounts) && isNumbers(base) && (link === undefined || link === 'log')) {
    return { task, classes: classes as readonly string[], categoryCounts, base, ...(link ? { link } : {}) }
  }
  throw new StudioError({ code: 'bundle-mismatch', message: `invalid state of ${owner}; not a task, classes, categoryCounts and base` })
}

/** @throws StudioError bad-data where the features are not as many, or not of the same sort, as in training */
export function checkFeatures(owner: string, head: Head, X: Matrix): void {
  if (X.features.length !== head.categoryCounts.length) {
    throw new StudioError({ code: 'bad-data', message: `invalid features of ${owner}; it was fitted on ${head.categoryCounts.length}: ${X.features.length}` })
  }
}

/** @throws StudioError bad-data for no rows, no features, a target of another length, an unknown category code */
export function checkTraining(owner: string, X: Matrix, y: Target): void {
  const refuse = (message: string): never => {
    throw new StudioError({ code: 'bad-data', message })
  }
  if (X.features.length === 0) refuse(`missing features; ${owner} needs at least one: 0`)
  if (X.rows === 0) refuse(`missing rows; ${owner} needs at least one: 0`)
  const length = y.task === 'regression' ? y.values.length : y.codes.length
  if (length !== X.rows) refuse(`invalid target; its length must be that of the features, ${X.rows}: ${length}`)
  if (y.task === 'regression') {
    const bad = y.values.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) refuse(`invalid target; not finite in row ${bad}: ${y.values[bad]}`)
  }
  for (const feature of X.features) {
    if (!feature.categories) continue
    const count = feature.categories.length
    const bad = feature.values.findIndex((code) => code === code && !(Number.isInteger(code) && code >= 0 && code < count))
    if (bad >= 0) refuse(`invalid feature ${feature.name.slice(0, 200)}; not a category code below ${count}: ${feature.values[bad]}`)
  }
}

const sigmoid = (x: number): number => {
  const e = exp(-Math.abs(x))
  return x >= 0 ? 1 / (1 + e) : e / (1 + e)
}

/** The least log-odds whose probability reaches the threshold, as this studio computes it; infinite where all or none do. */
export function scoreReaching(threshold: number): number {
  let [under, over] = [-746, 746]
  if (sigmoid(under) >= threshold) return Number.NEGATIVE_INFINITY
  if (!(sigmoid(over) >= threshold)) return Number.POSITIVE_INFINITY
  for (let middle = 0; middle > under && middle < over; middle = (under + over) / 2) {
    if (sigmoid(middle) >= threshold) over = middle
    else under = middle
  }
  return over
}

/** Values as they are, log-odds through the sigmoid, scores a class through softmax. @param scores shape (rows, outputs) */
export function predictionFromScores(head: Head, scores: Float64Array): Prediction {
  if (head.task === 'regression') return { task: 'regression', values: head.link === 'log' ? scores.map(Math.exp) : scores }
  const k = head.classes.length
  if (head.base.length === 1) {
    const probabilities = new Float64Array(scores.length * 2)
    for (let i = 0; i < scores.length; i++) {
      const positive = sigmoid(scores[i] as number)
      probabilities[2 * i] = 1 - positive
      probabilities[2 * i + 1] = positive
    }
    return classPrediction(head, probabilities)
  }
  for (let from = 0; from < scores.length; from += k) {
    let top = Number.NEGATIVE_INFINITY
    for (let c = 0; c < k; c++) top = Math.max(top, scores[from + c] as number)
    let total = 0
    for (let c = 0; c < k; c++) total += scores[from + c] = exp((scores[from + c] as number) - top)
    for (let c = 0; c < k; c++) scores[from + c] = (scores[from + c] as number) / total
  }
  return classPrediction(head, scores)
}

export function classPrediction(head: Head, probabilities: Float64Array): ClassPrediction {
  return { task: head.task as ClassPrediction['task'], classes: head.classes, probabilities }
}
