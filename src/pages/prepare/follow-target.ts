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
