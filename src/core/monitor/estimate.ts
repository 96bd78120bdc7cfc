/**
 * How good the model is without labels, by its own probabilities: where it says 0.8 it is right in 80 of 100 rows. That
 * holds only while its probabilities are calibrated and classes come from the inputs as they did in training; so the same
 * estimate is made on validation rows, where the truth is known, and stands beside it.
 */
import { labelsOf, type ClassPrediction, type Prediction, type Target } from '../data/target.ts'
import { quantile } from '../evaluate/bootstrap.ts'
import { samplePositions } from '../evaluate/residuals.ts'
import { takePrediction, takeTarget } from '../evaluate/take.ts'
import { createRng } from '../math/rng.ts'
import { metrics } from '../metrics/registry.ts'
import type { Estimate } from './report.ts'

const mostRows = 20_000
const draws = 300

/** Metrics that can be estimated, in the order shown. */
const estimated = { binary: ['accuracy', 'roc-auc', 'f1'], multiclass: ['accuracy'] } as const

interface Spread {
  readonly value: number
  readonly low: number
  readonly high: number
}
/**
 * Labels are drawn from the probabilities again and again, and each time the metric is scored: the mean is the estimate,
 * the middle 95 % its interval. undefined where the metric is on fewer than half of the draws.
 */
function promised(prediction: ClassPrediction, threshold: number, metricId: string, seed: number): Spread | undefined {
  const metric = metrics.get(metricId)
  const { classes, probabilities, task } = prediction
  const k = classes.length
  const n = probabilities.length / k
  const rng = createRng(seed).fork('estimate')
  const codes = new Int32Array(n)
  const scores: number[] = []
  for (let draw = 0; draw < draws; draw++) {
    for (let row = 0; row < n; row++) {
      let left = rng.next()
      let c = 0
      while (c < k - 1 && (left -= probabilities[row * k + c] as number) >= 0) c++
      codes[row] = c
    }
    const score = metric.compute({ target: { task, column: '', classes, codes }, prediction, threshold })
    if ('value' in score) scores.push(score.value)
  }
  if (scores.length * 2 < draws) return undefined
  const sorted = Float64Array.from(scores).sort()
  return { value: sorted.reduce((sum, score) => sum + score, 0) / sorted.length, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) }
}

/** @param validation answers and truth of validation rows */
export async function estimates(current: ClassPrediction, validation: { readonly prediction: ClassPrediction; readonly target: Target }, threshold: number, checkpoint: () => Promise<void>): Promise<Estimate[]> {
  const few = (prediction: ClassPrediction): Uint32Array => samplePositions(prediction.probabilities.length / prediction.classes.length, 1, mostRows)
  const [at, held] = [few(current), few(validation.prediction)]
  const now = takePrediction(current, at) as ClassPrediction
  const then = takePrediction(validation.prediction, held) as ClassPrediction
  const target = takeTarget(validation.target, held)
  const found: Estimate[] = []
  if (at.length === 0 || held.length === 0) return found
  for (const metric of estimated[current.task]) {
    const promise = promised(now, threshold, metric, 1)
    await checkpoint()
    const checked = promised(then, threshold, metric, 2)
    await checkpoint()
    const truth = metrics.get(metric).compute({ target, prediction: then, threshold })
    if (!promise || !checked || 'undefined' in truth) continue
    found.push({ metric, ...promise, n: at.length, check: { estimated: checked.value, low: checked.low, high: checked.high, true: truth.value, n: held.length }, believable: truth.value >= checked.low && truth.value <= checked.high })
  }
  return found
}

/** Largest probability of each row: how sure the model is. */
export function confidences(prediction: Prediction): Float64Array | undefined {
  if (prediction.task === 'regression') return undefined
  const k = prediction.classes.length
  return Float64Array.from({ length: prediction.probabilities.length / k }, (_, row) => prediction.probabilities.subarray(row * k, (row + 1) * k).reduce((most, p) => Math.max(most, p), 0))
}

/** The label of each row. */
export function answerTexts(prediction: ClassPrediction, threshold: number): string[] {
  return Array.from(labelsOf(prediction, threshold), (code) => prediction.classes[code] as string)
}
