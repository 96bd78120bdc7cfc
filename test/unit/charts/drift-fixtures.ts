import type { OverTimeInput } from '../../../src/charts/drift.ts'
import { columnDrift } from '../../../src/core/monitor/column-drift.ts'
import { namesOf, numbersOf } from '../../../src/core/monitor/values.ts'

const ramp = (n: number, from: number) => Float64Array.from({ length: n }, (_, i) => from + i / 10)
export const driftOf = [
  columnDrift('age <b>', numbersOf(ramp(60, 18)), numbersOf(ramp(40, 20))),
  columnDrift('__proto__', namesOf(['a', 'b', 'a', '<i>c</i>']), namesOf(['b', 'd', undefined])),
  columnDrift('seen', numbersOf([1.5e9, 1.6e9]), numbersOf([1.7e9]), { moments: true }),
]
export const overTimeOf: OverTimeInput = {
  title: 'Accuracy over time',
  what: 'Accuracy',
  labels: ['2026-01', '2026-02', '<b>2026-03</b>', '2026-04'],
  values: [0.9, 0.88, 0.6, null],
  marked: [false, false, true, false],
  band: { low: [0.8, 0.8, 0.8, null], high: [0.95, 0.95, 0.95, null], name: 'expected' },
  limit: { at: 0.5, name: 'guessing' },
}
