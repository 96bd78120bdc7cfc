import type { Task } from '../data/target.ts'
import { StudioError } from '../errors.ts'
import type { Insight, Model } from '../estimators/estimator.ts'
import { estimators } from '../estimators/registry.ts'

/** A predicate for explainers of models that show one of these. @param sentence what is said of the others */
export const showing =
  (insights: readonly Insight[], sentence: string) =>
  ({ estimator }: { readonly task: Task; readonly estimator: string }): string | undefined => {
    const shown = estimators.has(estimator) ? (estimators.get(estimator).shows ?? []) : []
    return insights.some((insight) => shown.includes(insight)) ? undefined : sentence
  }

/** The model as one that shows what it promised. @throws StudioError unsupported where it does not */
export function shownBy<T extends Model>(model: Model, parts: readonly string[]): T {
  if (parts.some((part) => part in model)) return model as T
  throw new StudioError({ code: 'unsupported', message: `unsupported model; it shows no ${parts.join(' or ')}: ${model.estimator}` })
}
