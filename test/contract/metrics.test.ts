/** What every metric promises, over the registry: a new metric is held to it without a line here. */
import { describe, expect, test } from 'vitest'
import type { Prediction, Target, Task } from '../../src/core/data/target.ts'
import { labelsOf } from '../../src/core/data/target.ts'
import { takePrediction, takeTarget } from '../../src/core/evaluate/take.ts'
import { createRng, shuffle } from '../../src/core/math/rng.ts'
import type { Metric, MetricInput, Score } from '../../src/core/metrics/metric.ts'
import { metrics } from '../../src/core/metrics/registry.ts'
import { Draw, Sample } from '../../src/core/metrics/sample.ts'
import { expectAllClose } from '../support/expect-all-close.ts'

const rows = 60

function example(task: Task, seed: number, options: { certain?: boolean; ties?: boolean } = {}): MetricInput & { target: Target; prediction: Prediction } {
  const rng = createRng(seed)
  if (task === 'regression') {
    const values = Float64Array.from({ length: rows }, () => (options.ties ? rng.int(3) : rng.normal() * 5))
    return { target: { task, column: 'y', values }, prediction: { task, values: values.map((value) => (options.certain ? value : value + rng.normal())) } }
  }
  const classes = task === 'binary' ? ['no', 'yes'] : ['a', 'b', 'c']
  const k = classes.length
  const codes = Int32Array.from({ length: rows }, (_, i) => (i < k ? i : rng.int(k)))
  const probabilities = new Float64Array(rows * k)
  codes.forEach((code, row) => {
    const weights = classes.map((_, c) => (options.certain ? (c === code ? 1 : 0) : (options.ties ? 1 + rng.int(2) : rng.next()) + (c === code ? 0.5 : 0)))
    const sum = weights.reduce((a, b) => a + b)
    weights.forEach((weight, c) => (probabilities[row * k + c] = weight / sum))
  })
  return { target: { task, column: 'y', classes, codes }, prediction: { task, classes, probabilities } }
}

const valueOf = (score: Score): number => {
  expect(score).toHaveProperty('value')
  return 'value' in score ? score.value : Number.NaN
}
const cases: (readonly [name: string, metric: Metric, task: Task])[] = metrics.all.flatMap((metric) => metric.tasks.map((task) => [`${metric.id}, ${task}`, metric, task] as const))

test('the registry is not empty and its entries say what they are', () => {
  expect(metrics.all.length).toBeGreaterThan(10)
  for (const metric of metrics.all) {
    expect(metric.id).toMatch(/^[a-z0-9-]+$/)
    for (const text of [metric.label, metric.help, metric.source]) expect(text.length).toBeGreaterThan(0)
    expect(metric.tasks.length).toBeGreaterThan(0)
  }
})

describe.each(cases)('%s', (_, metric, task) => {
  test('stays within its range and is never NaN', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const value = valueOf(metric.compute(example(task, seed, { ties: seed % 2 === 0 })))
      expect(Number.isFinite(value)).toBe(true)
      const [low, high] = metric.range
      if (low !== null) expect(value).toBeGreaterThanOrEqual(low)
      if (high !== null) expect(value).toBeLessThanOrEqual(high)
    }
  })

  test('does not depend on the order of rows', () => {
    const input = example(task, 3, { ties: true })
    const order = shuffle(Uint32Array.from({ length: rows }, (_, i) => i), createRng(9))
    const shuffled = { target: takeTarget(input.target, order), prediction: takePrediction(input.prediction, order) }
    // Sums run in another order: rounding only.
    expectAllClose([valueOf(metric.compute(shuffled))], [valueOf(metric.compute(input))], { relative: 1e-12, absolute: 1e-12 })
  })

  test('is best for perfect predictions, and its direction says so', () => {
    const perfect = valueOf(metric.compute(example(task, 4, { certain: true })))
    const usual = valueOf(metric.compute(example(task, 4)))
    const best = metric.greaterIsBetter ? metric.range[1] : metric.range[0]
    expect(best).not.toBeNull()
    // Clipping at machine epsilon keeps log loss a hair above 0.
    expectAllClose([perfect], [best as number], { absolute: 1e-12 })
    if (metric.greaterIsBetter) expect(perfect).toBeGreaterThan(usual)
    else expect(perfect).toBeLessThan(usual)
  })

  test('reads what it says it needs', () => {
    const input = example(task, 5)
    if (input.prediction.task === 'regression') {
      expect(metric.needs).toBe('value')
      return
    }
    // Sharper probabilities with the same labels.
    const { classes, probabilities } = input.prediction
    const k = classes.length
    const labels = labelsOf(input.prediction)
    const sharper = probabilities.map((_, i) => (labels[Math.floor(i / k)] === i % k ? 0.9 : 0.1 / (k - 1)))
    const before = valueOf(metric.compute(input))
    const after = valueOf(metric.compute({ ...input, prediction: { ...input.prediction, probabilities: sharper } }))
    if (metric.needs === 'label') expect(after).toBe(before)
    else expect(after).not.toBe(before)
    expect(metric.scoreConfusion !== undefined).toBe(metric.needs === 'label')
  })

  test('counts a row twice as if it stood there twice', () => {
    const input = example(task, 6, { ties: true })
    const counts = Uint32Array.from({ length: rows }, (_, i) => (i * 7) % 4)
    const repeated = Array.from(counts).flatMap((count, i) => new Array<number>(count).fill(i))
    const copied = { target: takeTarget(input.target, repeated), prediction: takePrediction(input.prediction, repeated) }
    expectAllClose([valueOf(metric.scoreDraw(new Draw(new Sample(input), counts)))], [valueOf(metric.compute(copied))], { relative: 1e-12, absolute: 1e-12 })
  })

  test('says why where it is undefined', () => {
    const input = example(task, 7)
    const none = { target: takeTarget(input.target, []), prediction: takePrediction(input.prediction, []) }
    expect(metric.compute(none)).toEqual({ undefined: expect.stringMatching(/\w/) })
    const broken = input.prediction.task === 'regression' ? { ...input.prediction, values: input.prediction.values.with(0, Number.NaN) } : { ...input.prediction, probabilities: input.prediction.probabilities.with(0, Number.NaN) }
    expect(metric.compute({ ...input, prediction: broken })).toEqual({ undefined: expect.stringContaining('finite') })
    for (const positions of [[0], [0, 0], [1, 1, 1]]) {
      const score = metric.compute({ target: takeTarget(input.target, positions), prediction: takePrediction(input.prediction, positions) })
      if ('value' in score) expect(Number.isFinite(score.value)).toBe(true)
      else expect(score.undefined).toMatch(/\w/)
    }
  })

  test('leaves its input as it was', () => {
    const input = example(task, 8)
    const before = structuredClone(input)
    metric.compute(input)
    expect(input).toEqual(before)
  })

  test('refuses a prediction of other rows, classes or task', () => {
    const input = example(task, 9)
    expect(() => metric.compute({ ...input, target: takeTarget(input.target, [0, 1]) })).toThrow(/invalid prediction/)
    const other = example(task === 'regression' ? 'binary' : 'regression', 9)
    expect(() => metric.compute({ ...input, prediction: other.prediction })).toThrow(/invalid prediction/)
  })
})
