import { log } from '../math/elementary.ts'
import { defineMetric } from './define.ts'

/** Machine epsilon of float64, as scikit-learn clips: a certain and wrong answer costs 36, not infinity. */
const epsilon = 2.220446049250313e-16

export const logLoss = defineMetric(
  {
    id: 'log-loss',
    label: 'Log loss',
    help: 'How surprised the model is by the truth: confident mistakes cost most; 0 is perfect.',
    source: 'scikit-learn log_loss, eps="auto": probabilities clipped to [2.2e-16, 1 - 2.2e-16], rows scaled to sum 1',
    tasks: ['binary', 'multiclass'],
    needs: 'probability',
    greaterIsBetter: false,
    range: [0, null],
    unit: 'none',
  },
  (draw) => {
    const { probabilities } = draw.sample.prediction
    const { codes } = draw.sample.truth
    const k = draw.sample.classes.length
    const clip = (p: number): number => (p < epsilon ? epsilon : p > 1 - epsilon ? 1 - epsilon : p)
    const surprises = draw.sample.perRow('log-loss', (row) => {
      let rowSum = 0
      for (let c = 0; c < k; c++) rowSum += clip(probabilities[row * k + c] as number)
      return -log(clip(probabilities[row * k + (codes[row] as number)] as number) / rowSum)
    })
    // A perfect forecast sums to a hair below 0 by rounding.
    return { value: Math.max(0, draw.mean(surprises)) }
  },
)
