/** A split that was stratified by the old target follows the new one. */
import { defaultSplit } from '../../core/data/default-split.ts'
import type { SplitSpec } from '../../core/data/split.ts'
import type { TargetSpec } from '../../core/data/target.ts'

export function followTarget(split: SplitSpec | null, before: TargetSpec | null, target: TargetSpec): SplitSpec {
  if (!split) return defaultSplit(target)
  const byTarget = split.strategy.kind === 'stratified' && split.strategy.column === before?.column
  const random = split.strategy.kind === 'random'
  return byTarget || random ? { ...split, strategy: defaultSplit(target).strategy } : split
}
