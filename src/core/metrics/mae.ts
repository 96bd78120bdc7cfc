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
  (draw) => {
    const { actual, predicted } = draw.sample.values
    const errors = draw.sample.perRow('mae', (row) => Math.abs((actual[row] as number) - (predicted[row] as number)))
    return { value: draw.mean(errors) }
  },
)
