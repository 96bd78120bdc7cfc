/** The split that is offered first, in the page and in the terminal: classes kept even where there are classes. */
import type { SplitSpec } from './split.ts'
import type { TargetSpec } from './target.ts'

export function defaultSplit(target: TargetSpec): SplitSpec {
  const strategy = target.task === 'regression' ? ({ kind: 'random' } as const) : ({ kind: 'stratified', column: target.column } as const)
  return { strategy, validShare: 0.2, testShare: 0.2, seed: 1 }
}
