import { defineMetric } from './define.ts'

export const medianAbsoluteError = defineMetric(
  {
    id: 'median-absolute-error',
    label: 'Median absolute error',
    help: 'Half of the predictions are at most this far off; a few wild misses do not move it.',
    source: 'scikit-learn median_absolute_error (mean of the two middle values where the number of rows is even)',
    tasks: ['regression'],
    needs: 'value',
    greaterIsBetter: false,
    range: [0, null],
    unit: 'target-units',
  },
  ({ sample, counts, total }) => {
    const { order, errors } = sample.byError()
    const low = Math.floor((total - 1) / 2)
    const high = Math.floor(total / 2)
    let seen = 0
    let lower: number | undefined
    for (let i = 0; i < order.length; i++) {
      seen += counts[order[i] as number] as number
      if (lower === undefined && seen > low) lower = errors[i] as number
      if (lower !== undefined && seen > high) return { value: (lower + (errors[i] as number)) / 2 }
    }
    return { undefined: 'there are no rows' }
  },
)
