import type { ConfusionView } from './confusion-view.ts'
import { defineLabelMetric, scoreOr } from './define.ts'

const shared = { greaterIsBetter: true, range: [0, 1], unit: 'share' } as const
const of = (table: ConfusionView) => (c: number) => table.precision(c)

export const precision = defineLabelMetric(
  {
    ...shared,
    id: 'precision',
    label: 'Precision',
    help: 'Of the rows predicted positive, the share that is positive.',
    source: 'scikit-learn precision_score, average="binary"; undefined, not 0, where nothing is predicted positive',
    tasks: ['binary'],
  },
  (table) => scoreOr(table.precision(1), `no row is predicted ${table.classes[1]}`),
)

export const precisionMacro = defineLabelMetric(
  {
    ...shared,
    id: 'precision-macro',
    label: 'Precision (macro)',
    help: 'Precision of each class, averaged with equal weight for every class.',
    source: 'scikit-learn precision_score, average="macro", zero_division=0',
    tasks: ['binary', 'multiclass'],
  },
  (table) => table.macro(of(table)),
)

export const precisionWeighted = defineLabelMetric(
  {
    ...shared,
    id: 'precision-weighted',
    label: 'Precision (weighted)',
    help: 'Precision of each class, averaged with the number of rows of the class as weight.',
    source: 'scikit-learn precision_score, average="weighted", zero_division=0',
    tasks: ['binary', 'multiclass'],
  },
  (table) => table.weighted(of(table)),
)
