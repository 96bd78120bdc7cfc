import { defineMetric } from './define.ts'

export const brier = defineMetric(
  {
    id: 'brier',
    label: 'Brier score',
    help: 'The mean squared distance of the probabilities from what happened; 0 is perfect.',
    source: 'scikit-learn brier_score_loss for two classes (0 to 1); the sum over classes, Brier 1950, for several (0 to 2)',
    tasks: ['binary', 'multiclass'],
    needs: 'probability',
    greaterIsBetter: false,
    range: [0, 2],
    unit: 'none',
  },
  (draw) => {
    const { probabilities } = draw.sample.prediction
    const { codes } = draw.sample.truth
    const k = draw.sample.classes.length
    const distances = draw.sample.perRow('brier', (row) => {
      let sum = 0
      for (let c = k === 2 ? 1 : 0; c < k; c++) sum += ((probabilities[row * k + c] as number) - (codes[row] === c ? 1 : 0)) ** 2
      return sum
    })
    return { value: draw.mean(distances) }
  },
)
