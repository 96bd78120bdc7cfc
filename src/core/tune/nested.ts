/**
 * What a search is worth: it is done again on the other rows of each outer fold, and the model of the settings that it
 * chose there is judged on the rows that neither search nor training saw (Varma & Simon 2006).
 */
import type { Context } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { classesOf } from '../data/encode-target.ts'
import { makeFolds } from '../data/folds.ts'
import { asStudioError, StudioError } from '../errors.ts'
import type { ParamValues } from '../params.ts'
import { aloneOn, aside, judging, type FoldRecipe } from '../run/fold.ts'
import type { Stages } from '../run/keeper.ts'
import { tune, type TuneSpec } from './tune.ts'

export interface NestedFold {
  /** What the search chose; null where no trial had a score. */
  readonly params: ParamValues | null
  /** By the metric of the search, on the rows of the fold; null where undefined. */
  readonly score: number | null
  /** Mean over the inner folds, which the search chose by: it flatters itself. */
  readonly inner: number | null
  readonly problem?: string
}

/**
 * @param rows as for the search itself
 * @param done outer folds of an earlier, interrupted search with the same spec
 * @param keeper as for the search itself, of the fold under way
 * @param onFold told all that are finished, each time that one more of them is
 * @returns one a fold; fewer where the time came or a person stopped it
 * @throws StudioError bad-param, bad-data for a number of folds, cancelled; a fold that fails is recorded
 */
export async function nested(base: FoldRecipe, dataset: Dataset, rows: Uint32Array, spec: TuneSpec & { readonly outerFolds: number }, context: Context, done: readonly NestedFold[] = [], onFold?: (folds: readonly NestedFold[]) => Promise<void>, keeper?: Stages): Promise<readonly NestedFold[]> {
  const { outerFolds, ...inner } = spec
  const { trainShare: _, repeats: __, ...dealing } = spec.folding
  // Other folds than the inner ones of the same rows.
  const folds = makeFolds(dataset.columns, rows, { ...dealing, folds: outerFolds, seed: (spec.folding.seed + 1) % 2 ** 32 })
  const column = columnNamed(dataset, base.target.column)
  const classes = base.target.task === 'regression' ? [] : classesOf(column, base.target, rows)
  const pool = context.pool ?? aloneOn(dataset)
  const at = judging(base.target.task).findIndex(({ id }) => id === spec.metric)
  const deadline = context.now() + (spec.timeLimit ?? Infinity)
  const late = new StudioError({ code: 'cancelled', message: 'invalid outer fold; the time limit came before it finished' })
  const inTime: Context = {
    ...aside(context),
    checkpoint: async () => {
      await context.checkpoint()
      if (context.now() >= deadline || context.stopping()) throw late
    },
  }
  const found: NestedFold[] = [...done]
  for (const [i, { train, held }] of folds.entries()) {
    const tell = (share: number): void => context.report({ kind: 'step', phase: 'nested', done: Math.floor((i + share) * steps), total: folds.length * steps })
    tell(0)
    if (i < done.length) continue
    if (context.stopping() || context.now() >= deadline) break
    const quiet: Context = {
      ...aside(context),
      ...(context.pool && { pool: context.pool }),
      stopping: () => context.stopping(),
      report: (progress) => progress.kind === 'step' && progress.phase === 'tune' && tell((0.95 * progress.done) / progress.total),
    }
    const timeLimit = spec.timeLimit === undefined ? {} : { timeLimit: (deadline - context.now()) / (folds.length - i) }
    const fold = await outer()
    if (fold === undefined) break
    found.push(fold)
    await onFold?.(found)

    async function outer(): Promise<NestedFold | undefined> {
      const kept = keeper?.within(`outer ${i}`)
      try {
        const { best, trials } = await tune(base, dataset, train, { ...inner, ...timeLimit }, quiet, [], undefined, kept)
        // A search that was stopped chose from less than the one that is judged.
        if (context.stopping()) return undefined
        const chosen = best === null ? undefined : trials[best]
        if (!chosen) return { params: null, score: null, inner: null, problem: 'no trial has a score' }
        const { scores } = await pool.fold({ spec: { ...base, estimator: { id: base.estimator.id, params: { ...base.estimator.params, ...chosen.params } } }, classes, train, held }, { ...inTime, ...(kept && { savepoint: kept.savepoint('model') }) })
        return { params: chosen.params, score: scores[at] ?? null, inner: chosen.score }
      } catch (thrown) {
        // A search may end in a training as long as all of it.
        if (thrown === late) return undefined
        const error = asStudioError(thrown)
        if (error.code === 'cancelled' || error.code === 'bug') throw thrown
        return { params: null, score: null, inner: null, problem: error.message }
      }
    }
  }
  context.report({ kind: 'step', phase: 'nested', done: folds.length * steps, total: folds.length * steps })
  return found
}
/** Of one outer fold, for the progress bar. */
const steps = 100

/** Mean and standard deviation (n - 1) of the scores that there are. */
export function nestedScore(folds: readonly NestedFold[]): { readonly n: number; readonly mean: number; readonly sd: number } | undefined {
  const scores = folds.flatMap(({ score }) => (score === null ? [] : [score]))
  if (scores.length < 2) return undefined
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
  return { n: scores.length, mean, sd: Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1)) }
}
