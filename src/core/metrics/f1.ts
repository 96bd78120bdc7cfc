import type { ConfusionView } from './confusion-view.ts'
import { defineLabelMetric, scoreOr } from './define.ts'

const shared = { greaterIsBetter: true, range: [0, 1], unit: 'share' } as const
const of = (table: ConfusionView) => (c: number) => table.f1(c)

export const f1 = defineLabelMetric(
  {
    ...shared,
    id: 'f1',
    label: 'F1',
    help: 'The harmonic mean of precision and recall: high only where both are.',
    source: 'scikit-learn f1_score, average="binary"; undefined, not 0, where no row is or is predicted positive',
    tasks: ['binary'],
  },
  (table) => scoreOr(table.f1(1), `no row is ${table.classes[1]} or predicted so`),
)

export const f1Macro = defineLabelMetric(
  {
    ...shared,
    id: 'f1-macro',
    label: 'F1 (macro)',
    help: 'F1 of each class, averaged with equal weight for every class.',
    source: 'scikit-learn f1_score, average="macro", zero_division=0',
    tasks: ['binary', 'multiclass'],
  },
  (table) => table.macro(of(table)),
)

export const f1Weighted = defineLabelMetric(
  {
    ...shared,
    id: 'f1-weighted',
    label: 'F1 (weighted)',
    help: 'F1 of each class, averaged with the number of rows of the class as weight.',
    source: 'scikit-learn f1_score, average="weighted", zero_division=0',
    tasks: ['binary', 'multiclass'],
  },
  (table) => table.weighted(of(table)),
)
