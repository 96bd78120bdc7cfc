/** Binary: the positive class. Several classes: each against the rest, then their plain mean. */
import type { Score } from './metric.ts'
import type { Draw, Ranking } from './sample.ts'

export function overClasses(draw: Draw, problem: (ranking: Ranking, className: string) => string | undefined, area: (ranking: Ranking) => number): Score {
  const { classes } = draw.sample
  const indices = classes.length === 2 ? [1] : classes.map((_, index) => index)
  let sum = 0
  for (const index of indices) {
    const ranking = draw.ranking(index)
    const reason = problem(ranking, classes[index] as string)
    if (reason !== undefined) return { undefined: reason }
    sum += area(ranking)
  }
  return { value: sum / indices.length }
}
