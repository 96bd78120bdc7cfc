/** What runs were told, side by side. */
import type { Run } from '../../../core/run/run.ts'
import { steps } from '../../../core/recipe/registry.ts'
import { formatCount, formatDuration, formatNumber, shorten } from '../../../ui/format.ts'
import { paramsInWords } from '../../../ui/run-words.ts'
import { estimatorLabel } from '../words.ts'

export interface Setting {
  readonly name: string
  /** One a run; empty where a run has no such setting. */
  readonly values: readonly string[]
  readonly differs: boolean
  /** It came of the training rather than having been chosen. */
  readonly isOutcome: boolean
}

function settingsOf(run: Run): readonly (readonly [string, string])[] {
  const { spec } = run
  const recipe = spec.recipe.steps.map((step) => `${steps.has(step.step) ? steps.get(step.step).label : step.step}${Object.keys(step.params).length > 0 ? ` (${Object.values(step.params).map(String).join(', ')})` : ''}`)
  return [
    ['Estimator', estimatorLabel(spec.estimator.id)],
    ...paramsInWords(spec).map(({ name, value }) => [name, value] as const),
    ['Seed', String(spec.seed)],
    ['Recipe', shorten(recipe.join(' → ') || 'as they are', 300)],
    ['Columns left aside', shorten([...spec.recipe.excluded].sort().join(', ') || 'none', 300)],
    ['Sample weight', spec.sampleWeight ?? 'none'],
    ['Sample', spec.sampleRows === undefined ? 'all training rows' : `${formatCount(spec.sampleRows)} training rows`],
    ['Folds', spec.folds === undefined ? 'none' : spec.repeats === undefined ? String(spec.folds) : `${spec.repeats} times ${spec.folds}`],
  ]
}
const outcomesOf = (run: Run): readonly (readonly [string, string])[] => [
  ['Features', String(run.features.length)],
  ...(run.spec.target.task === 'binary' ? [['Threshold', formatNumber(run.threshold, 4)] as const] : []),
  ['Time to fit', run.timings ? formatDuration(run.timings.fit) : ''],
]

/** Settings of any of the runs, in the order in which they first appear. */
export function compareSettings(runs: readonly Run[]): readonly Setting[] {
  const lined = (of: (run: Run) => readonly (readonly [string, string])[], isOutcome: boolean): Setting[] => {
    const lists = runs.map((run) => new Map(of(run)))
    return [...new Set(lists.flatMap((list) => [...list.keys()]))].map((name) => {
      const values = lists.map((list) => list.get(name) ?? '')
      return { name, values, differs: new Set(values).size > 1, isOutcome }
    })
  }
  return [...lined(settingsOf, false), ...lined(outcomesOf, true)]
}
