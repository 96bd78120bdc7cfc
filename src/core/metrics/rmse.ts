import { defineMetric } from './define.ts'

export const rmse = defineMetric(
  {
    id: 'rmse',
    label: 'RMSE',
    help: 'Root mean squared error: like the mean error, but large misses weigh more.',
    source: 'square root of scikit-learn mean_squared_error',
    tasks: ['regression'],
    needs: 'value',
    greaterIsBetter: false,
    range: [0, null],
    unit: 'target-units',
  },
  ({ sample, counts, total }) => {
    const { actual, predicted } = sample.values
    let sum = 0
    for (let row = 0; row < actual.length; row++) sum += (counts[row] as number) * ((actual[row] as number) - (predicted[row] as number)) ** 2
    return { value: Math.sqrt(sum / total) }
  },
)
