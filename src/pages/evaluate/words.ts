/** How scores, parts and experiments are put into words. */
import type { JudgedPart, SplitSpec } from '../../core/data/split.ts'
import { estimators } from '../../core/estimators/registry.ts'
import type { Condition } from '../../core/evaluate/slice.ts'
import type { Metric } from '../../core/metrics/metric.ts'
import { metrics } from '../../core/metrics/registry.ts'
import type { Run } from '../../core/run/run.ts'
import { formatNumber, formatUtc, shorten } from '../../ui/format.ts'

export { formatScore } from '../../ui/score-format.ts'

export const partWord: Readonly<Record<JudgedPart, string>> = { train: 'training', valid: 'validation', test: 'test', folds: 'out-of-fold' }
/** A sentence of the core, which counts rows, as it reads to whoever has pictures; names of classes stand in quotes. */
export const inWordsOf = (noun: 'row' | 'picture', text: string): string =>
  noun === 'row' ? text : text.replace(/“[^”]*”|\b([Rr])ow(?=s?\b)/g, (found, first: string | undefined) => (first === undefined ? found : first === 'R' ? 'Picture' : 'picture'))
/** Of very many classes those that take part in the most mistakes, in class order; the first where they are equal. */
export function mostConfused(counts: readonly (readonly number[])[], most: number): number[] {
  const mistakes = counts.map((line, i) => line.reduce((sum, count, j) => (i === j ? sum : sum + count + (counts[j]?.[i] ?? 0)), 0))
  return counts
    .map((_, i) => i)
    .sort((a, b) => (mistakes[b] as number) - (mistakes[a] as number) || a - b)
    .slice(0, most)
    .sort((a, b) => a - b)
}
export const estimatorLabel = (id: string): string => (estimators.has(id) ? estimators.get(id).label : id)
export const isBaseline = (run: Run): boolean => estimators.has(run.spec.estimator.id) && estimators.get(run.spec.estimator.id).tags.baseline
export const metricOf = (id: string): Metric | undefined => (metrics.has(id) ? metrics.get(id) : undefined)

export function splitWords(split: SplitSpec): string {
  const percent = (share: number) => `${Math.round(share * 100)}`
  const sizes = split.strategy.kind === 'column' ? '' : ` ${percent(1 - split.validShare - split.testShare)}/${percent(split.validShare)}/${percent(split.testShare)}`
  const how = {
    random: 'random split',
    stratified: 'stratified split',
    grouped: 'grouped split',
    time: 'time-ordered split',
    column: 'split by a column',
  }[split.strategy.kind]
  const by = 'column' in split.strategy && split.strategy.kind !== 'stratified' ? ` by ${shorten(split.strategy.column, 30)}` : ''
  return `${how}${by}${sizes}, seed ${split.seed}`
}

export function conditionWords(condition: Condition, date: { readonly layout?: string } | undefined): string {
  const name = shorten(condition.column, 40)
  if (condition.op === 'is') return `${name} is ${condition.value === null ? 'missing' : shorten(condition.value, 40) || '(empty)'}`
  const write = (value: number) => (date ? formatUtc(value, date.layout) : formatNumber(value))
  if (condition.low === null) return condition.high === null ? `${name} is there` : `${name} under ${write(condition.high)}`
  return condition.high === null ? `${name} at least ${write(condition.low)}` : `${name} from ${write(condition.low)} to under ${write(condition.high)}`
}
