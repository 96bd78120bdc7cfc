/**
 * 95 % percentile intervals by resampling rows with replacement (Efron & Tibshirani 1993, chapter 13).
 * All metrics are scored on the same resamples, which weigh the rows instead of copying them.
 */
import type { Context } from '../context.ts'
import { createRng } from '../math/rng.ts'
import { Draw, wholeDraw } from '../metrics/sample.ts'
import type { Sample } from '../metrics/sample.ts'
import type { Metric } from '../metrics/metric.ts'
import type { ScoreRow } from './evaluation.ts'

/** Row visits that one evaluation may spend on resampling; about half a second. */
const budget = 20_000_000
/** Above this many rows x classes, scores that rank each class go without an interval: it would take a minute. */
const rankingLimit = 4_000_000

/** 1,000 resamples while rows x classes is at most 20,000, then fewer, never under 200. */
export function resamplesFor(rows: number, classes: number): number {
  const cost = rows * (classes > 2 ? classes : 1)
  return Math.min(1000, Math.max(200, Math.floor(budget / Math.max(1, cost))))
}

/**
 * Every metric's score with its interval. low and high are null where fewer than half of the resamples
 * define the score, and for metrics that rank each class where rows x classes is above 4 million.
 * @param seed whole number in [0, 2^32); equal seeds give equal bits
 */
export async function scoreRows(sample: Sample, metrics: readonly Metric[], seed: number, context: Pick<Context, 'now' | 'report' | 'checkpoint'>): Promise<ScoreRow[]> {
  const { rows } = sample
  const resamples = rows === 0 ? 0 : resamplesFor(rows, sample.classes.length)
  const tooMany = rows * sample.classes.length > rankingLimit
  const whole = wholeDraw(sample)
  if (metrics.some((metric) => metric.ranksEachClass)) {
    for (let c = sample.classes.length === 2 ? 1 : 0; c < sample.classes.length; c++) {
      sample.ranked(c)
      await context.checkpoint()
    }
  }
  const values = metrics.map(() => new Float64Array(resamples))
  const defined = metrics.map(() => 0)
  const rng = createRng(seed).fork('bootstrap')
  let lastYield = context.now()
  for (let resample = 0; resample < resamples; resample++) {
    const counts = new Uint32Array(rows)
    for (let i = 0; i < rows; i++) {
      // next() has 32 bits: against 2^20 rows the unevenness is 2^-12 of one row's chance.
      const row = Math.floor(rng.next() * rows)
      counts[row] = (counts[row] as number) + 1
    }
    const draw = new Draw(sample, counts)
    metrics.forEach((metric, m) => {
      if (metric.ranksEachClass && tooMany) return
      const score = metric.scoreDraw(draw)
      if ('undefined' in score) return
      const filled = defined[m] as number
      ;(values[m] as Float64Array)[filled] = score.value
      defined[m] = filled + 1
    })
    if (context.now() - lastYield > 50) {
      context.report({ kind: 'step', phase: 'evaluate', done: resample, total: resamples })
      await context.checkpoint()
      lastYield = context.now()
    }
  }
  if (resamples > 0) context.report({ kind: 'step', phase: 'evaluate', done: resamples, total: resamples })
  return metrics.map((metric, m) => {
    const score = metric.scoreDraw(whole)
    if ('undefined' in score) return { metric: metric.id, value: null, reason: score.undefined, low: null, high: null }
    const drawn = (values[m] as Float64Array).subarray(0, defined[m]).sort()
    const enough = drawn.length * 2 >= resamples && drawn.length > 0
    return { metric: metric.id, value: score.value, low: enough ? quantile(drawn, 0.025) : null, high: enough ? quantile(drawn, 0.975) : null }
  })
}

/** Linear interpolation between order statistics (numpy's default). @param sorted rising, not empty */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const position = share * (sorted.length - 1)
  const below = Math.floor(position)
  const low = sorted[below] as number
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number
  return low + (high - low) * (position - below)
}
