/**
 * A model as a short program, before it is written in a language: parts that add to scores, then what turns scores
 * into the answer. The recipe is not in it: features come in the model's own order, in float32.
 */
import { StudioError } from '../errors.ts'
import type { Model } from '../estimators/estimator.ts'
import type { Part } from './parts/part.ts'
import { planners } from './planners.ts'

/** shares: scores are the probabilities already; sigmoid: one score, of the second class; platt: each score through its own sigmoid, made to sum to 1; coupled: a score a pair of classes, through its own sigmoid, coupled (estimators/svm/one-vs-one.ts). */
export type Link = 'value' | 'exp' | 'shares' | 'sigmoid' | 'softmax' | 'platt' | 'coupled'
export interface CodePlan {
  readonly features: readonly string[]
  /** Empty for a regression. */
  readonly classes: readonly string[]
  /** Scores before anything is added. */
  readonly base: readonly number[]
  readonly parts: readonly Part[]
  readonly link: Link
  /** Slope and offset of each score's sigmoid; only with platt and coupled. */
  readonly sigmoids?: readonly (readonly [number, number])[]
  /** Program and tables hold numbers of training rows, whose owners may not want that. */
  readonly holdsRows?: boolean
}

/** About 20 MB of text: a C compiler takes seconds, Python three. The page of a model card may carry more. */
export const mostNumbers = { read: 1_000_000, card: 1_500_000 } as const

/**
 * @param features names, in the model's order
 * @param most numbers of all tables together
 * @throws StudioError unsupported for models without such a form, or too large
 */
export function codePlan(model: Model, features: readonly string[], most: number = mostNumbers.read): CodePlan {
  const planner = planners.get(model.estimator)
  if (!planner) throw new StudioError({ code: 'unsupported', message: `unsupported model; readable code is written for ${[...planners.keys()].join(', ')}: ${model.estimator}` })
  const plan: CodePlan = { features, ...planner(model, features.length) }
  const size = plan.parts.reduce((sum, part) => sum + part.numbers, 0)
  if (size > most) throw new StudioError({ code: 'unsupported', message: `unsupported size; readable code ends at ${most} numbers: ${size}` })
  return plan
}
