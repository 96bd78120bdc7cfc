import { defineMetric } from './define.ts'

export const r2 = defineMetric(
  {
    id: 'r2',
    label: 'R²',
    help: 'The share of the spread of the target that the model explains: 1 is perfect, 0 is no better than the mean.',
    source: 'scikit-learn r2_score; undefined, not 0 or 1, where the target does not vary',
    tasks: ['regression'],
    needs: 'value',
    greaterIsBetter: true,
    range: [null, 1],
    unit: 'none',
  },
  ({ sample, counts, total }) => {
    if (total < 2) return { undefined: 'there is only one row' }
    const { actual, predicted } = sample.values
    let sum = 0
    let first: number | undefined
    let varies = false
    for (let row = 0; row < actual.length; row++) {
      if (counts[row] === 0) continue
      first ??= actual[row] as number
      varies ||= actual[row] !== first
      sum += (counts[row] as number) * (actual[row] as number)
    }
    if (!varies) return { undefined: 'the target has one value in all rows' }
    const mean = sum / total
    let residual = 0
    let spread = 0
    for (let row = 0; row < actual.length; row++) {
      const count = counts[row] as number
      residual += count * ((actual[row] as number) - (predicted[row] as number)) ** 2
      spread += count * ((actual[row] as number) - mean) ** 2
    }
    return { value: 1 - residual / spread }
  },
)
