/** Scores over folds while one thing varies: how many rows are learnt from, or one parameter. The sealed test part takes no part. */
import type { Context, Progress } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { classesOf, encodeTarget } from '../data/encode-target.ts'
import { makeFolds, type Fold, type FoldSpec } from '../data/folds.ts'
import { StudioError } from '../errors.ts'
import { learningVerdict, validationVerdict, type CurvePoint, type CurveVerdict } from '../evaluate/curve-verdict.ts'
import { estimators } from '../estimators/registry.ts'
import { metrics } from '../metrics/registry.ts'
import { checkParams, type Param, type ParamTable, type ParamValue } from '../params.ts'
import { defaultSpace, levelsOf, paramsAt, type NumberDimension } from '../tune/space.ts'
import { aloneOn, aside, judging, sideBySide, type FoldRecipe } from './fold.ts'

export type CurveOver = { readonly by: 'rows' } | { readonly by: 'parameter'; readonly name: string; readonly values: readonly number[] }
export interface FoldCurve {
  readonly kind: 'fold-curve'
  readonly over: CurveOver
  readonly metric: string
  readonly folds: number
  /** Rows that took part. */
  readonly rows: number
  /** Shares of the rows that each fold learns from, or values of the parameter; ascending. */
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

/** One training: of a point of the curve, or of the guess it is held against. */
interface Work {
  readonly variant: number | undefined
  /** Of the whole, as far as the rows tell. */
  readonly weight: number
  readonly fold: Fold
  readonly recipe: FoldRecipe
}
interface Scored {
  readonly train: number | null
  readonly held: number | null
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
  const { target, recipe, seed } = spec
  const column = columnNamed(dataset, target.column)
  const classes = target.task === 'regression' ? [] : classesOf(column, target, rows)
  const pool = context.pool ?? aloneOn(dataset)
  const judgedBy = judging(target.task).indexOf(metric)
  const whole = makeFolds(dataset.columns, rows, folding)
  const guess = estimators.all.find((entry) => entry.tags.baseline && entry.tasks.includes(target.task)) as (typeof estimators.all)[number]
  // The guess it is held against stays unweighted, as the scores are.
  const guessing: FoldRecipe = { target, recipe, seed, estimator: { id: guess.id, params: {} } }
  const work: readonly Work[] = [
    ...whole.map((fold): Work => ({ variant: undefined, weight: 0, fold, recipe: guessing })),
    ...variants.flatMap(({ share, params }, variant) =>
      (share === 1 ? whole : makeFolds(dataset.columns, rows, { ...folding, trainShare: share * (folding.trainShare ?? 1) })).map((fold): Work => ({ variant, weight: 1000 * share, fold, recipe: { ...spec, estimator: { id: estimator.id, params } } })),
    ),
  ]
  const total = Math.round(work.reduce((sum, { weight }) => sum + weight, 0))
  const reached = new Float64Array(work.length)
  const scores: (Scored | undefined)[] = work.map(() => undefined)
  const points: CurvePoint[] = []
  const tell = (at: number, part: number): void => {
    reached[at] = Math.max(reached[at] as number, part)
    context.report({ kind: 'step', phase: 'fold-curve', done: Math.min(total, Math.round(work.reduce((sum, { weight }, i) => sum + weight * (reached[i] as number), 0))), total })
  }
  /** Points whose folds are all done, in order. */
  const advance = (): void => {
    for (;;) {
      const own = work.flatMap(({ variant, fold }, i) => (variant === points.length ? [{ fold, scores: scores[i] }] : []))
      if (own.length === 0 || own.some(({ scores }) => scores === undefined)) return
      const point = { rows: own.reduce((sum, { fold }) => sum + fold.learnt, 0) / own.length, train: own.map(({ scores }) => (scores as Scored).train), held: own.map(({ scores }) => (scores as Scored).held) }
      points.push(point)
      report(context, over.by === 'rows' ? point.rows : points.length - 1, point)
    }
  }
  const judge = async ({ fold: { train, held }, recipe }: Work, within: Context): Promise<Scored> => {
    const y = encodeTarget(column, target, train, classes)
    // Too few rows to have met two classes: nothing can be learnt, so nothing is said.
    if (y.task !== 'regression' && new Set(y.codes).size < 2) return { train: null, held: null }
    try {
      const { scores, trainScores } = await pool.fold({ spec: recipe, classes, train, held, judgesTraining: true }, within)
      return { train: trainScores?.[judgedBy] ?? null, held: scores[judgedBy] ?? null }
    } catch (error) {
      // One value too far must not cost the others.
      if (error instanceof StudioError && error.code === 'diverged') return { train: null, held: null }
      throw error
    }
  }
  await sideBySide(
    work,
    pool.lanes,
    aside(context),
    async (item, at, within) => {
      const hear = (progress: Progress): void => {
        if (progress.kind === 'step' && progress.total > 0) tell(at, (0.9 * progress.done) / progress.total)
      }
      scores[at] = await judge(item, { ...within, report: hear })
      tell(at, 1)
      advance()
    },
    // The first point at least.
    ({ variant = 0 }) => variant === 0 || !context.stopping(),
  )
  context.report({ kind: 'step', phase: 'fold-curve', done: total, total })
  const baseline = meanOf(scores.flatMap((score, i) => (work[i]?.variant === undefined && score ? [score.held] : [])))
  const tried = x.slice(0, points.length)
  const current = over.by === 'rows' ? points.length - 1 : tried.indexOf(own[over.name] as unknown as number)
  // By time the first folds learn from fewer rows than the last, so the folds are asked.
  const heldToTrained = whole.reduce((sum, { held, train }) => sum + held.length / train.length, 0) / whole.length
  const verdict = over.by === 'rows' ? learningVerdict(points, metric, baseline, heldToTrained) : validationVerdict(points, current, metric, baseline, heldToTrained)
  return { kind: 'fold-curve', over, metric: metric.id, folds: whole.length, rows: rows.length, x: tried, points, current, baseline, verdict, stopped: points.length < variants.length }
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
