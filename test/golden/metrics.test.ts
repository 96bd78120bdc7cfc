import { describe, expect, test } from 'vitest'
import { calibration } from '../../src/core/evaluate/curves.ts'
import { perClassScores } from '../../src/core/evaluate/threshold.ts'
import type { MetricInput } from '../../src/core/metrics/metric.ts'
import { metrics } from '../../src/core/metrics/registry.ts'
import { Sample, wholeDraw } from '../../src/core/metrics/sample.ts'
import { expectAllClose } from '../support/expect-all-close.ts'
import golden from './metrics.json' with { type: 'json' }

interface Case {
  readonly name: string
  readonly task: string
  readonly classes?: string[]
  readonly codes?: number[]
  readonly probabilities?: number[]
  readonly threshold?: number
  readonly actual?: number[]
  readonly predicted?: number[]
  readonly scores: Record<string, number | null>
  readonly calibration?: { observed: number[]; predicted: number[] } | null
  readonly perClass?: { precision: number[]; recall: number[]; f1: number[]; support: number[] }
  readonly confusion?: number[][]
}

/** The same formula in another order of summation: 1e-9 leaves room for rounding only. */
const tolerance = { absolute: 1e-9, relative: 1e-9 }

function inputOf(item: Case): MetricInput {
  if (item.task === 'regression') {
    return {
      target: { task: 'regression', column: 'y', values: Float64Array.from(item.actual ?? []) },
      prediction: { task: 'regression', values: Float64Array.from(item.predicted ?? []) },
    }
  }
  const task = item.task as 'binary' | 'multiclass'
  const classes = item.classes ?? []
  return {
    target: { task, column: 'y', classes, codes: Int32Array.from(item.codes ?? []) },
    prediction: { task, classes, probabilities: Float64Array.from(item.probabilities ?? []) },
    threshold: item.threshold ?? 0.5,
  }
}

describe.each(golden.cases as unknown as Case[])('scikit-learn on $task: $name', (item) => {
  const input = inputOf(item)

  test('every metric of the task is there and agrees', () => {
    expect(metrics.all.filter((metric) => (metric.tasks as readonly string[]).includes(item.task)).map((metric) => metric.id).sort()).toEqual(Object.keys(item.scores).sort())
    for (const [id, wanted] of Object.entries(item.scores)) {
      const score = metrics.get(id).compute(input)
      if (wanted === null) expect(score, id).toHaveProperty('undefined')
      else expectAllClose(['value' in score ? score.value : Number.NaN], [wanted], tolerance)
    }
  })

  if (item.confusion) test('confusion table and scores by class', () => {
    const sample = new Sample(input)
    expect(Array.from(wholeDraw(sample).confusion())).toEqual(item.confusion?.flat())
    if (!item.perClass) return
    const rows = perClassScores(item.confusion ?? [], item.classes ?? [])
    expectAllClose(rows.map((row) => row.precision ?? 0), item.perClass.precision, tolerance)
    expectAllClose(rows.map((row) => row.recall ?? 0), item.perClass.recall, tolerance)
    expectAllClose(rows.map((row) => row.f1 ?? 0), item.perClass.f1, tolerance)
    expect(rows.map((row) => row.support)).toEqual(item.perClass.support)
  })

  if (item.calibration) test('calibration bins', () => {
    const { bins } = calibration(new Sample(input), 1)
    expectAllClose(bins.map((bin) => bin.shareObserved), item.calibration?.observed ?? [], tolerance)
    expectAllClose(bins.map((bin) => bin.meanPredicted), item.calibration?.predicted ?? [], tolerance)
  })
})
