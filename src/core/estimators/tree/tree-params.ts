/** What every tree asks for, alone or in numbers: each estimator takes its own defaults and limits. */
import type { ParamTable } from '../../params.ts'

export const treeParams = {
  maxDepth: { kind: 'integer', default: 0, min: 0, max: 64, unit: 'levels', label: 'Depth', help: 'Most questions in a row; 0 sets no limit.' },
  minSamplesLeaf: { kind: 'integer', default: 1, min: 1, max: 100_000, scale: 'log', unit: 'rows', label: 'Rows per leaf', help: 'Fewest training rows that a leaf may rest on.' },
  minSamplesSplit: { kind: 'integer', default: 2, min: 2, max: 100_000, scale: 'log', unit: 'rows', label: 'Rows to split', help: 'Fewest training rows that are split further.', advanced: true },
  minImpurityDecrease: { kind: 'number', default: 0, min: 0, max: 1e12, label: 'Least gain', help: 'A split must lower the impurity of the whole tree by this much.', advanced: true },
  criterion: {
    kind: 'choice',
    default: 'gini',
    options: [
      { value: 'gini', label: 'Gini' },
      { value: 'entropy', label: 'Entropy' },
    ],
    label: 'Impurity of classes',
    help: 'What a good question lowers where classes are predicted.',
    advanced: true,
    only: 'classes',
  },
} as const satisfies ParamTable
