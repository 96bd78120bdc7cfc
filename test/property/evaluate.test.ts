import fc from 'fast-check'
import { expect, test } from 'vitest'
import { quietContext } from '../../src/core/context.ts'
import { columnFrom } from '../../src/core/data/column.ts'
import type { Cell } from '../../src/core/data/column.ts'
import { groupReport } from '../../src/core/evaluate/groups.ts'
import { rowsOfSlice } from '../../src/core/evaluate/slice.ts'
import { indexOfThreshold, scoresAtThreshold, thresholdTable } from '../../src/core/evaluate/threshold.ts'
import type { MetricInput } from '../../src/core/metrics/metric.ts'
import { metrics } from '../../src/core/metrics/registry.ts'
import { Sample } from '../../src/core/metrics/sample.ts'

/** Few distinct probabilities, so that ties are the rule. */
const binaryRows = fc.array(fc.record({ code: fc.integer({ min: 0, max: 1 }), p: fc.oneof(fc.constantFrom(0, 0.25, 0.5, 0.75, 1), fc.double({ min: 0, max: 1, noNaN: true })) }), { minLength: 1, maxLength: 40 })
function inputOf(rows: readonly { code: number; p: number }[], threshold = 0.5): MetricInput {
  const classes = ['no', 'yes']
  return {
    target: { task: 'binary', column: 'y', classes, codes: Int32Array.from(rows, (row) => row.code) },
    prediction: { task: 'binary', classes, probabilities: Float64Array.from(rows.flatMap(({ p }) => [1 - p, p])) },
    threshold,
  }
}

test('ROC AUC is the share of pairs in the right order, ties counted half', () => {
  fc.assert(
    fc.property(binaryRows, (rows) => {
      let right = 0
      let pairs = 0
      for (const a of rows) {
        for (const b of rows) {
          if (a.code !== 1 || b.code !== 0) continue
          pairs++
          right += a.p > b.p ? 1 : a.p === b.p ? 0.5 : 0
        }
      }
      const score = metrics.get('roc-auc').compute(inputOf(rows))
      if (pairs === 0) expect(score).toHaveProperty('undefined')
      else expect('value' in score ? score.value : Number.NaN).toBeCloseTo(right / pairs, 12)
    }),
  )
})

test('the threshold table gives every label metric what the rows give it', () => {
  fc.assert(
    fc.property(binaryRows, fc.double({ min: 0, max: 1, noNaN: true }), (rows, threshold) => {
      const input = inputOf(rows, threshold)
      const table = thresholdTable(new Sample(input), threshold)
      const at = indexOfThreshold(table, threshold)
      expect(table.thresholds[at]).toBe(threshold)
      for (const { metric, value, reason } of scoresAtThreshold(table, at, ['no', 'yes']).scores) {
        const score = metrics.get(metric).compute(input)
        if ('undefined' in score) expect([value, reason]).toEqual([null, score.undefined])
        else expect(value).toBe(score.value)
      }
    }),
  )
})

const cell = fc.oneof(fc.constant(null), fc.integer({ min: -3, max: 30 }), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }))
test('groups of any column are a partition that their conditions find again', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(cell, { minLength: 1, maxLength: 60 }), fc.array(fc.oneof(fc.constant(null), fc.constantFrom('', 'a', '__proto__', 'constructor')), { minLength: 60, maxLength: 60 }), async (numbers, names) => {
      const n = numbers.length
      const columns = [columnFrom('number', 'numeric', numbers), columnFrom('name', 'categorical', names.slice(0, n) as Cell[])]
      const values = new Float64Array(n)
      const report = await groupReport(
        {
          part: 'valid',
          dataset: { columns },
          rows: Uint32Array.from({ length: n }, (_, i) => i),
          target: { task: 'regression', column: 'y', values },
          prediction: { task: 'regression', values },
          threshold: 0.5,
          columns: ['number', 'name'],
          metric: 'mae',
          seed: 1,
        },
        quietContext(),
      )
      const found = report.groups.map((group) => Array.from(rowsOfSlice({ rows: n, columns }, group.conditions)))
      expect(found.map((rows) => rows.length)).toEqual(report.groups.map((group) => group.n))
      expect(found.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
    }),
    { numRuns: 60 },
  )
})
