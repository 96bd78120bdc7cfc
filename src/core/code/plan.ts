/**
 * A linear or tree model as a short program, before it is written in a language: scores of the prepared features,
 * then what turns scores into the answer. The recipe is not part of it: features come in the model's own order, in float32.
 */
import { StudioError } from '../errors.ts'
import type { Model } from '../estimators/estimator.ts'
import type { LinearModel } from '../estimators/linear.ts'
import type { TreeModel } from '../estimators/tree/head.ts'
import { codesOfSet, treeCount } from '../estimators/tree/tree.ts'
import type { Trees } from '../estimators/tree/tree.ts'

/** A condition on a feature, or a leaf with what it adds to each output. */
export type CodeNode =
  | { readonly leaf: readonly { readonly output: number; readonly value: number }[] }
  | { readonly feature: number; readonly threshold?: number; readonly codes?: readonly number[]; readonly missingYes: boolean; readonly yes: CodeNode; readonly no: CodeNode }
export interface CodePlan {
  readonly features: readonly string[]
  /** Empty for a regression. */
  readonly classes: readonly string[]
  /** Scores before anything is added. */
  readonly base: readonly number[]
  /** Row-major, shape (outputs, features); absent for trees. */
  readonly coefficients?: readonly (readonly number[])[]
  readonly trees?: readonly CodeNode[]
  /** shares: scores are the probabilities already; sigmoid: one score, of the second class. */
  readonly link: 'value' | 'shares' | 'sigmoid' | 'softmax'
}

/** Longer programs are nothing that a person reads. */
const mostNodes = 5000

const linearIds = new Set(['linear-regression', 'ridge', 'lasso', 'elastic-net', 'logistic-regression'])

/** @throws StudioError unsupported for models without such a form, or too large to read */
export function codePlan(model: Model, features: readonly string[]): CodePlan {
  if (linearIds.has(model.estimator) && 'linear' in model) {
    const { coefficients, intercepts, classes } = (model as LinearModel).linear
    const p = features.length
    const link = model.task === 'regression' ? 'value' : intercepts.length === 1 ? 'sigmoid' : 'softmax'
    return { features, classes, base: [...intercepts], coefficients: Array.from(intercepts, (_, o) => [...coefficients.subarray(o * p, (o + 1) * p)]), link }
  }
  if ((model.estimator === 'decision-tree' || model.estimator === 'hist-gradient-boosting') && 'trees' in model) {
    const { trees, head } = model as TreeModel
    if (trees.feature.length > mostNodes) throw new StudioError({ code: 'unsupported', message: `unsupported size; readable code ends at ${mostNodes} tree nodes: ${trees.feature.length}` })
    const link = model.task === 'regression' ? 'value' : model.estimator === 'decision-tree' ? 'shares' : head.base.length === 1 ? 'sigmoid' : 'softmax'
    return { features, classes: head.classes, base: head.base, trees: Array.from({ length: treeCount(trees) }, (_, tree) => nodeAt(trees, tree, trees.start[tree] as number)), link }
  }
  throw new StudioError({ code: 'unsupported', message: `unsupported model; readable code is written for linear models, decision trees and gradient boosting: ${model.estimator}` })
}

function nodeAt(trees: Trees, tree: number, node: number): CodeNode {
  const feature = trees.feature[node] as number
  if (feature < 0) return { leaf: Array.from({ length: trees.width }, (_, w) => ({ output: (trees.target[tree] as number) + w, value: trees.value[node * trees.width + w] as number })) }
  const set = trees.set[node] as number
  const test = set < 0 ? { threshold: trees.threshold[node] as number } : { codes: codesOfSet(trees, set) }
  return { feature, ...test, missingYes: trees.missingLeft[node] === 1, yes: nodeAt(trees, tree, trees.left[node] as number), no: nodeAt(trees, tree, trees.right[node] as number) }
}
