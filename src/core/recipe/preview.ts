/** What a recipe does to the training rows, step by step, as small summaries for the page. */
import type { Column } from '../data/column.ts'
import type { Split } from '../data/split.ts'
import { finite } from './numbers.ts'
import { fitRecipe } from './recipe.ts'
import { missingIn, seriesOf } from './series.ts'
import type { RecipeSpec, Series } from './step.ts'

export interface SeriesNumbers {
  readonly name: string
  readonly source: string
  readonly kind: string
  readonly missing: number
  readonly mean?: number
  readonly sd?: number
  readonly min?: number
  readonly max?: number
  readonly histogram?: { readonly edges: readonly number[]; readonly counts: readonly number[] }
  readonly top?: readonly { readonly value: string; readonly count: number }[]
}
export interface RecipeSteps {
  readonly trainRows: number
  readonly before: readonly SeriesNumbers[]
  readonly steps: readonly { readonly id: string; readonly touched: readonly string[]; readonly after: readonly SeriesNumbers[] }[]
  readonly features: readonly string[]
  readonly leftOut: readonly { readonly column: string; readonly reason: string }[]
}

const bins = 20
const topLimit = 8

function ofNumbers(values: ArrayLike<number>): Pick<SeriesNumbers, 'mean' | 'sd' | 'min' | 'max' | 'histogram'> {
  const n = values.length
  if (n === 0) return {}
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  for (let i = 0; i < n; i++) {
    const value = values[i] as number
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
  }
  const mean = sum / n
  let squares = 0
  const counts = new Array<number>(min === max ? 1 : bins).fill(0)
  for (let i = 0; i < n; i++) {
    const value = values[i] as number
    squares += (value - mean) ** 2
    const at = min === max ? 0 : Math.min(bins - 1, Math.floor(((value - min) / (max - min)) * bins))
    counts[at] = (counts[at] as number) + 1
  }
  const edges = Array.from({ length: counts.length + 1 }, (_, i) => min + ((max - min) * i) / counts.length)
  return { mean, sd: Math.sqrt(squares / n), min, max, histogram: { edges, counts } }
}

export function summarise(series: Series): SeriesNumbers {
  const base = { name: series.name, source: series.source, kind: series.kind, missing: missingIn(series) }
  if (series.kind === 'numeric' || series.kind === 'boolean') return { ...base, ...ofNumbers(finite(series.values)) }
  if (series.kind === 'datetime') return { ...base, ...ofNumbers(series.seconds.filter((value) => !Number.isNaN(value))) }
  if (series.kind !== 'categorical') return base
  const counts = new Float64Array(series.dictionary.length)
  for (const code of series.codes) if (code >= 0) counts[code] = (counts[code] as number) + 1
  const top = series.dictionary
    .map((value, code) => ({ value, count: counts[code] as number }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, topLimit)
  return { ...base, top }
}

/** @throws StudioError as fitRecipe */
export function previewRecipe(columns: readonly Column[], split: Split, spec: RecipeSpec, target: string): RecipeSteps {
  const steps: RecipeSteps['steps'][number][] = []
  const before = columns.filter((column) => column.name !== target && !spec.excluded.includes(column.name)).map((column) => summarise(seriesOf(column, split.train)))
  const { state } = fitRecipe(columns, split.train, spec, { target }, ({ id, touched, after }) => steps.push({ id, touched, after: after.map(summarise) }))
  return { trainRows: split.train.length, before, steps, features: state.features.map(({ name }) => name), leftOut: state.leftOut }
}
