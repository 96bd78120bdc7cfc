/** Edits of a recipe as pure functions, and what stood before and after each step. */
import type { ColumnInfo } from '../../core/data/dataset.ts'
import { defaultsOf, type ParamValues } from '../../core/params.ts'
import type { RecipeSpec, Selector, SeriesKind, Step, StepSpec } from '../../core/recipe/step.ts'
import type { RecipePreview, SeriesSummary } from '../../jobs/protocol.ts'

export const emptyRecipe: RecipeSpec = { version: 1, steps: [], excluded: [] }

/** An id no step of this recipe has: impute, impute-2, ... */
export function freshStepId(recipe: RecipeSpec, step: string): string {
  const taken = new Set(recipe.steps.map((entry) => entry.id))
  let n = 1
  while (taken.has(n === 1 ? step : `${step}-${n}`)) n++
  return n === 1 ? step : `${step}-${n}`
}

export function addStep(recipe: RecipeSpec, step: Step): { readonly recipe: RecipeSpec; readonly id: string } {
  const id = freshStepId(recipe, step.id)
  // Dropping every column is never meant: that step starts with none chosen.
  const columns: Selector = step.id === 'drop' ? { by: 'name', names: [] } : { by: 'kind', kinds: step.kinds }
  return { id, recipe: { ...recipe, steps: [...recipe.steps, { id, step: step.id, columns, params: defaultsOf(step.params) as ParamValues }] } }
}

export const changeStep = (recipe: RecipeSpec, id: string, change: Partial<StepSpec>): RecipeSpec => ({
  ...recipe,
  steps: recipe.steps.map((entry) => (entry.id === id ? { ...entry, ...change } : entry)),
})

export const removeStep = (recipe: RecipeSpec, id: string): RecipeSpec => ({ ...recipe, steps: recipe.steps.filter((entry) => entry.id !== id) })

/** Moves a step so that it stands at this place. */
export function moveStep(recipe: RecipeSpec, id: string, to: number): RecipeSpec {
  const from = recipe.steps.findIndex((entry) => entry.id === id)
  const place = Math.min(Math.max(0, to), recipe.steps.length - 1)
  if (from < 0 || from === place) return recipe
  const steps = [...recipe.steps]
  const [moved] = steps.splice(from, 1)
  steps.splice(place, 0, moved as StepSpec)
  return { ...recipe, steps }
}

export const setExcluded = (recipe: RecipeSpec, column: string, out: boolean): RecipeSpec => ({
  ...recipe,
  excluded: out ? [...recipe.excluded.filter((name) => name !== column), column] : recipe.excluded.filter((name) => name !== column),
})

const kindWords: Readonly<Record<SeriesKind, string>> = { numeric: 'numbers', boolean: 'yes or no', categorical: 'categories', datetime: 'dates', text: 'texts', id: 'identifiers', image: 'pictures' }

/** "all numbers and categories", "age, fare and 3 more", "no column yet". */
export function selectorWords(selector: Selector): string {
  if (selector.by === 'kind') {
    const words = selector.kinds.map((kind) => kindWords[kind])
    if (words.length === 0) return 'no column yet'
    return words.length === 1 ? `all ${words[0]}` : `all ${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
  }
  const names = selector.names.map((name) => (name.length > 30 ? `${name.slice(0, 29)}…` : name))
  if (names.length === 0) return 'no column yet'
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
}

export interface Change {
  readonly source: string
  readonly before: readonly SeriesSummary[]
  readonly after: readonly SeriesSummary[]
}
/** What one step did, by the column each series descends from. */
export function changesOf(preview: RecipePreview, id: string): readonly Change[] {
  let now: readonly SeriesSummary[] = preview.before
  for (const step of preview.steps) {
    const touched = new Set(step.touched)
    const before = now.filter((series) => touched.has(series.name))
    if (step.id === id) {
      const sources = [...new Set([...before, ...step.after].map((series) => series.source))]
      return sources.map((source) => ({ source, before: before.filter((series) => series.source === source), after: step.after.filter((series) => series.source === source) }))
    }
    now = [...now.filter((series) => !touched.has(series.name)), ...step.after]
  }
  return []
}

/** Columns a step may be pointed at by name. */
export const eligible = (step: Step, params: ParamValues, columns: readonly ColumnInfo[], target: string | undefined) =>
  columns
    .filter((column) => column.name !== target)
    .map((column) => ({ name: column.name, kind: column.kind, refused: step.refuses({ name: column.name, kind: column.kind }, params as never) }))
