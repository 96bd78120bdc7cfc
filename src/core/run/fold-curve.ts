/** Scores over folds while one thing varies: how many rows are learnt from, or one parameter. The sealed test part takes no part. */
import type { Context } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { classesOf, encodeTarget } from '../data/encode-target.ts'
import { makeFolds, type Fold, type FoldSpec } from '../data/folds.ts'
import { StudioError } from '../errors.ts'
import { learningVerdict, validationVerdict, type CurvePoint, type CurveVerdict } from '../evaluate/curve-verdict.ts'
import { estimators } from '../estimators/registry.ts'
import type { Metric } from '../metrics/metric.ts'
import { metrics } from '../metrics/registry.ts'
import { Sample, wholeDraw } from '../metrics/sample.ts'
import { checkParams, type Param, type ParamTable, type ParamValue } from '../params.ts'
import { fitRecipe } from '../recipe/recipe.ts'
import { defaultSpace, levelsOf, paramsAt, type NumberDimension } from '../tune/space.ts'
import { aside, type FoldRecipe } from './fold.ts'
import { pipelineOf } from './open-pipeline.ts'
import { sampleWeights } from './sample-weight.ts'

export type CurveOver = { readonly by: 'rows' } | { readonly by: 'parameter'; readonly name: string; readonly values: readonly number[] }
export interface FoldCurve {
  readonly kind: 'fold-curve'
  readonly over: CurveOver
  readonly metric: string
  readonly folds: number
  /** Rows that took part. */
  readonly rows: number
  /** Shares of each fold's other rows, or values of the parameter; ascending. */
  readonly x: readonly number[]
  readonly points: readonly CurvePoint[]
  /** Index of the run's own value; the last for rows. */
  readonly current: number
  /** Mean held-out score of guessing. */
  readonly baseline: number | null
  readonly verdict: CurveVerdict
  /** It was stopped; `points` are those that were finished. */
  readonly stopped: boolean
}

/** As scikit-learn's learning_curve. */
export const curveShares = [0.1, 0.325, 0.55, 0.775, 1] as const

/** What a parameter is varied over: about `count` values of its default search range, and the present one. */
export function valuesAlong(table: ParamTable, name: string, present: ParamValue, count = 7): readonly number[] {
  const param = table[name] as Param
  if (typeof present !== 'number' || (param.kind !== 'number' && param.kind !== 'integer')) return []
  const known = defaultSpace({ [name]: { ...param, advanced: false } })[0] as NumberDimension | undefined
  // Beyond a default of 0, such as "no penalty", the range is left to the table.
  const dimension: NumberDimension = known ?? { kind: param.kind, name, low: param.min, high: Math.min(param.max, param.min + 1), scale: 'linear' }
  const made = levelsOf(dimension, count).map((level) => Number((paramsAt([dimension], [level])[name] as number).toPrecision(3)))
  return [...new Set([...made, present])].sort((a, b) => a - b)
}

/**
 * @param rows rows that take part, each with a target
 * @throws StudioError bad-data, bad-param, unsupported, diverged, cancelled
 */
export async function foldCurve(spec: FoldRecipe, dataset: Dataset, rows: Uint32Array, over: CurveOver, metricId: string, folding: FoldSpec, context: Context): Promise<FoldCurve> {
  const estimator = estimators.get(spec.estimator.id)
  const metric = metrics.get(metricId)
  if (!metric.tasks.includes(spec.target.task)) throw new StudioError({ code: 'bad-param', message: `invalid metric; not one for ${spec.target.task}: ${metric.id}` })
  const own = checkParams(estimator.id, estimator.params, spec.estimator.params)
  const x = over.by === 'rows' ? curveShares : over.values
  const variants = x.map((value) => (over.by === 'rows' ? { share: value, params: own } : { share: 1, params: checkParams(estimator.id, estimator.params, { ...spec.estimator.params, [over.name]: value }) }))
  const judge = new Judge(spec, dataset, rows, metric)
  const whole = makeFolds(dataset.columns, rows, folding)
  const guess = estimators.all.find((entry) => entry.tags.baseline && entry.tasks.includes(spec.target.task)) as (typeof estimators.all)[number]
  const total = Math.round(1000 * variants.reduce((sum, { share }) => sum + share, 0) * whole.length)
  let done = 0
  const guesses: (number | null)[] = []
  for (const fold of whole) guesses.push((await judge.scores(guess.id, checkParams(guess.id, guess.params, {}), fold, context, () => {})).held)
  const points: CurvePoint[] = []
  let stopped = false
  for (const [at, { share, params }] of variants.entries()) {
    const folds = share === 1 ? whole : makeFolds(dataset.columns, rows, { ...folding, trainShare: share })
    const scores: { train: number | null; held: number | null }[] = []
    for (const fold of folds) {
      stopped ||= context.stopping() && at > 0
      if (stopped) break
      const weight = 1000 * share
      const tell = (part: number): void => context.report({ kind: 'step', phase: 'fold-curve', done: Math.min(total, Math.round(done + weight * part)), total })
      scores.push(await judge.scores(estimator.id, params, fold, context, tell))
      done += weight
      tell(0)
    }
    if (stopped) break
    const point = { rows: folds.reduce((sum, fold) => sum + fold.train.length, 0) / folds.length, train: scores.map(({ train }) => train), held: scores.map(({ held }) => held) }
    points.push(point)
    report(context, over.by === 'rows' ? point.rows : at, point)
  }
  context.report({ kind: 'step', phase: 'fold-curve', done: total, total })
  const baseline = meanOf(guesses)
  const tried = x.slice(0, points.length)
  const current = over.by === 'rows' ? points.length - 1 : tried.indexOf(own[over.name] as unknown as number)
  const verdict = over.by === 'rows' ? learningVerdict(points, metric, baseline, folding.folds) : validationVerdict(points, current, metric, baseline, folding.folds)
  return { kind: 'fold-curve', over, metric: metric.id, folds: whole.length, rows: rows.length, x: tried, points, current, baseline, verdict, stopped }
}

function report(context: Context, x: number, point: CurvePoint): void {
  for (const [series, scores] of [['training rows', point.train], ['held-out rows', point.held]] as const) {
    const y = meanOf(scores)
    if (y !== null) context.report({ kind: 'curve', series, x, y })
  }
}

/** Over what is defined; null of nothing. */
export function meanOf(scores: readonly (number | null)[]): number | null {
  const defined = scores.filter((score) => score !== null)
  return defined.length === 0 ? null : defined.reduce((sum, score) => sum + score, 0) / defined.length
}

class Judge {
  readonly #spec: FoldRecipe
  readonly #dataset: Dataset
  readonly #metric: Metric
  readonly #classes: readonly string[]

  constructor(spec: FoldRecipe, dataset: Dataset, rows: Uint32Array, metric: Metric) {
    this.#spec = spec
    this.#dataset = dataset
    this.#metric = metric
    this.#classes = spec.target.task === 'regression' ? [] : classesOf(columnNamed(dataset, spec.target.column), spec.target, rows)
  }

  /** Learns from a fold's rows and scores both those and the held-out ones. @param tell how far the fit is, in [0, 1] */
  async scores(id: string, params: ReturnType<typeof checkParams>, fold: Fold, context: Context, tell: (part: number) => void): Promise<{ train: number | null; held: number | null }> {
    const { target, recipe, seed, sampleWeight } = this.#spec
    const column = columnNamed(this.#dataset, target.column)
    const y = encodeTarget(column, target, fold.train, this.#classes)
    // Too few rows to have met two classes: nothing can be learnt, so nothing is said.
    if (y.task !== 'regression' && new Set(y.codes).size < 2) return { train: null, held: null }
    // The guess it is held against stays unweighted, as the scores are.
    const weights = id === this.#spec.estimator.id ? sampleWeights(this.#spec, this.#dataset, fold.train) : undefined
    const { state, train: X } = fitRecipe(this.#dataset.columns, fold.train, recipe, { target: target.column, sampleWeight })
    let reached = 0
    const quiet: Context = {
      ...aside(context),
      report: (progress) => {
        if (progress.kind !== 'step' || progress.total <= 0) return
        reached = Math.max(reached, progress.done / progress.total)
        tell(reached * 0.9)
      },
    }
    const model = await estimators.get(id).fit(X, y, { params, seed, ...(weights && { weights }) }, quiet)
    const pipeline = pipelineOf({ target, classes: this.#classes, recipe: state, model })
    const score = async (rows: Uint32Array): Promise<number | null> => {
      const prediction = await pipeline.predict(this.#dataset.columns, rows, quiet)
      const numbers = prediction.task === 'regression' ? prediction.values : prediction.probabilities
      if (!numbers.every(Number.isFinite)) return null
      const found = this.#metric.scoreDraw(wholeDraw(new Sample({ target: encodeTarget(column, target, rows, this.#classes), prediction })))
      return 'undefined' in found ? null : found.value
    }
    return { train: await score(fold.train), held: await score(fold.held) }
  }
}
