import { defineLabelMetric } from './define.ts'

export const balancedAccuracy = defineLabelMetric(
  {
    id: 'balanced-accuracy',
    label: 'Balanced accuracy',
    help: 'The mean of the recall of each class, so that rare classes weigh as much as common ones.',
    source: 'scikit-learn balanced_accuracy_score: classes that do not occur among the rows are left out',
    tasks: ['binary', 'multiclass'],
    greaterIsBetter: true,
    range: [0, 1],
    unit: 'share',
  },
  (table) => {
    let sum = 0
    let seen = 0
    for (let c = 0; c < table.classes.length; c++) {
      const recall = table.recall(c)
      if (recall === null) continue
      sum += recall
      seen++
    }
    return { value: sum / seen }
  },
)
