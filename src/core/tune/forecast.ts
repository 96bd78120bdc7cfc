/**
 * How long a search will take, told before it starts: some of its own trials are trained on few rows, a few of them on
 * more and more, and what that took is carried over to all rows, budgets, folds and workers. Good to a factor of 2.
 */
import type { Context } from '../context.ts'
import { columnNamed, type Dataset } from '../data/dataset.ts'
import { classesOf } from '../data/encode-target.ts'
import type { FoldSpec } from '../data/folds.ts'
import type { TrainRows } from '../data/split.ts'
import { asStudioError, StudioError } from '../errors.ts'
import { exp, log } from '../math/elementary.ts'
import { createRng, shuffle } from '../math/rng.ts'
import { aside, doFold, type FoldRecipe } from '../run/fold.ts'
import { strategies } from './registry.ts'
import { paramsAt, type Point } from './space.ts'
import { optionsOf, shrunk, type TuneSpec } from './tune.ts'

/** What a training on the full budget takes, over rows; a mean over trials of the search. */
export interface FitCost {
  /** Rows that the whole search may use. */
  readonly all: number
  /** Rows learnt from, ascending; at least one. */
  readonly rows: readonly number[]
  /** Milliseconds, one for each. */
  readonly ms: readonly number[]
  /** Share of them that a training on next to no rounds would take too, in [0, 1]. */
  readonly fixed: number
}

const firstRows = 250
const growth = 4
const mostTrials = 32
/** That are trained on more and more rows. */
const growing = 3
/** A first training that takes longer than this many times the allowance is given up. */
const patience = 4
const unusable: ReadonlySet<string> = new Set(['bad-data', 'diverged'])

/**
 * @param rows as for the search itself
 * @param allowance milliseconds that it should take
 * @returns undefined where even a training on few rows takes too long, or none of those tried could be trained
 * @throws StudioError bad-param, unsupported, cancelled
 */
export async function fitCost(base: FoldRecipe, dataset: Dataset, rows: Uint32Array, spec: TuneSpec, context: Context, allowance: number): Promise<FitCost | undefined> {
  const begun = context.now()
  const late = new StudioError({ code: 'cancelled', message: `invalid trial; a training on ${firstRows} rows takes longer than ${(patience * allowance) / 1000} s` })
  // Side by side each fold has one thread.
  const { crew: _, ...alone } = aside(context)
  const hurried: Context = {
    ...alone,
    checkpoint: async () => {
      await context.checkpoint()
      if (context.now() - begun > patience * allowance) throw late
    },
  }
  const column = columnNamed(dataset, base.target.column)
  const classes = base.target.task === 'regression' ? [] : classesOf(column, base.target, rows)
  const order = shuffle(Uint32Array.from(rows), createRng(spec.seed).fork('forecast rows'))
  const { folds } = spec.folding
  const full = Math.max(1, ...rowsOfFolds(spec.folding, rows.length))
  /** Milliseconds; undefined where these rows or settings allow no training. */
  const fit = async (point: Point, count: number, budget = 1): Promise<number | undefined> => {
    const { recipe } = shrunk(base, spec, paramsAt(spec.space, point), budget)
    const held = order.slice(count, count + Math.max(1, Math.round(count / (folds - 1))))
    try {
      return (await doFold({ spec: recipe, classes, train: order.slice(0, count).sort() as TrainRows, held: (held.length > 0 ? held : order.slice(0, 1)).sort() }, dataset, hurried)).spent
    } catch (thrown) {
      const error = asStudioError(thrown)
      if (unusable.has(error.code)) return undefined
      throw error
    }
  }

  const points = ownPoints(spec)
  const known: { readonly point: Point; ms: number }[] = []
  const sizes: number[] = []
  const means: number[] = []
  let count = Math.min(full, firstRows)
  try {
    // Not counted: kernels are compiled.
    await fit(points[0] as Point, count)
    const from = context.now()
    for (const point of points) {
      if (known.length > 0 && context.now() - from > 0.4 * allowance) break
      const ms = await fit(point, count)
      if (ms !== undefined) known.push({ point, ms })
    }
    if (known.length === 0) return undefined
    sizes.push(count)
    means.push(known.reduce((sum, { ms }) => sum + ms, 0) / known.length)
    // The quick ones reach more rows; how the time grows is a ratio, which they share with the slow.
    let few = known.sort((a, b) => a.ms - b.ms).slice(0, growing)
    while (count < full) {
      const next = Math.min(full, growth * count)
      const each = ((few[0] as { readonly ms: number }).ms * next) / count
      const left = allowance - (context.now() - begun)
      // One size alone does not tell how it grows: a second one is tried until patience ends.
      few = few.slice(0, Math.max(Math.floor(left / each), means.length === 1 ? 1 : 0))
      if (few.length === 0) break
      let [before, after] = [0, 0]
      for (const one of few) {
        const ms = await fit(one.point, next)
        if (ms === undefined) continue
        before += one.ms
        after += ms
        one.ms = ms
      }
      if (before === 0) break
      means.push(((means.at(-1) as number) * after) / before)
      sizes.push((count = next))
    }
    return { all: rows.length, rows: sizes, ms: means, fixed: await fixedShare(known.slice(0, Math.max(1, few.length))) }
  } catch (error) {
    if (error !== late) throw error
    return means.length > 0 ? { all: rows.length, rows: sizes, ms: means, fixed: 0 } : undefined
  }

  async function fixedShare(few: readonly { readonly point: Point; readonly ms: number }[]): Promise<number> {
    const least = strategies.get(spec.strategy).plan(spec.space, optionsOf(spec)).reduce((a, b) => Math.min(a, b), 1)
    if ((spec.resource ?? 'rows') === 'rows' || least === 1) return 0
    let [small, whole] = [0, 0]
    for (const { point, ms } of few) {
      small += (await fit(point, count, least)) ?? least * ms
      whole += ms
    }
    return whole === 0 ? 0 : Math.min(1, Math.max(0, (small / whole - least) / (1 - least)))
  }
}

/** Points of trials that hang on no other, in drawn order. */
function ownPoints(spec: TuneSpec): readonly Point[] {
  const strategy = strategies.get(spec.strategy)
  const options = optionsOf(spec)
  const free = strategy.plan(spec.space, options).flatMap((_, n) => (strategy.waitsFor(spec.space, n, options) === 0 ? [n] : []))
  const drawn = shuffle(free, createRng(spec.seed).fork('forecast trials')).slice(0, mostTrials)
  return drawn.map((n) => strategy.propose(spec.space, [], new Array(n).fill({ point: [], budget: 1 }), options).point)
}

/** Rows that each fold learns from, before they are dealt. */
function rowsOfFolds({ strategy, folds, repeats = 1 }: FoldSpec, rows: number): readonly number[] {
  const shares = Array.from({ length: folds }, (_, fold) => (strategy.kind === 'time' ? (fold + 1) / (folds + 1) : (folds - 1) / folds))
  return Array.from({ length: strategy.kind === 'time' ? 1 : repeats }, () => shares).flat().map((share) => Math.max(1, Math.round(share * rows)))
}

/** Milliseconds of a training on so many rows: as measured between two sizes, beyond them as it grew over the last two, at least in step with the rows. */
export function timeOfFit({ rows, ms }: FitCost, count: number): number {
  const at = rows.findIndex((known) => known >= count)
  const [last, before] = [rows.length - 1, rows.length - 2]
  if (at === 0) return (ms[0] as number) * Math.min(1, Math.max(0.5, count / (rows[0] as number)))
  if (at > 0) {
    const share = (count - (rows[at - 1] as number)) / ((rows[at] as number) - (rows[at - 1] as number))
    return (ms[at - 1] as number) + share * ((ms[at] as number) - (ms[at - 1] as number))
  }
  const [n, t] = [rows[last] as number, ms[last] as number]
  if (before < 0) return (t * count) / n
  const [n0, t0] = [rows[before] as number, ms[before] as number]
  if (t <= t0) return t
  // t = a + b n^p through both, p from their ratio.
  const power = Math.min(2.5, Math.max(1, log(t / t0) / log(n / n0)))
  const grown = (value: number): number => exp(power * log(value))
  const b = (t - t0) / (grown(n) - grown(n0))
  return t + b * (grown(count) - grown(n))
}

/** Milliseconds from start to end on so many workers, before any time limit: each trial begins when those it waits for are through and a worker is free. */
export function searchTime(cost: FitCost, spec: TuneSpec, lanes: number): number {
  const { outerFolds = 0 } = spec
  const own = oneSearch(cost, spec, cost.all, lanes)
  if (outerFolds === 0) return own
  const inner = Math.round((cost.all * (outerFolds - 1)) / outerFolds)
  return own + outerFolds * (oneSearch(cost, spec, inner, lanes) + timeOfFit(cost, inner))
}

function oneSearch(cost: FitCost, spec: TuneSpec, rows: number, lanes: number): number {
  const { resource = 'rows', space, folding } = spec
  const strategy = strategies.get(spec.strategy)
  const options = optionsOf(spec)
  const folds = rowsOfFolds(folding, rows)
  const timesOf = (budget: number): readonly number[] =>
    folds.map((count) => (resource === 'rows' ? timeOfFit(cost, Math.max(1, budget * count)) : timeOfFit(cost, count) * (cost.fixed + (1 - cost.fixed) * budget)))
  const known = new Map<number, readonly number[]>()
  const free = new Float64Array(Math.max(1, lanes))
  /** When the first trials are all through. */
  const through: number[] = []
  strategy.plan(space, options).forEach((budget, n) => {
    const times = known.get(budget) ?? timesOf(budget)
    known.set(budget, times)
    const waits = Math.min(n, strategy.waitsFor(space, n, options))
    const ready = waits === 0 ? 0 : (through[waits - 1] as number)
    let end = through.at(-1) ?? 0
    for (const ms of times) {
      const lane = free.reduce((best, at, i) => (at < (free[best] as number) ? i : best), 0)
      free[lane] = Math.max(ready, free[lane] as number) + ms
      end = Math.max(end, free[lane] as number)
    }
    through.push(end)
  })
  return through.at(-1) ?? 0
}
