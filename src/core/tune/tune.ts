/**
 * Searches for parameters: each trial is judged over folds of the rows it is given, which should be
 * training rows only, so that validation rows still say how good the chosen one is.
 */
import type { Context } from '../context.ts'
import type { Dataset } from '../data/dataset.ts'
import type { FoldSpec } from '../data/folds.ts'
import { asStudioError, StudioError } from '../errors.ts'
import { estimators } from '../estimators/registry.ts'
import { canonicalJson } from '../ids.ts'
import { metrics } from '../metrics/registry.ts'
import { checkParams, type ParamValues } from '../params.ts'
import { crossValidate } from '../run/cross-validate.ts'
import type { Json } from '../recipe/step.ts'
import { aside, type FoldRecipe } from '../run/fold.ts'
import type { Stages } from '../run/keeper.ts'
import type { NestedFold } from './nested.ts'
import { strategies } from './registry.ts'
import { checkSpace, paramsAt, type Space } from './space.ts'
import { bestFirst, nextProposal, type Proposal, type SearchOptions, type Trial } from './strategy.ts'

export interface TuneSpec {
  readonly strategy: string
  readonly space: Space
  /** Full trainings to spend, each over all folds. */
  readonly trials: number
  readonly metric: string
  readonly folding: FoldSpec
  readonly seed: number
  /** What a smaller budget has less of: rows, or a whole-number parameter such as trees or epochs. Default rows. */
  readonly resource?: string
  /** Milliseconds; what has not finished by then is not counted. */
  readonly timeLimit?: number
  /** Also judges the search itself: it is done again on the other rows of each of so many folds (nested.ts). Absent = not. */
  readonly outerFolds?: number
}
export interface TuneResult {
  readonly metric: string
  /** In order; failed ones say why. */
  readonly trials: readonly Trial[]
  /** Index of the best trial on the full budget, or on the largest that any reached; null where none has a score. */
  readonly best: number | null
  /** plan: all done. time: the limit came. stopped: a person stopped it. interrupted: it broke off, and can go on. */
  readonly ended: 'plan' | 'time' | 'stopped' | 'interrupted'
  /** What the search is worth, where that was asked for; without folds that were not reached. */
  readonly nested?: readonly NestedFold[]
}

export const optionsOf = ({ trials, seed, metric }: TuneSpec): SearchOptions => ({ trials, seed, greaterIsBetter: metrics.get(metric).greaterIsBetter })

/**
 * What a search will cost, before it starts.
 * @returns trials, single trainings, and how many trainings on the full budget they are worth
 * @throws StudioError bad-param, unsupported
 */
export function costOf(estimatorId: string, spec: TuneSpec): { readonly trials: number; readonly fits: number; readonly fullFits: number } {
  const estimator = estimators.get(estimatorId)
  checkSpace(estimator.id, estimator.params, spec.space)
  checkResource(estimatorId, spec)
  const plan = strategies.get(spec.strategy).plan(spec.space, optionsOf(spec))
  const each = spec.folding.folds * (spec.folding.repeats ?? 1)
  const outer = spec.outerFolds ?? 0
  return { trials: plan.length, fits: plan.length * each * (1 + outer) + outer, fullFits: plan.reduce((sum, budget) => sum + budget, 0) * each * (1 + outer) + outer }
}

function checkResource(estimatorId: string, { resource, space }: TuneSpec): void {
  if (resource === undefined || resource === 'rows') return
  const { id, params } = estimators.get(estimatorId)
  if (!Object.hasOwn(params, resource) || params[resource]?.kind !== 'integer') throw new StudioError({ code: 'bad-param', message: `invalid resource of ${id}; not rows and not a whole-number parameter: ${resource.slice(0, 100)}` })
  if (space.some(({ name }) => name === resource)) throw new StudioError({ code: 'bad-param', message: `invalid resource of ${id}; a parameter that varies cannot be the budget too: ${resource}` })
}

/** The parameters and folds of a trial on its share of the budget. */
export function shrunk(base: FoldRecipe, spec: TuneSpec, varied: ParamValues, budget: number): { readonly recipe: FoldRecipe; readonly folding: FoldSpec } {
  const { resource = 'rows', folding } = spec
  const params: Record<string, ParamValues[string]> = { ...base.estimator.params, ...varied }
  if (resource === 'rows') return { recipe: { ...base, estimator: { id: base.estimator.id, params } }, folding: budget === 1 ? folding : { ...folding, trainShare: budget } }
  const { id, params: table } = estimators.get(base.estimator.id)
  const full = Number(checkParams(id, table, params)[resource])
  const least = table[resource]?.kind === 'integer' ? table[resource].min : 1
  return { recipe: { ...base, estimator: { id, params: { ...params, [resource]: Math.max(least, Math.round(full * budget)) } } }, folding }
}

/**
 * Trials run side by side where the context has a pool, as many as it has lanes.
 * @param rows rows that may teach and judge trials, each with a target
 * @param done trials of an earlier, interrupted search with the same spec; the rest is as if it had not been
 * @param onTrial told the first trials, each time that one more of them is finished
 * @param keeper keeps what is finished besides and how far trials under way came, and has what an interrupted search left
 * @throws StudioError bad-param, unsupported, cancelled; a trial that fails is recorded, not thrown
 */
export async function tune(base: FoldRecipe, dataset: Dataset, rows: Uint32Array, spec: TuneSpec, context: Context, done: readonly Trial[] = [], onTrial?: (trials: readonly Trial[]) => Promise<void>, keeper?: Stages): Promise<TuneResult> {
  const { trials: total } = costOf(base.estimator.id, spec)
  const options = optionsOf(spec)
  const strategy = strategies.get(spec.strategy)
  const deadline = context.now() + (spec.timeLimit ?? Infinity)
  const late = new StudioError({ code: 'cancelled', message: 'invalid trial; the time limit came before it finished' })
  const inTime: Context = {
    ...aside(context),
    ...(context.pool && { pool: context.pool }),
    checkpoint: async () => {
      await context.checkpoint()
      if (context.now() >= deadline || context.stopping()) throw late
    },
  }
  const left = new Map((keeper?.finished('trials')?.json['trials'] ?? []) as unknown as readonly (readonly [number, Trial])[])
  const judge = async (n: number, proposal: Proposal): Promise<Trial> => {
    const known = left.get(n)
    if (known && canonicalJson([known.point, known.budget]) === canonicalJson([proposal.point, proposal.budget])) return known
    const params = paramsAt(spec.space, proposal.point)
    const begun = context.now()
    try {
      const { recipe, folding } = shrunk(base, spec, params, proposal.budget)
      const { result, spent } = await crossValidate(recipe, dataset, rows, folding, inTime, keeper && longOnes(keeper.within(`trial ${n}`)))
      const folds = result.scores.find(({ metric }) => metric === spec.metric)?.values ?? []
      const defined = folds.filter((value) => value !== null)
      const whole = defined.length > 0 && defined.length === folds.length
      return { ...proposal, params, folds, spent, ...(whole ? { score: defined.reduce((sum, value) => sum + value, 0) / defined.length } : { score: null, problem: 'a fold has no score' }) }
    } catch (thrown) {
      const error = asStudioError(thrown)
      if (error.code === 'cancelled' || error.code === 'bug') throw thrown
      return { ...proposal, params, folds: [], score: null, problem: error.message, spent: context.now() - begun }
    }
  }

  /** By number: finished trials, and proposals that are on their way. */
  const entries: (Proposal | Trial)[] = [...done]
  const trials = [...done]
  const running = new Map<number, Promise<void>>()
  let broken: { readonly error: unknown } | undefined
  let finished = done.length
  let best: number | undefined
  const compare = ({ score, budget }: Trial): void => {
    if (score !== null && budget === 1 && (best === undefined || (options.greaterIsBetter ? score > best : score < best))) best = score
  }
  done.forEach(compare)
  const launch = (proposal: Proposal): void => {
    const n = entries.push(proposal) - 1
    const judged = judge(n, proposal).then(
      (trial) => {
        entries[n] = trial
        finished++
      },
      (error: unknown) => void (broken ??= { error }),
    )
    running.set(n, judged.finally(() => running.delete(n)))
  }
  /** Takes in what is finished up to the first that is not. */
  const advance = async (): Promise<void> => {
    let next = entries[trials.length]
    const known = trials.length
    for (; next && 'score' in next; next = entries[trials.length]) {
      trials.push(next)
      compare(next)
      if (best !== undefined) context.report({ kind: 'curve', series: 'Best so far', x: trials.length, y: best })
    }
    if (trials.length > known) await onTrial?.(trials)
  }
  let keptAt = context.now()
  /** In place of what the folds of these trials kept. */
  const keep = async (): Promise<void> => {
    if (!keeper || context.now() - keptAt < keepEveryMs) return
    keptAt = context.now()
    const over = entries.flatMap((entry, n) => ('score' in entry ? [[n, entry] as const] : []))
    const covered = new Set(over.map(([n]) => `trial ${n}`))
    await keeper.finish('trials', { unit: 'fold', done: finished, total }, { json: { trials: over as unknown as Json }, arrays: {} }, (stage) => covered.has(stage.split(' ', 2).join(' ')))
  }
  for (;;) {
    context.report({ kind: 'step', phase: 'tune', done: finished, total })
    await context.checkpoint()
    while (!broken && !context.stopping() && context.now() < deadline && running.size < (context.pool?.lanes ?? 1) && entries.length < total) {
      const proposal = nextProposal(strategy, spec.space, entries, options)
      if (!proposal) break
      launch(proposal)
    }
    if (broken || running.size === 0) break
    await Promise.race(running.values())
    await advance()
    await keep()
  }
  // The others hear at their next checkpoint that it is over; what they finish until then counts.
  await Promise.all(running.values())
  await advance()
  if (broken && broken.error !== late) throw broken.error
  const ended = trials.length === total ? 'plan' : context.stopping() ? 'stopped' : 'time'
  // Of an interrupted search, those that it would have come to after the limit.
  const unreached = [...left].flatMap(([n, trial]) => ('score' in (entries[n] ?? {}) ? [] : [trial]))
  return resultOf(spec, [...entries.filter((entry) => 'score' in entry), ...unreached], ended)
}

/** Between two times that finished trials are kept; each writes all of them. */
const keepEveryMs = 1000
/** What is trained again in less than this is not worth a write of its own. */
const longMs = 500
const longOnes = (folds: Stages): Stages => ({ ...folds, finish: async (stage, reached, state) => Number(state.json['spent']) >= longMs && folds.finish(stage, reached, state) })

/** What trials amount to. */
export const resultOf = ({ metric }: TuneSpec, trials: readonly Trial[], ended: TuneResult['ended']): TuneResult => ({ metric, trials, best: bestOf(trials, metrics.get(metric).greaterIsBetter), ended })

/** Scores on little budget do not compare with those on more: only the largest reached counts. */
function bestOf(trials: readonly Trial[], greaterIsBetter: boolean): number | null {
  const scored = trials.map((trial, index) => ({ ...trial, index })).filter((trial) => trial.score !== null)
  const most = scored.reduce((largest, { budget }) => Math.max(largest, budget), 0)
  return bestFirst(scored.filter(({ budget }) => budget === most), greaterIsBetter)[0]?.index ?? null
}

/**
 * How much of the scores' spread follows each parameter alone: the variance between its thirds (or choices)
 * over the whole, eta squared, in [0, 1]; null under 10 trials on the full budget.
 */
export function parameterImportance(space: Space, trials: readonly Trial[]): readonly { readonly name: string; readonly share: number }[] | null {
  const known = trials.filter((trial) => trial.score !== null && trial.budget === 1)
  if (known.length < 10) return null
  const scores = known.map((trial) => trial.score as number)
  const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length
  const whole = scores.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return space.map((dimension, d) => {
    const bins = dimension.kind === 'choice' ? dimension.values.length : 3
    const sums = Array.from({ length: bins }, () => ({ n: 0, sum: 0 }))
    known.forEach((trial, i) => {
      const bin = sums[Math.min(bins - 1, Math.floor((trial.point[d] as number) * bins))]
      if (!bin) return
      bin.n++
      bin.sum += scores[i] as number
    })
    const between = sums.reduce((total, { n, sum }) => total + (n === 0 ? 0 : n * (sum / n - mean) ** 2), 0)
    return { name: dimension.name, share: whole === 0 ? 0 : Math.min(1, between / whole) }
  })
}
