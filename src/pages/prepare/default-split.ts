/** The split that is offered first: classes kept even where there are classes. */
import type { SplitSpec } from '../../core/data/split.ts'
import type { TargetSpec } from '../../core/data/target.ts'

export function defaultSplit(target: TargetSpec): SplitSpec {
  const strategy = target.task === 'regression' ? ({ kind: 'random' } as const) : ({ kind: 'stratified', column: target.column } as const)
  return { strategy, validShare: 0.2, testShare: 0.2, seed: 1 }
}

/** A split that was stratified by the old target follows the new one. */
export function followTarget(split: SplitSpec | null, before: TargetSpec | null, target: TargetSpec): SplitSpec {
  if (!split) return defaultSplit(target)
  const byTarget = split.strategy.kind === 'stratified' && split.strategy.column === before?.column
  const random = split.strategy.kind === 'random'
  return byTarget || random ? { ...split, strategy: defaultSplit(target).strategy } : split
}
