/** Scores, on whose scale parts add up: what they are called, and what the model makes of them. */
import type { Prediction } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import type { TreeModel } from '../estimators/tree/head.ts'
import { exp } from '../math/elementary.ts'
import type { Link } from './explainer.ts'

/** "price", "log-odds of yes", "score of a", "probability of yes". @param output index of the score @param outputs how many there are */
export function scoreName(link: Link, classes: readonly string[], target: string, output: number, outputs: number): string {
  if (classes.length === 0) return link === 'log' ? `logarithm of ${target}` : target
  const name = classes[outputs === 1 ? 1 : output] as string
  if (link === 'log-odds') return `log-odds of ${name}`
  if (link === 'identity') return `probability of ${name}`
  return link === 'margin' ? `distance from the border, towards ${name}` : `score of ${name}`
}

export function linkOfTrees({ head, trees }: Pick<TreeModel, 'head' | 'trees'>): Link {
  if (head.task === 'regression') return head.link ?? 'identity'
  if (trees.outputs === 1) return 'log-odds'
  return trees.width < trees.outputs ? 'softmax' : 'identity'
}

/** What a score says through its link; null where only the model knows. @param scores all of one row */
export function throughLink(link: Link, scores: readonly number[], output: number): number | null {
  const score = scores[output] as number
  if (link === 'identity') return score
  if (link === 'log') return exp(score)
  if (link === 'log-odds') return 1 / (1 + exp(-score))
  if (link === 'margin') return null
  const top = scores.reduce((a, b) => Math.max(a, b))
  return exp(score - top) / scores.reduce((sum, other) => sum + exp(other - top), 0)
}

/** The answer that a score is about: the value, or the probability of its class. @param row of the prediction */
export function answerOf(prediction: Prediction, output: number, outputs: number, row = 0): number {
  if (prediction.task === 'regression') return prediction.values[row] as number
  return prediction.probabilities[row * prediction.classes.length + (outputs === 1 ? 1 : output)] as number
}

/**
 * Which score is spoken of: the one there is, that of a class by name, the second of two classes, or that of the class with the highest probability.
 * @throws StudioError bad-param for a class there is none of
 */
export function chosenScore(classes: readonly string[], outputs: number, wanted: string, prediction: Prediction | undefined): number {
  if (outputs === 1) return 0
  if (wanted !== '') {
    const at = classes.indexOf(wanted)
    if (at >= 0) return at
    throw new StudioError({ code: 'bad-param', message: `invalid class; not one of ${classes.map((name) => name.slice(0, 40)).slice(0, 20).join(', ')}: ${wanted.slice(0, 200)}` })
  }
  if (outputs === 2) return 1
  if (prediction === undefined || prediction.task === 'regression') return 0
  let top = 0
  for (let k = 1; k < classes.length; k++) if ((prediction.probabilities[k] as number) > (prediction.probabilities[top] as number)) top = k
  return top
}

/** The parameter that names a class, for explainers of several scores. */
export const classParam = { kind: 'text', default: '', maxLength: 1000, label: 'Class', help: 'Whose score is explained; empty takes the second of two classes, else the one that is predicted.' } as const
