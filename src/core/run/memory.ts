/**
 * What a training will take at its peak, told before it starts: the data, the features of the rows that teach and judge,
 * and the fit. Good to a factor of 2 (npm run bench -- memory).
 */
import type { ColumnInfo } from '../data/dataset.ts'
import type { PictureShape } from '../data/matrix.ts'
import { estimators } from '../estimators/registry.ts'
import { checkParams, type ParamValues } from '../params.ts'
import { pixelCount } from '../images/pixel-form.ts'
import { steps } from '../recipe/registry.ts'
import type { RecipeSpec } from '../recipe/step.ts'
import type { Space } from '../tune/space.ts'
import type { RunSpec } from './run-spec.ts'

/** What is known of the data before it is read. */
export interface DataShape {
  readonly rows: number
  /** Of all its columns as they are stored. */
  readonly bytes: number
  readonly columns: readonly ColumnInfo[]
  /** Of the target; 1 for numbers. */
  readonly classes: number
}

/** A worker with the code it needs, in a tab of Chromium. */
const workerBytes = 36 * 2 ** 20
/** What the engine has not collected yet of work that is over: it waits for about so much, or until little more is to be had. */
const uncollected = ({ bytes }: DataShape): number => Math.min(72 * 2 ** 20, 4 * bytes)

/** Numbers of a row that a recipe makes: categories at most as many as there are, pictures whole. */
export function featureCount(recipe: RecipeSpec, columns: readonly ColumnInfo[], target: string): number {
  let count = 0
  for (const column of columns) {
    if (column.name === target || recipe.excluded.includes(column.name)) continue
    let width = column.kind === 'text' || column.kind === 'id' || column.kind === 'image' ? 0 : 1
    for (const { step, columns: which, params } of recipe.steps) {
      if (!steps.has(step) || !(which.by === 'kind' ? which.kinds.includes(column.kind) : which.names.includes(column.name))) continue
      const definition = steps.get(step)
      const own = checkParams(step, definition.params, params)
      const form = definition.representation?.(own as never)
      if (step === 'onehot') width = Math.min((column.categories?.length ?? 1) + 1, Number(own['maxCategories'])) + 1
      else if (step === 'datetime-parts') width = Object.values(own as ParamValues).filter((on) => on === true).length
      else if (form) width = pixelCount(form)
    }
    count += width
  }
  return Math.max(1, count)
}

/** Of one worker, with its fit, by the rows that it learns from and those that it judges. */
function memoryOfJob({ estimator: { id, params }, recipe, target }: Pick<RunSpec, 'target' | 'recipe' | 'estimator'>, data: DataShape): (learnt: number, judged: number) => number {
  const estimator = estimators.get(id)
  const features = featureCount(recipe, data.columns, target.column)
  const picture = estimator.tags.takesPictures ? pictureOf(recipe) : undefined
  const own = checkParams(id, estimator.params, params) as never
  const fit = (rows: number): number => estimator.memory?.(own, { rows, features, classes: data.classes, ...(picture && { picture }) }) ?? 0
  return (learnt, judged) => workerBytes + uncollected(data) + data.bytes + 4 * features * (learnt + judged) + 8 * data.classes * judged + fit(learnt)
}

/** @param lanes folds that are trained side by side, each in a worker of its own but one */
export function memoryOf(spec: Pick<RunSpec, 'target' | 'split' | 'recipe' | 'estimator' | 'folds' | 'repeats' | 'sampleRows'>, data: DataShape, lanes: number): number {
  const job = memoryOfJob(spec, data)
  const validShare = spec.split.strategy.kind === 'column' ? 0.2 : spec.split.validShare
  const valid = data.rows * validShare
  const train = trainRowsOf(spec, data.rows)
  const own = job(train, valid)
  // A helper has the data of its own; this worker's folds come after its fit, in its place.
  const helpers = Math.min(lanes, (spec.folds ?? 1) * (spec.repeats ?? 1)) - 1
  return spec.folds === undefined ? own : own + helpers * job(Math.min(spec.sampleRows ?? Infinity, ((train + valid) * (spec.folds - 1)) / spec.folds), (train + valid) / spec.folds)
}

type SearchedRun = Pick<RunSpec, 'target' | 'split' | 'recipe' | 'estimator' | 'sampleRows'>
export interface SearchShape {
  readonly space: Space
  readonly trials: number
  readonly folds: number
}
/** The most that a search takes: as many of its folds as run side by side, each with the largest settings of the space. */
export function memoryOfSearch(spec: SearchedRun, { space, trials, folds }: SearchShape, data: DataShape, lanes: number): number {
  const { id, params } = spec.estimator
  const largest = { ...params, ...Object.fromEntries(space.flatMap((dimension) => (dimension.kind === 'choice' ? [] : [[dimension.name, dimension.high]]))) }
  const rows = trainRowsOf(spec, data.rows)
  return Math.min(lanes, folds * trials) * memoryOfJob({ ...spec, estimator: { id, params: largest } }, data)((rows * (folds - 1)) / folds, rows / folds)
}

/** What a recipe makes of a picture. */
function pictureOf({ steps: wanted }: RecipeSpec): PictureShape | undefined {
  for (const { step, params } of wanted) {
    if (!steps.has(step)) continue
    const form = steps.get(step).representation?.(checkParams(step, steps.get(step).params, params) as never)
    if (form) return [form.height, form.width, form.channels]
  }
  return undefined
}

function trainRowsOf({ split, sampleRows }: Pick<RunSpec, 'split' | 'sampleRows'>, rows: number): number {
  const share = split.strategy.kind === 'column' ? 0.6 : 1 - split.validShare - split.testShare
  return Math.min(sampleRows ?? Infinity, Math.round(rows * share))
}

/**
 * The most training rows that fit, with two digits, as a person would say them.
 * @returns undefined where all fit, 0 where the data alone are too much
 */
export const sampleThatFits = (spec: Parameters<typeof memoryOf>[0], data: DataShape, lanes: number, limit: number): number | undefined => mostRows(spec, data, limit, (sampled) => memoryOf(sampled, data, lanes))
/** The same for a search. */
export const searchSampleThatFits = (spec: SearchedRun, search: SearchShape, data: DataShape, lanes: number, limit: number): number | undefined => mostRows(spec, data, limit, (sampled) => memoryOfSearch(sampled, search, data, lanes))

function mostRows<T extends Pick<RunSpec, 'split' | 'sampleRows'>>(spec: T, data: DataShape, limit: number, needed: (spec: T) => number): number | undefined {
  const needs = (sampleRows: number): number => needed({ ...spec, sampleRows })
  const all = trainRowsOf(spec, data.rows)
  if (needs(all) <= limit) return undefined
  let [fits, over] = [0, all]
  while (over - fits > Math.max(1, fits / 200)) {
    const middle = Math.floor((fits + over) / 2)
    if (needs(middle) <= limit) fits = middle
    else over = middle
  }
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, fits))) - 1)
  const told = Math.floor(fits / unit) * unit
  return told >= smallestSample ? told : 0
}
/** A model of fewer rows says little of so many. */
const smallestSample = 1000
