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
  ({ sample, counts, total }) => {
    const { probabilities } = sample.prediction
    const { codes } = sample.truth
    const k = sample.classes.length
    const first = k === 2 ? 1 : 0
    let sum = 0
    for (let row = 0; row < codes.length; row++) {
      const count = counts[row] as number
      if (count === 0) continue
      for (let c = first; c < k; c++) sum += count * ((probabilities[row * k + c] as number) - (codes[row] === c ? 1 : 0)) ** 2
    }
    return { value: sum / total }
  },
)
