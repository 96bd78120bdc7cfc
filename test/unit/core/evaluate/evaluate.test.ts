import { describe, expect, test } from 'vitest'
import type { Progress } from '../../../../src/core/context.ts'
import { quietContext } from '../../../../src/core/context.ts'
import type { ClassPrediction, ClassTarget } from '../../../../src/core/data/target.ts'
import { cancelled } from '../../../../src/core/errors.ts'
import { quantile, resamplesFor, scoreRows } from '../../../../src/core/evaluate/bootstrap.ts'
import { calibration, precisionRecallCurve, rocCurve } from '../../../../src/core/evaluate/curves.ts'
import { evaluate } from '../../../../src/core/evaluate/evaluate.ts'
import { histogramOf } from '../../../../src/core/evaluate/residuals.ts'
import { confusionAt, indexOfThreshold, scoresAtThreshold, thresholdTable } from '../../../../src/core/evaluate/threshold.ts'
import { createRng } from '../../../../src/core/math/rng.ts'
import { metrics } from '../../../../src/core/metrics/registry.ts'
import { Sample } from '../../../../src/core/metrics/sample.ts'
import { expectAllClose } from '../../../support/expect-all-close.ts'

const classes = ['no', 'yes']
function binary(codes: readonly number[], positive: readonly number[]): { target: ClassTarget; prediction: ClassPrediction } {
  return {
    target: { task: 'binary', column: 'y', classes, codes: Int32Array.from(codes) },
    prediction: { task: 'binary', classes, probabilities: Float64Array.from(positive.flatMap((p) => [1 - p, p])) },
  }
}
function noisy(n: number, seed = 1): { target: ClassTarget; prediction: ClassPrediction } {
  const rng = createRng(seed)
  const codes = Array.from({ length: n }, () => rng.int(2))
  return binary(codes, codes.map((code) => 1 / (1 + Math.exp(-rng.normal() - code))))
}
const rowsOf = (n: number) => Uint32Array.from({ length: n }, (_, i) => i + 100)

describe('thresholds', () => {
  //              p:  .9  .8  .8  .3  .1
  const input = binary([1, 1, 0, 1, 0], [0.9, 0.8, 0.8, 0.3, 0.1])
  const table = thresholdTable(new Sample(input), 0.5)

  test('counts by hand, ends included, the chosen threshold kept', () => {
    expect(table).toEqual({
      thresholds: [1, 0.9, 0.8, 0.5, 0.3, 0.1, 0],
      truePositives: [0, 1, 2, 2, 3, 3, 3],
      falsePositives: [0, 0, 1, 1, 1, 2, 2],
      positives: 3,
      negatives: 2,
    })
  })
  test('scores follow the counts', () => {
    const { confusion, scores, falsePositiveRate, truePositiveRate } = scoresAtThreshold(table, 3, classes)
    expect(confusion).toEqual([[1, 1], [1, 2]])
    const value = (id: string) => scores.find((score) => score.metric === id)?.value
    expect(value('accuracy')).toBe(3 / 5)
    expect(value('precision')).toBe(2 / 3)
    expect(value('recall')).toBe(2 / 3)
    expect([falsePositiveRate, truePositiveRate]).toEqual([1 / 2, 2 / 3])
    expect(scoresAtThreshold(table, 0, classes).scores.find((score) => score.metric === 'precision')).toEqual({ metric: 'precision', value: null, reason: 'no row is predicted yes' })
  })
  test.each([[1, 0], [0.95, 0], [0.9, 1], [0.85, 1], [0.5, 3], [0.05, 5], [0, 6]])('a threshold of %d is shown by row %i', (threshold, row) => {
    expect(indexOfThreshold(table, threshold)).toBe(row)
  })
  test('every row equals a fresh evaluation at that threshold', () => {
    const big = noisy(300)
    const all = thresholdTable(new Sample(big), 0.37)
    for (let i = 0; i < all.thresholds.length; i += 17) {
      const confusion = new Sample({ ...big, threshold: all.thresholds[i] as number }).cells().reduce((counts, cell) => {
        counts[cell] = (counts[cell] as number) + 1
        return counts
      }, [0, 0, 0, 0])
      expect(confusionAt(all, i).flat()).toEqual(confusion)
    }
  })
  test('at most 2,000 of 30,000, exact at the one in use, falling', () => {
    const big = noisy(30_000)
    const all = thresholdTable(new Sample(big), 0.123456)
    expect(all.thresholds.length).toBeLessThanOrEqual(2000)
    expect(all.thresholds).toContain(0.123456)
    for (let i = 1; i < all.thresholds.length; i++) expect(all.thresholds[i]).toBeLessThan(all.thresholds[i - 1] as number)
    const at = all.thresholds.indexOf(0.123456)
    const exact = big.target.codes.filter((code, row) => code === 1 && (big.prediction.probabilities[row * 2 + 1] as number) >= 0.123456).length
    expect(all.truePositives[at]).toBe(exact)
  })
})

describe('curves', () => {
  test('ROC keeps corners only and its area is the ROC AUC', () => {
    const input = noisy(500)
    const curve = rocCurve(new Sample(input), 1)
    if (!curve) throw new Error('missing curve')
    expect([curve.x[0], curve.y[0], curve.x.at(-1), curve.y.at(-1)]).toEqual([0, 0, 1, 1])
    expect(curve.x.length).toBeLessThan(500)
    let area = 0
    for (let i = 1; i < curve.x.length; i++) area += ((curve.x[i] as number) - (curve.x[i - 1] as number)) * ((curve.y[i] as number) + (curve.y[i - 1] as number)) / 2
    const auc = metrics.get('roc-auc').compute(input)
    expectAllClose([area], ['value' in auc ? auc.value : Number.NaN], { absolute: 1e-12 })
  })
  test('the area of the precision-recall steps is the average precision', () => {
    const input = noisy(500)
    const curve = precisionRecallCurve(new Sample(input), 1)
    if (!curve) throw new Error('missing curve')
    let area = 0
    for (let i = 1; i < curve.x.length; i++) area += ((curve.x[i] as number) - (curve.x[i - 1] as number)) * (curve.y[i] as number)
    const score = metrics.get('average-precision').compute(input)
    expectAllClose([area], ['value' in score ? score.value : Number.NaN], { absolute: 1e-12 })
  })
  test('no curve where the class is absent; at most 2,000 points of many', () => {
    expect(rocCurve(new Sample(binary([0, 0], [0.1, 0.2])), 1)).toBeUndefined()
    expect(precisionRecallCurve(new Sample(binary([0, 0], [0.1, 0.2])), 1)).toBeUndefined()
    const sample = new Sample(noisy(30_000))
    expect(rocCurve(sample, 1)?.x.length).toBeLessThanOrEqual(2000)
    expect(precisionRecallCurve(sample, 1)?.x.length).toBeLessThanOrEqual(2000)
  })
  test('calibration error by hand', () => {
    // Bins (0.2, 0.3] and (0.7, 0.8]: |0.25 - 1/2| x 2/3 + |0.75 - 1| x 1/3 = 0.25
    expectAllClose([calibration(new Sample(binary([0, 1, 1], [0.25, 0.25, 0.75])), 1).error], [0.25], { absolute: 1e-12 })
  })
})

describe('bootstrap', () => {
  test('linear quantiles', () => {
    expect([quantile([1, 2, 3, 4], 0.5), quantile([5], 0.9), quantile([0, 10], 0.25)]).toEqual([2.5, 5, 2.5])
  })
  test('1,000 resamples for small parts, fewer for large ones', () => {
    expect([resamplesFor(50, 2), resamplesFor(20_000, 2), resamplesFor(50_000, 2), resamplesFor(50_000, 10), resamplesFor(1e6, 2)]).toEqual([1000, 1000, 400, 200, 200])
  })
  test('the interval of a share is near the binomial one', async () => {
    // 300 of 400 right: standard error sqrt(0.75 x 0.25 / 400) = 0.02165, so 0.75 +- 1.96 x that.
    const input = binary(new Array<number>(400).fill(1), Array.from({ length: 400 }, (_, i) => (i < 300 ? 0.9 : 0.1)))
    const [row] = await scoreRows(new Sample(input), [metrics.get('accuracy')], 5, quietContext())
    expect(row?.value).toBe(0.75)
    // 1,000 resamples know a 2.5 % point to about a tenth of the standard error; 0.008 is a third of it.
    expectAllClose([row?.low ?? 0, row?.high ?? 0], [0.7076, 0.7924], { absolute: 0.008 })
  })
  test('same seed same bits, another seed other bits', async () => {
    const sample = new Sample(noisy(200))
    const [a, b, c] = await Promise.all([1, 1, 2].map((seed) => scoreRows(sample, metrics.all.filter((metric) => metric.tasks.includes('binary')), seed, quietContext())))
    expect(a).toEqual(b)
    expect(a).not.toEqual(c)
  })
  test('an interval is null where most resamples do not define the score', async () => {
    // Two classes of one row each: a resample holds both in (1 - 1/e)^2, 40 %, of cases.
    const three = ['a', 'b', 'c']
    const codes = Int32Array.from({ length: 50 }, (_, i) => (i < 2 ? i + 1 : 0))
    const probabilities = Float64Array.from({ length: 150 }, (_, i) => [0.5, 0.3, 0.2][i % 3] as number)
    const sample = new Sample({ target: { task: 'multiclass', column: 'y', classes: three, codes }, prediction: { task: 'multiclass', classes: three, probabilities } })
    const [row] = await scoreRows(sample, [metrics.get('roc-auc')], 1, quietContext())
    expect(row).toEqual({ metric: 'roc-auc', value: 0.5, low: null, high: null })
    const one = await scoreRows(new Sample(binary([1], [0.9])), [metrics.get('roc-auc')], 1, quietContext())
    expect(one).toEqual([{ metric: 'roc-auc', value: null, reason: 'every row is yes', low: null, high: null }])
  })
})

describe('evaluate', () => {
  test('binary: every figure is there and JSON-safe', async () => {
    const seen: Progress[] = []
    const result = await evaluate({ part: 'valid', rows: rowsOf(200), ...noisy(200), threshold: 0.4, seed: 3 }, quietContext({ report: (progress) => seen.push(progress) }))
    expect(result).toMatchObject({ version: 1, part: 'valid', n: 200, task: 'binary', classes, threshold: 0.4 })
    expect(result.scores.map((score) => score.metric)).toEqual(metrics.all.filter((metric) => metric.tasks.includes('binary')).map((metric) => metric.id))
    for (const { value, low, high } of result.scores) {
      expect(low).toBeLessThanOrEqual(value as number)
      expect(high).toBeGreaterThanOrEqual(value as number)
    }
    expect(result.confusion?.flat().reduce((a, b) => a + b)).toBe(200)
    expect([result.roc?.length, result.precisionRecall?.length, result.calibration?.length]).toEqual([1, 1, 1])
    expect(result.residuals).toBeUndefined()
    expect(JSON.parse(JSON.stringify(result))).toEqual(result)
    expect(seen.at(-1)).toEqual({ kind: 'step', phase: 'evaluate', done: 1000, total: 1000 })
  })
  test('rare classes are told in one sentence, the rarest first', async () => {
    const classes = ['a', 'b', 'c', 'd']
    const codes = Int32Array.from({ length: 90 }, (_, i) => (i < 50 ? 0 : i < 87 ? 1 : i < 89 ? 2 : 3))
    const probabilities = new Float64Array(360).fill(0.25)
    const { warnings } = await evaluate({ part: 'valid', rows: rowsOf(90), target: { task: 'multiclass', column: 'y', classes, codes }, prediction: { task: 'multiclass', classes, probabilities }, threshold: 0.5, seed: 1 }, quietContext())
    expect(warnings).toEqual(['Few rows of the validation part are “d” (1) or “c” (2): the scores of these classes are uncertain.'])
  })
  test('multiclass with an absent class warns and keeps going', async () => {
    const three = ['a', 'b', 'c']
    const codes = Int32Array.from({ length: 90 }, (_, i) => i % 2)
    const probabilities = Float64Array.from({ length: 270 }, (_, i) => [0.5, 0.3, 0.2][i % 3] as number)
    const result = await evaluate({ part: 'test', rows: rowsOf(90), target: { task: 'multiclass', column: 'y', classes: three, codes }, prediction: { task: 'multiclass', classes: three, probabilities }, threshold: 0.5, seed: 1 }, quietContext())
    expect(result.warnings).toEqual(['No row of the test part is “c”: scores that need one are undefined.'])
    expect(result.scores.find((score) => score.metric === 'roc-auc')).toMatchObject({ value: null, reason: 'no row is c' })
    expect(result.roc?.map((curve) => curve.name)).toEqual(['a', 'b'])
    expect(result.thresholds).toBeUndefined()
  })
  test('many classes: curves of the 20 most common, a small record, no interval that takes a minute', async () => {
    const many = Array.from({ length: 450 }, (_, c) => `class ${c}`)
    const n = 9000
    const codes = Int32Array.from({ length: n }, (_, i) => (i < 450 ? i : i % 30))
    const rng = createRng(2)
    const probabilities = Float64Array.from({ length: n * 450 }, () => rng.next())
    const result = await evaluate({ part: 'valid', rows: rowsOf(n), target: { task: 'multiclass', column: 'y', classes: many, codes }, prediction: { task: 'multiclass', classes: many, probabilities }, threshold: 0.5, seed: 1 }, quietContext())
    expect(result.roc?.length).toBe(20)
    expect(result.roc?.map(({ name }) => name)).toEqual(many.slice(0, 20))
    expect(result.scores.find((score) => score.metric === 'roc-auc')).toMatchObject({ value: expect.any(Number), low: null, high: null })
    expect(result.scores.find((score) => score.metric === 'accuracy')?.low).toBeTypeOf('number')
  })
  test('regression: residuals name dataset rows and are sampled above 2,000', async () => {
    const values = Float64Array.from({ length: 5000 }, (_, i) => i)
    const result = await evaluate({ part: 'valid', rows: rowsOf(5000), target: { task: 'regression', column: 'y', values }, prediction: { task: 'regression', values: values.map((value) => value - 1) }, threshold: 0.5, seed: 1 }, quietContext())
    expect(result.residuals?.row.length).toBe(2000)
    expect(result.residuals?.sampledFrom).toBe(5000)
    result.residuals?.row.forEach((row, i) => expect(result.residuals?.actual[i]).toBe(row - 100))
    expect(result.residuals?.histogram).toEqual({ edges: [1, 1], counts: [5000] })
  })
  test('regression: the worst rows are those of all rows, not of the sample', async () => {
    const n = 5000
    const values = Float64Array.from({ length: n }, (_, i) => i)
    // Row 100 + i is off by i x 7 mod n, which is another amount in each: the worst are known.
    const predicted = values.map((value, i) => value - ((i * 7) % n) * (i % 2 === 0 ? 1 : -1))
    const result = await evaluate({ part: 'valid', rows: rowsOf(n), target: { task: 'regression', column: 'y', values }, prediction: { task: 'regression', values: predicted }, threshold: 0.5, seed: 1 }, quietContext())
    const { worst } = result.residuals as NonNullable<typeof result.residuals>
    expect(worst?.row.length).toBe(200)
    const sizes = worst?.actual.map((actual, i) => Math.abs(actual - (worst.predicted[i] as number)))
    expect(sizes).toEqual(Array.from({ length: 200 }, (_, i) => n - 1 - i))
    worst?.row.forEach((row, i) => expect(values[row - 100]).toBe(worst.actual[i]))
  })
  test('few rows and no rows are said, not thrown', async () => {
    const result = await evaluate({ part: 'valid', rows: rowsOf(2), ...binary([0, 1], [0.2, 0.9]), threshold: 0.5, seed: 1 }, quietContext())
    expect(result.warnings[0]).toContain('Only 2 rows')
    const none = await evaluate({ part: 'test', rows: rowsOf(0), ...binary([], []), threshold: 0.5, seed: 1 }, quietContext())
    expect(none.scores.every((score) => score.value === null && score.reason === 'there are no rows')).toBe(true)
  })
  test('can be cancelled', async () => {
    let clock = 0
    const context = quietContext({ now: () => (clock += 100), checkpoint: () => Promise.reject(cancelled()) })
    await expect(evaluate({ part: 'valid', rows: rowsOf(100), ...noisy(100), threshold: 0.5, seed: 1 }, context)).rejects.toThrow('cancelled')
  })
})

test('histogram bins hold every value once', () => {
  const values = Float64Array.from({ length: 1000 }, (_, i) => (i * 37) % 1000).sort()
  const { edges, counts } = histogramOf(values)
  expect(edges.length).toBe(counts.length + 1)
  expect(counts.reduce((a, b) => a + b)).toBe(1000)
  expect(histogramOf(new Float64Array(0))).toEqual({ edges: [], counts: [] })
})
