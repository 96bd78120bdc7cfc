/** Can two models be told apart, or is the order chance? Tests over the same folds and over the same rows. */
import type { Context } from '../context.ts'
import { StudioError } from '../errors.ts'
import { fairHeads, normalTwoSided, studentCritical, studentTwoSided } from '../math/distributions.ts'
import { createRng } from '../math/rng.ts'
import type { Metric } from '../metrics/metric.ts'
import { Draw, wholeDraw, type Sample } from '../metrics/sample.ts'
import { quantile, resamplesFor } from './bootstrap.ts'

export interface Comparison {
  readonly test: 'corrected-resampled-t' | 'mcnemar' | 'paired-bootstrap'
  /** First minus second, in the metric's units; McNemar: share of rows right by the first alone minus by the second alone. */
  readonly difference: number
  /** 95 % interval of the difference; McNemar gives none. */
  readonly low: number | null
  readonly high: number | null
  /** Two-sided. */
  readonly p: number
  /** Folds, rows that only one model had right, or rows. */
  readonly n: number
}

const unpaired = (what: string, a: number, b: number): StudioError =>
  new StudioError({ code: 'bad-data', message: `invalid comparison; both models need the same ${what}: ${a} and ${b}` })

/**
 * Paired t-test over the folds of (repeated) cross-validation, whose training rows overlap: the variance is
 * enlarged by what held-out rows are to training rows (Nadeau & Bengio 2003; Bouckaert & Frank 2004).
 * @param heldToTrained held-out rows for each training row, 1 / (folds - 1) in k folds
 * @throws StudioError bad-data where the folds differ in number or are fewer than two
 */
export function correctedResampledT(a: readonly number[], b: readonly number[], heldToTrained: number): Comparison {
  const n = a.length
  if (b.length !== n) throw unpaired('folds', n, b.length)
  if (n < 2) throw new StudioError({ code: 'bad-data', message: `invalid comparison; fewer than 2 folds: ${n}` })
  const d = a.map((value, i) => value - (b[i] as number))
  const mean = d.reduce((sum, value) => sum + value, 0) / n
  const variance = d.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1)
  const error = Math.sqrt((1 / n + heldToTrained) * variance)
  const reach = studentCritical(0.05, n - 1) * error
  return { test: 'corrected-resampled-t', difference: mean, low: mean - reach, high: mean + reach, p: mean === 0 ? 1 : studentTwoSided(mean / error, n - 1), n }
}

/**
 * McNemar's exact test: of the rows that only one model had right, is the share of the first a fair coin's?
 * @param a 1 where the first model is right, one a row
 * @throws StudioError bad-data where the rows differ in number
 */
export function mcNemar(a: ArrayLike<number>, b: ArrayLike<number>): Comparison {
  if (a.length !== b.length) throw unpaired('rows', a.length, b.length)
  let [first, second] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    if (a[i] && !b[i]) first++
    if (b[i] && !a[i]) second++
  }
  const n = first + second
  const p = first === second ? 1 : Math.min(1, 2 * fairHeads(Math.min(first, second), n))
  return { test: 'mcnemar', difference: a.length === 0 ? 0 : (first - second) / a.length, low: null, high: null, p, n }
}

/**
 * Both models scored on the same resamples of the same rows; undefined where the metric is on the rows
 * themselves or on half of the resamples.
 * @param seed whole number in [0, 2^32); equal seeds give equal bits
 * @throws StudioError bad-data where the rows differ in number
 */
export async function pairedBootstrap(a: Sample, b: Sample, metric: Metric, seed: number, context: Pick<Context, 'now' | 'checkpoint'>): Promise<Comparison | undefined> {
  const { rows } = a
  if (b.rows !== rows) throw unpaired('rows', rows, b.rows)
  const gap = (drawA: Draw, drawB: Draw): number | undefined => {
    const [first, second] = [metric.scoreDraw(drawA), metric.scoreDraw(drawB)]
    return 'undefined' in first || 'undefined' in second ? undefined : first.value - second.value
  }
  const difference = gap(wholeDraw(a), wholeDraw(b))
  if (difference === undefined) return undefined
  const resamples = resamplesFor(rows, a.classes.length)
  const rng = createRng(seed).fork('paired bootstrap')
  const drawn: number[] = []
  let yieldedAt = context.now()
  for (let resample = 0; resample < resamples; resample++) {
    const counts = new Uint32Array(rows)
    for (let i = 0; i < rows; i++) {
      const row = Math.floor(rng.next() * rows)
      counts[row] = (counts[row] as number) + 1
    }
    const value = gap(new Draw(a, counts), new Draw(b, counts))
    if (value !== undefined) drawn.push(value)
    if (context.now() - yieldedAt > 50) {
      await context.checkpoint()
      yieldedAt = context.now()
    }
  }
  if (drawn.length * 2 < resamples) return undefined
  const sorted = Float64Array.from(drawn).sort()
  return { test: 'paired-bootstrap', difference, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975), p: resampledP(drawn, difference), n: rows }
}

/**
 * Two-sided p of "no difference" by how many resamples fall on the other side of 0. Where that are too few to count, a
 * thousand resamples cannot tell one in a thousand from one in a million, which Holm's correction of many tests asks for:
 * there the normal distribution with their standard deviation speaks.
 */
function resampledP(drawn: readonly number[], difference: number): number {
  const n = drawn.length
  const [below, above] = [drawn.filter((value) => value <= 0).length, drawn.filter((value) => value >= 0).length]
  const beyond = Math.min(below, above)
  const counted = Math.min(1, (2 * (beyond + 1)) / (n + 1))
  if (beyond >= countable) return counted
  const mean = drawn.reduce((sum, value) => sum + value, 0) / n
  const sd = Math.sqrt(drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
  return sd === 0 ? counted : Math.min(counted, normalTwoSided(difference / sd))
}
const countable = 10

/** Holm's step-down correction (1979): each p as it counts among all of them, in the order given. */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((_, i) => i).sort((i, j) => (ps[i] as number) - (ps[j] as number))
  const corrected = new Array<number>(ps.length).fill(1)
  let floor = 0
  order.forEach((i, step) => {
    floor = Math.max(floor, Math.min(1, (ps[i] as number) * (ps.length - step)))
    corrected[i] = floor
  })
  return corrected
}

/**
 * Ranks from 1 where models that cannot be told apart from the best of those left share its rank. Yields the leader and
 * the others, and is given the p of each other against the leader.
 * @param order best first
 */
function* ranking(order: readonly number[], alpha: number): Generator<{ readonly leader: number; readonly others: readonly number[] }, readonly number[], readonly number[]> {
  const ranks = new Array<number>(order.length).fill(0)
  let left = order
  let rank = 1
  while (left.length > 0) {
    const [leader, ...others] = left as [number, ...number[]]
    const ps = holm(yield { leader, others })
    const apart = others.filter((_, i) => (ps[i] as number) < alpha)
    for (const i of left) if (!apart.includes(i)) ranks[i] = rank
    rank += left.length - apart.length
    left = apart
  }
  return ranks
}

/**
 * Ranks from 1, best first: models that cannot be told apart from the best of those left share its rank.
 * @param folds the score of each model in each fold; shape (models, folds), the same folds for all
 * @param alpha chance of a false difference among the tests against one leader
 */
export function sharedRanks(folds: readonly (readonly number[])[], greaterIsBetter: boolean, heldToTrained: number, alpha = 0.05): readonly number[] {
  const totals = folds.map((values) => values.reduce((total, value) => total + value, 0))
  const order = bestFirst(totals, greaterIsBetter)
  const steps = ranking(order, alpha)
  let step = steps.next()
  while (!step.done) {
    const { leader, others } = step.value
    step = steps.next(others.map((other) => correctedResampledT(folds[leader] as readonly number[], folds[other] as readonly number[], heldToTrained).p))
  }
  return step.value
}

/**
 * The same by paired bootstrap over the rows that judged: where there are no common folds.
 * @param scores of each sample; @throws StudioError as pairedBootstrap
 */
export async function sharedRanksOfRows(samples: readonly Sample[], scores: readonly number[], metric: Metric, seed: number, context: Pick<Context, 'now' | 'checkpoint'>, alpha = 0.05): Promise<readonly number[]> {
  const steps = ranking(bestFirst(scores, metric.greaterIsBetter), alpha)
  let step = steps.next()
  while (!step.done) {
    const { leader, others } = step.value
    const ps: number[] = []
    // A pair without a score on most resamples is not told apart.
    for (const other of others) ps.push((await pairedBootstrap(samples[leader] as Sample, samples[other] as Sample, metric, seed, context))?.p ?? 1)
    step = steps.next(ps)
  }
  return step.value
}

const bestFirst = (scores: readonly number[], greaterIsBetter: boolean): number[] =>
  scores.map((_, i) => i).sort((a, b) => (greaterIsBetter ? 1 : -1) * ((scores[b] as number) - (scores[a] as number)) || a - b)

export interface Contender {
  readonly sample: Sample
  /** 1 where its label is right, one a row; absent for values. */
  readonly right?: Uint8Array
  /** Its score in each fold, the same folds for all; absent where they have none in common. */
  readonly folds?: readonly number[]
}
export interface Pair {
  /** Index of the contender that the difference is of, and of the one it is against. */
  readonly first: number
  readonly second: number
  /** p as it counts among all pairs (Holm, for each kind of test apart). */
  readonly tests: readonly (Comparison & { readonly corrected: number })[]
}

/** Every pair by every test that its data allow. @param heldToTrained of the folds, see correctedResampledT */
export async function comparePairs(contenders: readonly Contender[], metric: Metric, { heldToTrained, seed }: { readonly heldToTrained: number; readonly seed: number }, context: Pick<Context, 'now' | 'checkpoint' | 'report'>): Promise<readonly Pair[]> {
  const pairs = contenders.flatMap((_, first) => contenders.slice(first + 1).map((_other, i) => ({ first, second: first + 1 + i })))
  const found: Comparison[][] = []
  for (const [done, { first, second }] of pairs.entries()) {
    context.report({ kind: 'step', phase: 'compare', done, total: pairs.length })
    const [a, b] = [contenders[first], contenders[second]] as [Contender, Contender]
    const rows = await pairedBootstrap(a.sample, b.sample, metric, seed, context)
    found.push([...(a.folds && b.folds ? [correctedResampledT(a.folds, b.folds, heldToTrained)] : []), ...(rows ? [rows] : []), ...(a.right && b.right ? [mcNemar(a.right, b.right)] : [])])
    await context.checkpoint()
  }
  context.report({ kind: 'step', phase: 'compare', done: pairs.length, total: pairs.length })
  const corrected = new Map<Comparison, number>()
  for (const kind of ['corrected-resampled-t', 'paired-bootstrap', 'mcnemar'] as const) {
    const same = found.flat().filter(({ test }) => test === kind)
    holm(same.map(({ p }) => p)).forEach((p, i) => corrected.set(same[i] as Comparison, p))
  }
  return pairs.map((pair, i) => ({ ...pair, tests: (found[i] as Comparison[]).map((test) => ({ ...test, corrected: corrected.get(test) as number })) }))
}
