import type { ConfusionView } from './confusion-view.ts'
import { defineLabelMetric, scoreOr } from './define.ts'

const shared = { greaterIsBetter: true, range: [0, 1], unit: 'share' } as const
const of = (table: ConfusionView) => (c: number) => table.recall(c)

export const recall = defineLabelMetric(
  {
    ...shared,
    id: 'recall',
    label: 'Recall',
    help: 'Of the positive rows, the share that was predicted positive.',
    source: 'scikit-learn recall_score, average="binary"; undefined, not 0, where no row is positive',
    tasks: ['binary'],
  },
  (table) => scoreOr(table.recall(1), `no row is ${table.classes[1]}`),
)

export const recallMacro = defineLabelMetric(
  {
    ...shared,
    id: 'recall-macro',
    label: 'Recall (macro)',
    help: 'Recall of each class, averaged with equal weight for every class.',
    source: 'scikit-learn recall_score, average="macro", zero_division=0',
    tasks: ['binary', 'multiclass'],
  },
  (table) => table.macro(of(table)),
)

export const recallWeighted = defineLabelMetric(
  {
    ...shared,
    id: 'recall-weighted',
    label: 'Recall (weighted)',
    help: 'Recall of each class, averaged with the number of rows of the class as weight.',
    source: 'scikit-learn recall_score, average="weighted", zero_division=0',
    tasks: ['binary', 'multiclass'],
  },
  (table) => table.weighted(of(table)),
)
