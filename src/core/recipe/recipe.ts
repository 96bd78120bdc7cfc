/**
 * Fits a recipe on training rows and applies what it learnt to any rows. `fitRecipe` takes TrainRows,
 * which only a split makes: learning from other rows is a compile error, not a discipline.
 */
import { StudioError } from '../errors.ts'
import { isValid, type Column } from '../data/column.ts'
import { columnNamed } from '../data/dataset.ts'
import type { Feature, Matrix } from '../data/matrix.ts'
import type { TrainRows } from '../data/split.ts'
import { checkParams } from '../params.ts'
import type { GraphBuilder } from '../onnx/graph.ts'
import { steps } from './registry.ts'
import { exactPartsOf, seriesLength, seriesOf } from './series.ts'
import type { FittedRecipeState, GraphSeries, Json, RecipeSpec, Selector, Series, SeriesKind } from './step.ts'

export interface FitRecipeOptions {
  /** The column that is learnt: never a feature. */
  readonly target: string
  /** The column that weighs training rows: never a feature either. */
  readonly sampleWeight?: string | undefined
}
/** A state as JSON gives it back (-0 comes back as 0), so that a fresh fit and a stored one give the same bits. */
const asStored = (state: Json): Json => JSON.parse(JSON.stringify(state)) as Json
/** Called after each step with the series it made, for previews. */
export type StepWatcher = (step: { readonly id: string; readonly touched: readonly string[]; readonly after: readonly Series[] }) => void

/** A predicate with its names in a set: tables of 20,000 columns must not cost their square. */
function selects(selector: Selector): (series: { readonly kind: SeriesKind; readonly source: string }) => boolean {
  if (selector.by === 'kind') return ({ kind }) => selector.kinds.includes(kind)
  const names = new Set(selector.names)
  return ({ source }) => names.has(source)
}

/** Renames newcomers whose name is taken, so that learnt states are found by name without doubt. */
function unique<T extends { readonly name: string }>(made: readonly T[], taken: Set<string>): T[] {
  return made.map((item) => {
    let name = item.name
    for (let i = 2; taken.has(name); i++) name = `${item.name} (${i})`
    taken.add(name)
    return name === item.name ? item : { ...item, name }
  })
}

/** Replaces the series that a step knows by what it makes of them; fit, apply and graph share this order. */
function advance<T extends { readonly name: string }>(current: readonly T[], learnt: ReadonlyMap<string, Json>, make: (series: T, state: Json) => readonly T[]): T[] {
  const taken = new Set(current.filter((series) => !learnt.has(series.name)).map((series) => series.name))
  return current.flatMap((series) => (learnt.has(series.name) ? unique(make(series, learnt.get(series.name) as Json), taken) : [series]))
}

function hasValues(column: Column): boolean {
  for (let row = 0; row < column.length; row++) if (isValid(column, row)) return true
  return false
}

const leftOutReasons: Readonly<Record<SeriesKind, string>> = {
  numeric: '',
  boolean: '',
  categorical: 'a category needs an encode step before a model can read it',
  datetime: 'a date needs the step that takes dates apart',
  text: 'no model here reads free text yet',
  id: 'it names rows, so a model could only learn them by heart',
  image: 'a picture needs a step that makes numbers of it',
}

/**
 * @param columns the dataset's columns
 * @param rows training rows; nothing else is looked at
 * @throws StudioError bad-param for a step's parameters, bad-data where nothing is left to learn from
 */
export function fitRecipe(columns: readonly Column[], rows: TrainRows, spec: RecipeSpec, options: FitRecipeOptions, watch?: StepWatcher): { readonly state: FittedRecipeState; readonly train: Matrix } {
  const leftOut = new Map<string, string>()
  const excluded = new Set(spec.excluded)
  let current: Series[] = []
  for (const column of columns) {
    if (column.name === options.target) continue
    if (column.name === options.sampleWeight) {
      leftOut.set(column.name, 'it weighs the rows')
      continue
    }
    if (excluded.has(column.name)) {
      leftOut.set(column.name, 'the recipe leaves it out')
      continue
    }
    if (!rows.some((row) => isValid(column, row))) {
      leftOut.set(column.name, hasValues(column) ? 'no training row has a value' : 'no row has a value')
      continue
    }
    const series = seriesOf(column, rows)
    if (series.kind === 'numeric' && series.values.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY)) leftOut.set(column.name, 'it holds numbers beyond 3.4e38, the largest that a served model reads')
    else current.push(series)
  }
  const entered = current.map(({ name, kind }) => ({ name, kind }))
  const learnt: { id: string; step: string; series: { name: string; state: Json }[] }[] = []
  for (const wanted of spec.steps) {
    const step = steps.get(wanted.step)
    const params = checkParams(step.id, step.params, wanted.params)
    const states = new Map<string, Json>()
    const isSelected = selects(wanted.columns)
    for (const series of current) {
      // A picture is not a number: what scales numbers leaves it alone.
      if (isSelected(series) && !('shape' in series) && step.refuses(series, params) === undefined) states.set(series.name, asStored(step.fit(series, params)))
    }
    learnt.push({ id: wanted.id, step: step.id, series: [...states].map(([name, state]) => ({ name, state })) })
    const before = new Set(current)
    current = advance(current, states, (series, state) => step.apply(series, state))
    watch?.({ id: wanted.id, touched: [...states.keys()], after: current.filter((series) => !before.has(series)) })
  }
  const features = current.flatMap(toFeature)
  for (const { kind, source } of current) if (leftOutReasons[kind] !== '' && !leftOut.has(source)) leftOut.set(source, leftOutReasons[kind])
  const remaining = new Set(current.map(({ source }) => source))
  for (const { name } of entered) if (!remaining.has(name)) leftOut.set(name, 'a step dropped it')
  if (features.length === 0) {
    throw new StudioError({
      code: 'bad-data',
      message: `missing features; the recipe leaves none of ${columns.length - 1} columns: ${[...leftOut].slice(0, 10).map(([column, reason]) => `${column.slice(0, 40)} (${reason})`).join('; ').slice(0, 400) || 'there is no column besides the target'}`,
      hint: 'Keep at least one numeric, boolean, categorical or datetime column.',
    })
  }
  const used = new Set(features.map((feature) => feature.source))
  const enteredNames = new Set(entered.map(({ name }) => name))
  const state: FittedRecipeState = {
    version: 1,
    spec,
    // Only columns that reach the model are asked for when it is served.
    inputs: entered.filter(({ name }) => used.has(name)),
    learnt: learnt.map((step) => ({ ...step, series: step.series.filter(({ name }) => used.has(name) || !enteredNames.has(name)) })),
    features: features.map(({ name, source, categories }) => (categories ? { name, source, categories } : { name, source })),
    leftOut: [...leftOut].map(([column, reason]) => ({ column, reason })),
  }
  return { state, train: { rows: rows.length, features } }
}

function toFeature(series: Series): Feature[] {
  if (series.kind !== 'numeric' && series.kind !== 'boolean') return []
  const { name, source, values, categories, shape } = series
  if (shape) return [{ name, source, values, shape }]
  return [categories ? { name, source, values, categories } : { name, source, values }]
}

const statesOf = (learnt: FittedRecipeState['learnt'][number]): ReadonlyMap<string, Json> => new Map(learnt.series.map(({ name, state }) => [name, state]))

/**
 * Any form of a fitted recipe: values, graph nodes, lines of a program. Order and names of what comes out are the same in all.
 * @param make what a step, by its id and place, makes of a series that it knows
 */
export function walkRecipe<T extends { readonly name: string }>(state: FittedRecipeState, inputs: readonly T[], make: (step: string, series: T, state: Json, place: number) => readonly T[]): T[] {
  let current = [...inputs]
  state.learnt.forEach((learnt, place) => (current = advance(current, statesOf(learnt), (series, stepState) => make(learnt.step, series, stepState, place))))
  return current
}

/**
 * The features of any rows, in the order the model was fitted on.
 * @param rows row numbers into the columns; default all
 * @throws StudioError bad-data for a column that is missing or of another kind than in training
 */
export function applyRecipe(state: FittedRecipeState, columns: readonly Column[], rows?: ArrayLike<number>): Matrix {
  const byName = new Map(columns.map((column) => [column.name, column]))
  const taken = new Set(state.inputs.filter(({ exact }) => !exact).map(({ name }) => name))
  let current = state.inputs.flatMap(({ name, kind, exact }): readonly Series[] => {
    const column = byName.get(name) ?? columnNamed({ columns }, name)
    if (column.kind !== kind) {
      throw new StudioError({ code: 'bad-data', message: `invalid column ${name.slice(0, 100)}; the model was trained on ${kind} values: ${column.kind}`, details: { column: name.slice(0, 200) } })
    }
    return exact ? unique(exactPartsOf(column, rows), taken) : [seriesOf(column, rows)]
  })
  const length = current[0] ? seriesLength(current[0]) : (rows?.length ?? 0)
  current = walkRecipe(state, current, (step, series, stepState) => steps.get(step).apply(series, stepState))
  return { rows: length, features: current.flatMap(toFeature) }
}

/** The same recipe as graph nodes. @param inputs one series for each of `state.inputs`, in order */
export function recipeToOnnx(state: FittedRecipeState, inputs: readonly GraphSeries[], graph: GraphBuilder): readonly GraphSeries[] {
  return walkRecipe(state, inputs, (step, series, stepState) => steps.get(step).toOnnx(series, stepState, graph)).filter((series) => series.kind === 'numeric' || series.kind === 'boolean')
}
