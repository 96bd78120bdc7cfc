/** Small stored things for tests. */
import { columnFrom } from '../../../src/core/data/column.ts'
import type { Dataset } from '../../../src/core/data/dataset.ts'
import type { Profile } from '../../../src/core/data/profile.ts'
import type { RunSpec } from '../../../src/core/run/run-spec.ts'
import type { SearchRecord } from '../../../src/storage/records.ts'
import type { RunYield } from '../../../src/storage/runs.ts'
import { searchQuestion } from '../../../src/storage/searches.ts'

export function sampleDataset(rows = 20): Dataset {
  const pick = <T>(make: (row: number) => T): T[] => Array.from({ length: rows }, (_, row) => make(row))
  return {
    id: 'a'.repeat(64),
    name: 'sample',
    rows,
    source: { kind: 'paste', fileName: 'sample.csv', bytes: 1234, sha256: 'b'.repeat(64) },
    columns: [
      columnFrom('__proto__', 'numeric', pick((row) => (row % 7 === 3 ? null : row / 4))),
      columnFrom('colour', 'categorical', pick((row) => (row === 5 ? null : ['red', 'green', 'blue', 'a,"b'][(row * 3 + (row >> 2)) % 4] as string))),
      columnFrom('ok', 'boolean', pick((row) => (row === 9 ? null : row % 2 === 0))),
      columnFrom('when', 'datetime', pick((row) => (row === 1 ? null : 1_700_000_000 + row * 86_400))),
      columnFrom('note', 'text', pick((row) => (row === 2 ? null : `note ${'é'.repeat(row % 5)} 😀`))),
      columnFrom('key', 'id', pick((row) => `k${row}`)),
    ],
  }
}

export function sampleProfile(dataset: Dataset): Profile {
  return {
    version: 1,
    rows: dataset.rows,
    duplicateRows: 0,
    columns: dataset.columns.map(({ name, kind }) => ({ name, kind, reason: 'for a test', count: dataset.rows, missing: 0, distinct: 1, distinctIsExact: true, warnings: [] })),
  }
}

export function sampleSpec(projectId: string, datasetId: string): RunSpec {
  return {
    version: 1,
    projectId,
    datasetId,
    target: { column: 'ok', task: 'binary' },
    split: { strategy: { kind: 'random' }, validShare: 0.2, testShare: 0.2, seed: 1 },
    recipe: { version: 1, steps: [], excluded: [] },
    estimator: { id: 'baseline', params: {} },
    seed: 1,
  }
}

export const sampleEnvironment = { app: '0', userAgent: 'test', backend: 'cpu', threads: 1 } as const

export function sampleYield(spec: RunSpec): RunYield {
  return {
    model: {
      target: spec.target,
      classes: ['false', 'true'],
      recipe: { version: 1, spec: spec.recipe, inputs: [], learnt: [], features: [], leftOut: [] },
      model: { estimator: 'baseline', version: 1, json: { prior: [0.5, 0.5] }, arrays: { prior: Float64Array.of(0.5, 0.5) } },
    },
    split: { train: Uint32Array.of(0, 1, 2), valid: Uint32Array.of(3, 4), test: Uint32Array.of(5) },
    predictions: [{ part: 'valid', rows: Uint32Array.of(3, 4), values: Float64Array.of(0.4, 0.6, 0.5, 0.5) }],
  }
}

/** One that broke off after two of three trials. */
export const sampleSearch = (spec: RunSpec): SearchRecord => ({
  id: 'search-1',
  projectId: spec.projectId,
  version: 1,
  question: searchQuestion(spec),
  spec,
  wanted: { strategy: 'random', space: [{ kind: 'number', name: 'alpha', low: 0.1, high: 10, scale: 'log' }], trials: 3, metric: 'accuracy', folding: { strategy: { kind: 'random' }, folds: 2, seed: 1 }, seed: 1, timeLimit: 60_000 },
  result: {
    metric: 'accuracy',
    trials: [
      { point: [0.25], budget: 1, params: { alpha: 0.3 }, score: 0.5, folds: [0.25, 0.75], spent: 12.5 },
      { point: [0.5], budget: 1, params: { alpha: 1 }, score: null, folds: [null, 0.5], spent: 9, problem: 'a fold has no score' },
    ],
    best: 0,
    ended: 'interrupted',
  },
  createdAt: 1_700_000_000_000,
})
