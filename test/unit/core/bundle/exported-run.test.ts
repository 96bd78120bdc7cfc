import { expect, it } from 'vitest'
import { exportedRun } from '../../../../src/core/bundle/exported-run.ts'
import type { Evaluation } from '../../../../src/core/evaluate/evaluation.ts'
import type { Run } from '../../../../src/core/run/run.ts'

it('a record leaves the device without a single row of the data, whichever part judged it', () => {
  const rows = { row: [4711], actual: [4711.5], predicted: [4711.25] }
  const judged = { rows: 1, residuals: { ...rows, sampledFrom: 1, worst: rows, histogram: { edges: [0, 1], counts: [1] } } } as unknown as Evaluation
  const text = JSON.stringify(exportedRun({ id: 'run-1', evaluation: judged, foldEvaluation: judged, testEvaluation: judged } as Run))
  expect(text).not.toContain('4711')
  expect(text.match(/"histogram"/g)).toHaveLength(3)
})
