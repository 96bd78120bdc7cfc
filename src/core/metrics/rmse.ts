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
  (draw) => {
    const { actual, predicted } = draw.sample.values
    const errors = draw.sample.perRow('rmse', (row) => ((actual[row] as number) - (predicted[row] as number)) ** 2)
    return { value: Math.sqrt(draw.mean(errors)) }
  },
)
