import type { ColumnProfile } from '../../core/data/profile.ts'

/**
 * The classes of a column as targets name them, most frequent first: numbers as they are, never as they are
 * shown (1000, not 1,000). Of a numeric column only where it has two.
 */
export function classNames(profile: Pick<ColumnProfile, 'top' | 'numbers' | 'distinct'>): readonly string[] {
  if (profile.top) return profile.top.map((entry) => entry.value)
  if (!profile.numbers || profile.distinct !== 2) return []
  const { min, max, mean } = profile.numbers
  // Two values: their mean says how often each came. Of equals the larger counts as the rarer, as for targets.
  return mean - min > max - mean ? [String(max), String(min)] : [String(min), String(max)]
}
