import { defineLabelMetric } from './define.ts'

export const accuracy = defineLabelMetric(
  {
    id: 'accuracy',
    label: 'Accuracy',
    help: 'The share of rows whose class was predicted correctly.',
    source: 'scikit-learn accuracy_score',
    tasks: ['binary', 'multiclass'],
    greaterIsBetter: true,
    range: [0, 1],
    unit: 'share',
  },
  (table) => ({ value: table.hits.reduce((sum, hits) => sum + hits, 0) / table.total }),
)
