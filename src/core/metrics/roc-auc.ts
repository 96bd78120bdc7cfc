import { defineMetric } from './define.ts'
import { overClasses } from './ranked-classes.ts'

export const rocAuc = defineMetric(
  {
    id: 'roc-auc',
    label: 'ROC AUC',
    help: 'The chance that a random positive row gets a higher probability than a random other row; 0.5 is guessing.',
    source: 'scikit-learn roc_auc_score; several classes: multi_class="ovr", average="macro"',
    tasks: ['binary', 'multiclass'],
    needs: 'probability',
    greaterIsBetter: true,
    range: [0, 1],
    unit: 'none',
    ranksEachClass: true,
  },
  (draw) =>
    overClasses(
      draw,
      ({ positives, negatives }, name) => (positives === 0 ? `no row is ${name}` : negatives === 0 ? `every row is ${name}` : undefined),
      (ranking) => ranking.rocAuc,
    ),
)
