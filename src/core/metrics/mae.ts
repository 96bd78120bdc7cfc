import { defineMetric } from './define.ts'

export const mae = defineMetric(
  {
    id: 'mae',
    label: 'MAE',
    help: 'Mean absolute error: how far off a prediction is on average.',
    source: 'scikit-learn mean_absolute_error',
    tasks: ['regression'],
    needs: 'value',
    greaterIsBetter: false,
    range: [0, null],
    unit: 'target-units',
  },
  ({ sample, counts, total }) => {
    const { actual, predicted } = sample.values
    let sum = 0
    for (let row = 0; row < actual.length; row++) sum += (counts[row] as number) * Math.abs((actual[row] as number) - (predicted[row] as number))
    return { value: sum / total }
  },
)
