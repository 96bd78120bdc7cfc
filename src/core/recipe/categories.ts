/** What the encoders share: training categories and how often each occurs. */
import type { CategoricalSeries } from './step.ts'

export interface CategoryCounts {
  readonly names: readonly string[]
  readonly counts: ReadonlyMap<string, number>
  readonly missing: number
  readonly rows: number
}

/** Categories that occur, by code unit order, so that the order of rows and dictionaries does not matter. */
export function countCategories({ codes, dictionary }: CategoricalSeries): CategoryCounts {
  const byCode = new Float64Array(dictionary.length)
  let missing = 0
  for (const code of codes) {
    if (code < 0) missing++
    else byCode[code] = (byCode[code] as number) + 1
  }
  const counts = new Map<string, number>()
  dictionary.forEach((name, code) => (byCode[code] as number) > 0 && counts.set(name, byCode[code] as number))
  const names = [...counts.keys()].sort((a, b) => (a < b ? -1 : 1))
  return { names, counts, missing, rows: codes.length }
}

/** Most frequent first; of equals by code unit. */
export const byFrequency = ({ names, counts }: CategoryCounts): readonly string[] =>
  [...names].sort((a, b) => (counts.get(b) as number) - (counts.get(a) as number) || (a < b ? -1 : 1))
