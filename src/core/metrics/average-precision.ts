import { defineMetric } from './define.ts'
import { overClasses } from './ranked-classes.ts'

export const averagePrecision = defineMetric(
  {
    id: 'average-precision',
    label: 'PR AUC',
    help: 'Average precision: precision averaged over all levels of recall; guessing gives the share of positive rows.',
    source: 'scikit-learn average_precision_score (steps, no interpolation); several classes: each against the rest, plain mean',
    tasks: ['binary', 'multiclass'],
    needs: 'probability',
    greaterIsBetter: true,
    range: [0, 1],
    unit: 'none',
    ranksEachClass: true,
  },
  (draw) => overClasses(draw, ({ positives }, name) => (positives === 0 ? `no row is ${name}` : undefined), (ranking) => ranking.averagePrecision),
)
