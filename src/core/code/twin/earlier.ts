/** Models that this studio still answers with, but trains otherwise by now: a twin of their run would be another model. */
import type { ModelState } from '../../estimators/estimator.ts'

/** How it was trained, as opposed to now; undefined where nothing changed. */
export function earlierFit({ estimator, json }: ModelState): string | undefined {
  const several = ((json['classes'] ?? []) as readonly string[]).length > 2
  if (estimator === 'svm' && several && json['vectorsOfClass'] === undefined) return 'one machine a class against the rest, now one a pair of classes'
  if (estimator === 'linear-svm' && several && json['sigmoids'] !== undefined) return 'a sigmoid a class, now one temperature for all'
  if (estimator === 'decision-tree' && json['beatsChance'] !== true && ((json['categoryCounts'] ?? []) as readonly number[]).some((count) => count > 4)) return 'splits of many categories as good as those of numbers, now less what chance gives them'
  return undefined
}
