/** A split that nobody chose follows the target; what a person chose stays. */
import { defaultSplit } from '../../core/data/default-split.ts'
import type { SplitSpec } from '../../core/data/split.ts'
import type { TargetSpec } from '../../core/data/target.ts'
import { canonicalJson } from '../../core/ids.ts'

export function followTarget(split: SplitSpec | null, before: TargetSpec | null, target: TargetSpec): SplitSpec {
  if (!split) return defaultSplit(target)
  const chosen = !before || canonicalJson(split.strategy) !== canonicalJson(defaultSplit(before).strategy)
  return chosen ? split : { ...split, strategy: defaultSplit(target).strategy }
}

/** What is said where a split changed its way with the target; undefined where it did not. */
export function followedText(before: SplitSpec | null, after: SplitSpec): string | undefined {
  if (!before || before.strategy.kind === after.strategy.kind) return undefined
  return after.strategy.kind === 'stratified' ? 'Split: at random, with the classes of the new target kept even.' : 'Split: at random, as the new target has no classes to keep even.'
}
